import ZeroTrust

/// A request that was seen, and how often.
public struct ObservedRequest: Sendable, Hashable {
    /// What the policies look at.
    public var attributes: Attributes
    /// How often the same request was seen.
    public var count: Int
    /// The id of the first of them, where it is known.
    public var id: String?

    /// A request that was seen.
    public init(_ attributes: Attributes, count: Int = 1, id: String? = nil) {
        self.attributes = attributes
        self.count = count
        self.id = id
    }

    /// The request in a line: `POST /v1/predict from cluster.local/ns/ml-api/sa/api-gateway`.
    public var summary: String {
        let name = attributes.caller.name ?? "anonymous"
        let caller = name.hasPrefix("spiffe://") ? name.dropFirst(9) : name[...]
        if attributes.transport == .tcp { return "TCP port \(attributes.destination.port) from \(caller)" }
        return "\(attributes.method) \(attributes.path) from \(caller)"
    }
}
