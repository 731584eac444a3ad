/// What went wrong between us and a PostgreSQL server.
public struct PostgreSQLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// What says how to connect is not understood, or holds a password.
        case invalidArgument
        /// The server cannot be reached, or does not let us in.
        case unreachable
        /// The server refused a statement.
        case refused
    }

    /// What kind of failure it is.
    public let code: Code
    /// What was wrong, in lower case.
    public let message: String
    /// The server's own code of five characters, such as `42501`; nil where the failure is not the server's.
    public let state: String?

    /// A failure.
    public init(_ code: Code, _ message: String, state: String? = nil) {
        self.code = code
        self.message = message
        self.state = state
    }

    /// The message, with the server's code.
    public var description: String { state.map { "\(message) (SQLSTATE \($0))" } ?? message }
}
