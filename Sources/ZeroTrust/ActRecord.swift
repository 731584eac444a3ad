/// What somebody did to what Lapwing keeps, or was not let do: a tag of a model moved, a model promoted or quarantined.
public struct ActRecord: Hashable, Sendable {
    /// Whether the act was done.
    public enum Outcome: String, Hashable, Sendable {
        /// It is allowed and follows: what cannot be recorded is not done.
        case allow
        /// It was refused.
        case deny
        /// It was allowed and then could not be done.
        case failed
    }

    /// The id of the request that asked for it; a record without a request has one of its own.
    public var id: RequestID
    /// When it was recorded.
    public var time: Timestamp
    /// The name of the node that did it.
    public var node: String
    /// Who did it: a SPIFFE ID, or the part of Lapwing that acts by itself.
    public var actor: String
    /// What was done, as a short, stable code: `registry.tag.move`.
    public var action: String
    /// To what: `fraud/scorer:production`.
    public var subject: String
    /// What was there before, such as a digest; nil where nothing was.
    public var before: String?
    /// What is there after; nil where nothing is.
    public var after: String?
    /// Whether it was done.
    public var outcome: Outcome
    /// On what grounds, where there is more to say.
    public var reason: String?

    /// An act.
    public init(
        id: RequestID,
        time: Timestamp,
        node: String,
        actor: String,
        action: String,
        subject: String,
        before: String? = nil,
        after: String? = nil,
        outcome: Outcome,
        reason: String? = nil
    ) {
        self.id = id
        self.time = time
        self.node = node
        self.actor = actor
        self.action = action
        self.subject = subject
        self.before = before
        self.after = after
        self.outcome = outcome
        self.reason = reason
    }
}
