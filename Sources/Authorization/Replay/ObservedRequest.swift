import ZeroTrust

/// A request that was seen, and how often.
public struct ObservedRequest: Sendable, Hashable {
    /// What the policies look at.
    public var attributes: Attributes
    /// The external provider that was asked about it, and what that said; nil where none was.
    public var answer: ProviderAnswer?
    /// How often the same request was seen.
    public var count: Int
    /// The id of the first of them, where it is known.
    public var id: String?

    /// What an external provider said.
    public struct ProviderAnswer: Sendable, Hashable {
        /// The provider, by the name in policies.
        public var provider: String
        /// What it said.
        public var verdict: ExternalVerdict

        /// What a provider said.
        public init(provider: String, verdict: ExternalVerdict) {
            self.provider = provider
            self.verdict = verdict
        }
    }

    /// A request that was seen.
    public init(_ attributes: Attributes, answer: ProviderAnswer? = nil, count: Int = 1, id: String? = nil) {
        self.attributes = attributes
        self.answer = answer
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
