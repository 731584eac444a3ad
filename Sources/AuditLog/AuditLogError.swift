/// Work of the audit log that could not be done.
public struct AuditLogError: Error, Sendable {
    /// What kind of failure it is.
    public enum Code: String, Sendable {
        /// The entry is longer than an entry can be.
        case entryTooLong = "entry_too_long"
        /// More is waiting for the disk than the writer holds; try again later.
        case overloaded
        /// The writer was closed.
        case closed
        /// A file could not be read or written. The writer takes no more entries.
        case io
        /// The disk is full. The writer takes no more entries.
        case diskFull = "disk_full"
        /// Another process writes this log.
        case locked
        /// The files contradict each other or their digests.
        case corrupt
        /// The log is behind, or beside, what was already signed for it.
        case rolledBack = "rolled_back"
        /// A document (note, checkpoint, proof, key, record) is not well formed.
        case malformed
        /// A signature or proof does not verify.
        case unverified
        /// There is no such entry.
        case notFound = "not_found"
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, in words.
    public let message: String
    /// The error of the system, where there was one.
    public let cause: (any Error)?

    /// A failure with its story.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension AuditLogError: CustomStringConvertible {
    /// The message, then the cause.
    public var description: String {
        cause.map { "\(message): \($0)" } ?? message
    }
}
