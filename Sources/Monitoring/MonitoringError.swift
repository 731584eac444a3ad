/// What could not be done in the monitor, and why.
public struct MonitoringError: Error, Hashable, Sendable {
    /// What kind of failure this is.
    public enum Code: String, Hashable, Sendable {
        /// A line or file of a log is not of its form.
        case malformed
        /// A line, file or list is larger than what is read.
        case tooLarge
        /// A saved state is damaged, or of another version.
        case state
        /// A finding cannot go into the state that was asked for.
        case transition
    }

    /// What kind of failure this is.
    public let code: Code
    /// What was wrong and where.
    public let message: String

    /// An error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension MonitoringError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
