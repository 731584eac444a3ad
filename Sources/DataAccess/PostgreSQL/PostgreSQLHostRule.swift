/// A rule of `pg_hba.conf`, as the server reads it.
public struct PostgreSQLHostRule: Hashable, Sendable {
    /// The line in the file.
    public let line: Int
    /// `local`, `host`, `hostssl`, `hostnossl`, `hostgssenc` or `hostnogssenc`.
    public let type: String
    /// The databases.
    public let databases: [String]
    /// The users.
    public let users: [String]
    /// The addresses; nil for `local`.
    public let address: String?
    /// How a user proves who they are.
    public let method: String
    /// `name=value`.
    public let options: [String]
    /// Why the server does not take the rule; nil where it does.
    public let error: String?

    /// A rule.
    public init(
        line: Int,
        type: String,
        databases: [String],
        users: [String],
        address: String?,
        method: String,
        options: [String] = [],
        error: String? = nil
    ) {
        self.line = line
        self.type = type
        self.databases = databases
        self.users = users
        self.address = address
        self.method = method
        self.options = options
        self.error = error
    }
}

/// A line of `pg_ident.conf`, as the server reads it.
public struct PostgreSQLNameMap: Hashable, Sendable {
    /// The line in the file.
    public let line: Int
    /// The map's name.
    public let map: String
    /// The name that was proved: a certificate's subject.
    public let subject: String
    /// The role that it may log in as.
    public let role: String
    /// Why the server does not take the line; nil where it does.
    public let error: String?

    /// A line.
    public init(line: Int, map: String, subject: String, role: String, error: String? = nil) {
        self.line = line
        self.map = map
        self.subject = subject
        self.role = role
        self.error = error
    }
}
