/// The workload that the requests go to: what decides which policies apply.
public struct Workload: Hashable, Sendable {
    /// The namespace that it runs in.
    public var namespace: String
    /// Its labels, which selectors match.
    public var labels: [String: String]
    /// Its service account, where it has one.
    public var serviceAccount: String?

    /// A workload.
    public init(namespace: String, labels: [String: String] = [:], serviceAccount: String? = nil) {
        self.namespace = namespace
        self.labels = labels
        self.serviceAccount = serviceAccount
    }
}
