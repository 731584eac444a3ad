import ZeroTrust

/// What a workload asks of its connections, once every ``PeerAuthentication`` that concerns it has had its say.
///
/// The narrowest level that sets a mode counts: workload, then namespace, then mesh. Where none does, `strict`
/// compatibility asks for mutual TLS and `istio` for nothing. Of several at one level, the oldest counts alone.
///
/// ```swift
/// let required = MutualTLSRequirement(policies.peerAuthentications, workload: workload)
/// required.mode(onPort: 8443).admits(.plaintext)  // false, unless a resource says otherwise
/// ```
public struct MutualTLSRequirement: Sendable, Hashable {
    /// What is asked on ports without a mode of their own.
    public let mode: MutualTLSMode
    /// What is asked on single ports.
    public let ports: [UInt16: MutualTLSMode]
    /// The resource that set ``mode``, or nil where none did.
    public let decidedBy: PeerAuthentication?
    /// The resource that set ``ports``, or nil where none did.
    public let portsDecidedBy: PeerAuthentication?

    /// Mutual TLS on every port, which nobody had to ask for.
    public static let strict = MutualTLSRequirement(composing: [], rootNamespace: "", compatibility: .strict)

    /// What is asked of a workload.
    ///
    /// - Parameters:
    ///   - policies: every resource of the configuration; those that do not concern the workload are left out.
    ///   - workload: what the connections go to.
    ///   - rootNamespace: the namespace whose resources concern all namespaces.
    ///   - compatibility: whose default holds where no resource sets a mode.
    public init(
        _ policies: [PeerAuthentication],
        workload: Workload,
        rootNamespace: String = "istio-system",
        compatibility: Compatibility = .strict
    ) {
        let selected = policies.filter { $0.applies(to: workload, rootNamespace: rootNamespace) }
        self.init(
            composing: selected.enumerated().sorted { Self.isOlder($0, $1) }.map(\.element),
            rootNamespace: rootNamespace,
            compatibility: compatibility
        )
    }

    /// What exactly these resources come to, whatever they select; of two of one age, the earlier counts.
    package init(composing policies: [PeerAuthentication], rootNamespace: String, compatibility: Compatibility) {
        var oldest: [PeerAuthentication.Level: PeerAuthentication] = [:]
        for policy in policies {
            guard let level = policy.level(rootNamespace: rootNamespace) else { continue }
            if let other = oldest[level], !Self.precedes(policy, other) { continue }
            oldest[level] = policy
        }
        let deciding = PeerAuthentication.Level.allCases.reversed().compactMap { oldest[$0] }.first { $0.mode != nil }
        let mode = deciding?.mode ?? (compatibility == .strict ? .strict : .permissive)
        let workload = oldest[.workload]
        self.mode = mode
        self.decidedBy = deciding
        self.ports = Dictionary(
            (workload?.ports ?? []).map { ($0.number, $0.mode ?? mode) },
            uniquingKeysWith: { first, _ in first }
        )
        self.portsDecidedBy = workload?.ports.isEmpty ?? true ? nil : workload
    }

    /// Whether every port asks for mutual TLS, so that whoever calls has proved who it is.
    public var isStrict: Bool { mode == .strict && ports.values.allSatisfy { $0 == .strict } }

    /// What is asked on a port of the workload.
    public func mode(onPort port: UInt16) -> MutualTLSMode { ports[port] ?? mode }

    /// Whether the first is older; one that no cluster has dated counts as older than any that is.
    private static func precedes(_ left: PeerAuthentication, _ right: PeerAuthentication) -> Bool {
        (left.creationTimestamp?.nanoseconds ?? .min) < (right.creationTimestamp?.nanoseconds ?? .min)
    }

    /// Orders by age, then by name, then as given.
    private static func isOlder(
        _ left: (offset: Int, element: PeerAuthentication),
        _ right: (offset: Int, element: PeerAuthentication)
    ) -> Bool {
        if precedes(left.element, right.element) { return true }
        if precedes(right.element, left.element) { return false }
        return (left.element.name, left.offset) < (right.element.name, right.offset)
    }
}
