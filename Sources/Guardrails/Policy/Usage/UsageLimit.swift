import Resources

/// How much a caller may use: requests, tokens, and requests at the same time.
public struct UsageLimit: Hashable, Sendable {
    /// What is counted apart.
    public enum Key: String, Hashable, Sendable, CaseIterable {
        /// Each caller, by its SPIFFE ID.
        case identity
        /// Each model.
        case model
    }

    /// So many in a time, and so many at once.
    public struct Rate: Hashable, Sendable {
        /// How many.
        public var count: Int
        /// In which time.
        public var period: Duration
        /// How many may come at once after a pause.
        public var burst: Int

        /// A rate.
        public init(count: Int, period: Duration, burst: Int? = nil) {
            self.count = count
            self.period = period
            self.burst = burst ?? count
        }
    }

    /// What is counted apart; nothing where all requests are counted together.
    public var keys: Set<Key>
    /// The requests.
    public var requests: Rate?
    /// The tokens: those of the texts, estimated, and those that are asked for.
    public var tokens: Rate?
    /// The requests at the same time.
    public var concurrent: Int?

    /// A limit.
    public init(per keys: Set<Key>, requests: Rate? = nil, tokens: Rate? = nil, concurrent: Int? = nil) {
        self.keys = keys
        self.requests = requests
        self.tokens = tokens
        self.concurrent = concurrent
    }

    init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "a limit")
        let keys = try fields.required("per") { value in
            try value.list { Key(rawValue: try $0.oneOf(Key.allCases.map(\.rawValue))) ?? .identity }
        }
        self.init(
            per: Set(keys),
            requests: try fields.optional("requests") { try Rate($0) },
            tokens: try fields.optional("tokens") { try Rate($0) },
            concurrent: try fields.optional("concurrent") { try $0.integer(in: 1...1_000_000) }
        )
        try fields.finish()
        guard requests != nil || tokens != nil || concurrent != nil else {
            throw value.error("a limit needs `requests`, `tokens` or `concurrent`")
        }
    }
}

extension UsageLimit.Rate {
    fileprivate init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "a rate")
        self.init(
            count: try fields.required("count") { try $0.integer(in: 1...1_000_000_000) },
            period: try fields.required("period") { try $0.duration() },
            burst: try fields.optional("burst") { try $0.integer(in: 1...1_000_000_000) }
        )
        try fields.finish()
    }

    /// The nanoseconds that one takes.
    var interval: Double {
        let (seconds, attoseconds) = period.components
        return (Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(count)
    }
}
