/// Why a PostgreSQL database cannot enforce an estate.
public struct PostgreSQLModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of obstacle it is.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// No dataset of the estate lies in the database, or nothing was applied to it.
        case notFound
        /// A name that PostgreSQL or a certificate cannot hold.
        case invalidName
        /// Rows and columns that grants cannot tell apart.
        case notEnforceable
        /// The database lacks tables or columns.
        case notReady
        /// The database does not say what was just applied to it.
        case notApplied
    }

    /// What kind of obstacle it is.
    public let code: Code
    /// What is wrong and what to do, in lower case.
    public let message: String

    /// An obstacle.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
