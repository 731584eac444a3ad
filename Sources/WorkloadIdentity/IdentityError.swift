/// Identity work that could not be done: a key that cannot be read, a store that does not answer, an entry that clashes.
public struct IdentityError: Error, Sendable {
    /// What kind of failure it is.
    public enum Code: String, Sendable {
        /// A file, certificate or key on disk is missing, malformed or open to others.
        case badFile
        /// A resource or argument says something impossible.
        case invalidArgument
        /// Something of that name exists already.
        case alreadyExists
        /// Nothing of that name exists.
        case notFound
        /// The state does not allow it, or changed since it was read.
        case conflict
        /// The part that must answer is not ready, or did not.
        case unavailable
        /// The process that asked is gone, or is not the one that asked.
        case processGone
        /// The system has no descriptor or memory left; asking again later may help.
        case exhausted
        /// A certificate could not be made, or did not pass our own check.
        case issuance
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, and what to do where something can be done.
    public let message: String
    /// What lies beneath, where something does.
    public let cause: (any Error)?

    /// An error of a kind.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension IdentityError: CustomStringConvertible {
    /// The message, then the cause.
    public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
