public import FoundationEssentials

/// One thing that somebody did, or tried to do, over the admin socket.
public struct AdminAct: Hashable, Sendable {
    /// How it went.
    public enum Outcome: Hashable, Sendable {
        /// It is allowed and about to be done: whoever records it can still stop it.
        case allowed
        /// It was refused.
        case denied
        /// It was allowed and could not be done.
        case failed(String)
    }

    /// Who did it.
    public let caller: AdminCaller
    /// What it was.
    public let action: AdminAction
    /// To what: an entry's name, a step of a rotation.
    public let subject: String
    /// How it went.
    public let outcome: Outcome
    /// When.
    public let time: Date

    /// An act.
    public init(caller: AdminCaller, action: AdminAction, subject: String, outcome: Outcome, time: Date) {
        self.caller = caller
        self.action = action
        self.subject = subject
        self.outcome = outcome
        self.time = time
    }
}
