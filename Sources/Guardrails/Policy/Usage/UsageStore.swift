/// What a request wants to use of one limit.
public struct UsageClaim: Hashable, Sendable {
    /// What is counted: the guardrail, the place of the limit in it, and whom it counts.
    public var key: String
    /// The rate at which it may be used; nil where what is counted is what is under way.
    public var rate: UsageLimit.Rate?
    /// The most that may be under way at once; nil where a rate is counted.
    public var concurrent: Int?
    /// How much of it.
    public var amount: Int
    /// Who claims it: a caller can have only so much counted apart.
    public var owner: String

    /// A claim.
    public init(key: String, rate: UsageLimit.Rate? = nil, concurrent: Int? = nil, amount: Int = 1, owner: String = "")
    {
        self.key = key
        self.rate = rate
        self.concurrent = concurrent
        self.amount = amount
        self.owner = owner
    }
}

/// Whether a request may use what it claims.
public enum UsageVerdict: Hashable, Sendable {
    /// All of it is counted, and may be used.
    case admitted
    /// Nothing of it is counted.
    case refused(UsageClaim, retryAfter: Duration?)
}

/// Counts what is used.
///
/// It answers at once, on the event loop of a connection. One that counts for a whole fleet takes shares from a database
/// ahead of need, and answers from those.
public protocol UsageStore: Sendable {
    /// Counts all claims of a request, or none of them; `now` is in nanoseconds, and never goes back.
    func admit(_ claims: [UsageClaim], at now: UInt64) -> UsageVerdict
    /// A request is over: what it had under way is not any more.
    func release(_ claims: [UsageClaim])
}
