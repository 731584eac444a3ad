public import ZeroTrust

/// One attempt to put another configuration in force, good or refused: an act of whoever administers.
public struct ConfigurationAttempt: Hashable, Sendable {
    /// What asked for it.
    public enum Trigger: String, Hashable, Sendable {
        /// SIGHUP.
        case signal
        /// A file changed.
        case file
        /// A call to the admin socket.
        case admin
    }

    /// How it ended.
    public enum Outcome: String, Hashable, Sendable {
        /// The new configuration is in force.
        case applied
        /// The old one stays in force, whole.
        case refused
    }

    /// The id of its record.
    public var id: RequestID
    /// When the attempt was over.
    public var time: Timestamp
    /// What asked for it.
    public var trigger: Trigger
    /// Who called the admin socket: `uid 0`; nil where nobody did.
    public var actor: String?
    /// How it ended.
    public var outcome: Outcome
    /// The digest of the configuration that was in force before.
    public var old: String
    /// The digest of the configuration that was tried; nil where its files could not be read.
    public var new: String?
    /// A short, stable code for why it was refused: `invalid`, `listener`, `not_live`, `identity`; nil where it was not.
    public var reason: String?
    /// What was wrong in words, with file, line and column where it has them; nil where nothing was.
    public var problem: String?

    /// An attempt.
    public init(
        id: RequestID,
        time: Timestamp,
        trigger: Trigger,
        actor: String? = nil,
        outcome: Outcome,
        old: String,
        new: String?,
        reason: String? = nil,
        problem: String? = nil
    ) {
        self.id = id
        self.time = time
        self.trigger = trigger
        self.actor = actor
        self.outcome = outcome
        self.old = old
        self.new = new
        self.reason = reason
        self.problem = problem
    }

    /// The attempt as the audit log has it.
    ///
    /// - Parameters:
    ///   - path: the configuration's directory.
    ///   - node: the name of this node.
    /// - Returns: an act `configuration.reload`.
    public func record(of path: String, node: String) -> ActRecord {
        ActRecord(
            id: id,
            time: time,
            node: node,
            actor: actor ?? trigger.rawValue,
            action: "configuration.reload",
            subject: path,
            before: old,
            after: new,
            outcome: outcome == .applied ? .allow : .deny,
            reason: reason.map { "\($0): \(problem ?? "")" }
        )
    }
}
