public import Resources
public import ZeroTrust

/// An Istio `PeerAuthentication` (`security.istio.io/v1` and `v1beta1`), read and checked: whether a workload's
/// connections must be mutual TLS.
///
/// Several may concern one workload; ``MutualTLSRequirement`` says what they come to.
public struct PeerAuthentication: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The namespace that it is in.
    public let namespace: String
    /// When a cluster took it in: of several at one level, the oldest counts.
    public let creationTimestamp: Timestamp?
    /// The labels that a workload must have; empty for every workload in scope.
    public let selector: [String: String]
    /// What is asked of connections, or nil to inherit (`UNSET`, or no mode at all).
    public let mode: MutualTLSMode?
    /// Where the mode stands, where one is written.
    public let modeLocation: SourceLocation?
    /// What is asked on single ports, in the order written.
    public let ports: [Port]
    /// Where the document begins.
    public let location: SourceLocation

    /// What is asked of connections to one port.
    public struct Port: Sendable, Hashable {
        /// The workload's port.
        public let number: UInt16
        /// What is asked, or nil to inherit the workload's mode.
        public let mode: MutualTLSMode?
        /// Where the mode stands, where one is written.
        public let modeLocation: SourceLocation?
        /// Where the port stands.
        public let location: SourceLocation
    }

    /// How far a `PeerAuthentication` reaches; the narrowest counts.
    public enum Level: Int, Sendable, CaseIterable, Comparable {
        /// Every workload of the mesh.
        case mesh
        /// Every workload of a namespace.
        case namespace
        /// The workloads that a selector selects.
        case workload

        /// Orders from wide to narrow.
        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// How far it reaches, or nil where it has no effect: a selector in the root namespace selects nothing.
    public func level(rootNamespace: String) -> Level? {
        switch (namespace == rootNamespace, selector.isEmpty) {
        case (true, true): .mesh
        case (false, true): .namespace
        case (false, false): .workload
        case (true, false): nil
        }
    }

    /// Whether it concerns a workload, given the namespace whose resources concern all namespaces.
    public func applies(to workload: Workload, rootNamespace: String) -> Bool {
        guard level(rootNamespace: rootNamespace) != nil,
            namespace == workload.namespace || namespace == rootNamespace
        else { return false }
        return selector.allSatisfy { workload.labels[$0.key] == $0.value }
    }
}
