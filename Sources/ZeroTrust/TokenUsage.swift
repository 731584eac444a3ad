/// How many tokens an answer says that it took.
///
/// The upstream counted them; nobody here did.
public struct TokenUsage: Hashable, Sendable {
    /// The tokens of the request, those included that were read from a cache or written to one.
    public var input: UInt64?
    /// The tokens of the answer, those included that only reasoned.
    public var output: UInt64?
    /// The tokens of the request that were read from a cache.
    public var cached: UInt64?
    /// The tokens of the answer that only reasoned.
    public var reasoning: UInt64?

    /// The tokens of one request.
    public init(input: UInt64? = nil, output: UInt64? = nil, cached: UInt64? = nil, reasoning: UInt64? = nil) {
        self.input = input
        self.output = output
        self.cached = cached
        self.reasoning = reasoning
    }
}
