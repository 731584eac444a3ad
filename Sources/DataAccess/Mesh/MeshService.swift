import Resources

/// A Kubernetes `Service`, as far as it says where traffic to its name goes.
struct MeshService: Hashable, Sendable {
    let name: String
    let namespace: String
    /// The name that it stands for; nil where it is of the cluster.
    let externalName: String?
    /// Whether it leads to pods that it selects; without a selector its addresses are written by hand.
    let hasSelector: Bool
    let location: SourceLocation

    /// How the mesh calls it.
    var meshName: String { "\(name).\(namespace).svc.cluster.local" }

    /// Whether a document is one.
    static func isOne(_ document: Document) -> Bool { document.kind == "Service" && document.apiVersion == "v1" }

    /// Reads a resource.
    ///
    /// - Throws: `ResourceError` for what is none.
    init(_ document: Document) throws {
        guard let spec = document.spec else { throw ResourceError(at: document.location, "a Service needs `spec`") }
        name = document.metadata.name
        namespace = document.metadata.namespace
        location = document.location
        // Most of a Service says nothing of that, and the rest is not read.
        var fields = try FieldReader(spec, of: "a Service")
        let type = try fields.optional("type") { try $0.string() }
        let outside = try fields.optional("externalName") { try $0.string() }
        externalName = type == "ExternalName" ? outside ?? "a name that is not written" : nil
        hasSelector = try fields.optional("selector") { try !$0.mapping().isEmpty } ?? false
    }

    /// Whether it is another name of a service of its own namespace.
    var isAlias: Bool { externalName.flatMap { ClusterHost($0)?.namespace } == namespace }
}
