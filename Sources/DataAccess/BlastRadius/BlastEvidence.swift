/// What is in force, as parsed back, that a blast radius is computed over.
public struct BlastEvidence: Sendable {
    /// What is in force in AWS; nil where it is not looked at.
    public var aws: AWSArtifacts?
    /// What is in force in PostgreSQL, by database.
    public var postgres: [String: PostgreSQLCatalog] = [:]
    /// Network policies and pods; nil where they are not looked at.
    public var network: KubernetesNetwork?
    /// What the mesh says of the calls that one component may make to another: an answer for each API that the callee
    /// exposes, and for `*`, which is anything else; nil where the mesh is not looked at.
    public var mesh: (@Sendable (_ caller: Estate.Component, _ callee: Estate.Component) -> [String: BlastVerdict])?

    /// Nothing.
    public init() {}

    /// The layers that are looked at.
    public var layers: Set<BlastLayer> {
        var layers: Set<BlastLayer> = []
        if network != nil { layers.insert(.network) }
        if mesh != nil { layers.insert(.mesh) }
        if aws != nil { layers.formUnion([.identity, .bucket]) }
        if !postgres.isEmpty { layers.formUnion([.login, .grants, .rows]) }
        return layers
    }
}
