/// Where pods are looked up: the API server, or the kubelet of the node.
public protocol PodSource: Sendable {
    /// Announces every change of a pod.
    var changes: ChangeFeed { get }

    /// Grows with every change.
    var revision: UInt64 { get }

    /// The pod of a UID with the container, or nil where there is none.
    ///
    /// - Throws: ``IdentityError`` with `exhausted` where that cannot be known now.
    func pod(uid: String, container: String) async throws -> Pod?
}
