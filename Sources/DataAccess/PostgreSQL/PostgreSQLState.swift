/// What a database's catalog says about access, or what it should say: settings by the thing that they are about.
///
/// Two states can be compared, and the statements that lead from one to the other written down.
public struct PostgreSQLState: Hashable, Sendable {
    /// The values, by what they belong to.
    public var values: [Key: String]

    /// A state.
    public init(_ values: [Key: String] = [:]) { self.values = values }

    /// What a value belongs to.
    ///
    /// The cases stand in the order in which they are made.
    public enum Key: Hashable, Sendable {
        /// A role; the value is its attributes.
        case role(String)
        /// A membership of a role in another; the value is empty or `ADMIN`.
        case member(String, of: String)
        /// A setting of a role, in one database or in all; the value is the setting's.
        case setting(role: String, database: String?, name: String)
        /// A schema; the value is its owner.
        case schema(String)
        /// An extension; the value is its schema.
        case `extension`(String)
        /// A table of Lapwing's own; the value is its columns.
        case ownTable(String)
        /// A component that Lapwing's table knows, by role; the value is its SPIFFE ID.
        case registration(String)
        /// A function in Lapwing's schema, by name and the types of its arguments; the value is its definition.
        case function(String, types: String)
        /// The owner of a table.
        case tableOwner(Relation)
        /// Whether row-level security is on and forced.
        case rowSecurity(Relation)
        /// Whether what the owner makes is closed to everybody at first: `FUNCTIONS` or `TYPES`.
        case defaults(String)
        /// A default privilege of what a role makes, in one schema or in all; `grantee` is nil for PUBLIC.
        case defaultGrant(role: String, schema: String?, kind: String, grantee: String?, privilege: String)
        /// A privilege; `grantee` is nil for PUBLIC. The value is empty or `WITH GRANT OPTION`.
        case grant(Target, grantee: String?, privilege: String, column: String?)
        /// A policy; the value is what follows the table's name in `CREATE POLICY`.
        case policy(Relation, name: String)
    }

    /// A table's schema and name.
    public struct Relation: Hashable, Sendable, CustomStringConvertible {
        /// The schema.
        public let schema: String
        /// The name.
        public let name: String

        /// A table's name.
        public init(_ schema: String, _ name: String) {
            self.schema = schema
            self.name = name
        }

        /// The name in SQL.
        public var identifier: String { SQLText.identifier(schema, name) }
        /// The name for people.
        public var description: String { "\(schema).\(name)" }
    }

    /// What a privilege is on.
    public struct Target: Hashable, Sendable {
        /// The word of `GRANT`: `TABLE`, `ROUTINE` and so on.
        public let kind: String
        /// The name in SQL, quoted.
        public let name: String

        /// A target.
        public init(kind: String, name: String) {
            self.kind = kind
            self.name = name
        }
    }
}

extension PostgreSQLState.Key {
    /// The place in the order of making.
    var phase: Int {
        switch self {
        case .role: 0
        case .member: 1
        case .setting: 2
        case .schema: 3
        case .extension: 4
        case .ownTable: 5
        case .registration: 6
        case .function: 7
        case .tableOwner: 8
        case .rowSecurity: 9
        case .defaults: 10
        case .defaultGrant: 11
        case .grant: 12
        case .policy: 13
        }
    }

    /// What sets a key apart from others of its phase.
    private var sortText: String {
        switch self {
        case .role(let name), .schema(let name), .extension(let name), .ownTable(let name), .registration(let name),
            .defaults(let name):
            name
        case .function(let name, let types): "\(name)\u{0}\(types)"
        case .member(let role, let group): "\(group)\u{0}\(role)"
        case .setting(let role, let database, let name): "\(role)\u{0}\(database ?? "")\u{0}\(name)"
        case .tableOwner(let table), .rowSecurity(let table): "\(table.schema)\u{0}\(table.name)"
        case .policy(let table, let name): "\(table.schema)\u{0}\(table.name)\u{0}\(name)"
        case .defaultGrant(let role, let schema, let kind, let grantee, let privilege):
            [role, schema ?? "", kind, grantee ?? "", privilege].joined(separator: "\u{0}")
        case .grant(let target, let grantee, let privilege, let column):
            [target.kind, target.name, grantee ?? "", privilege, column ?? ""].joined(separator: "\u{0}")
        }
    }
}

extension PostgreSQLState.Key: Comparable {
    /// The order of making, then of the names' bytes.
    public static func < (left: Self, right: Self) -> Bool {
        if left.phase != right.phase { return left.phase < right.phase }
        return left.sortText.utf8.lexicographicallyPrecedes(right.sortText.utf8)
    }
}

extension PostgreSQLState.Key: CustomStringConvertible {
    /// What it is, for people.
    public var description: String {
        switch self {
        case .role(let name): "role \(name)"
        case .member(let role, let group): "membership of \(role) in \(group)"
        case .setting(let role, let database, let name):
            "setting \(name) of \(role)" + (database.map { " in \($0)" } ?? "")
        case .schema(let name): "schema \(name)"
        case .extension(let name): "extension \(name)"
        case .ownTable(let name): "table \(PostgreSQLModel.schema).\(name)"
        case .registration(let role): "SPIFFE ID of \(role)"
        case .function(let name, let types): "function \(name)(\(types))"
        case .tableOwner(let table): "owner of \(table)"
        case .rowSecurity(let table): "row-level security of \(table)"
        case .defaults(let kind): "defaults of \(PostgreSQLModel.owner) for \(kind.lowercased())"
        case .defaultGrant(let role, let schema, let kind, let grantee, let privilege):
            "default \(privilege) on \(kind.lowercased()) of \(role)" + (schema.map { " in \($0)" } ?? "")
                + " for \(grantee ?? "PUBLIC")"
        case .grant(let target, let grantee, let privilege, let column):
            "\(privilege)" + (column.map { " (\($0))" } ?? "")
                + " on \(target.kind.lowercased()) \(target.plainName) for "
                + (grantee ?? "PUBLIC")
        case .policy(let table, let name): "policy \(name) on \(table)"
        }
    }
}

extension PostgreSQLState.Target {
    /// The name without the quotes that it does not need.
    var plainName: String { name.replacing("\"", with: "") }

    /// A table.
    static func table(_ schema: String, _ name: String) -> Self {
        Self(kind: "TABLE", name: SQLText.identifier(schema, name))
    }

    /// A schema.
    static func schema(_ name: String) -> Self { Self(kind: "SCHEMA", name: SQLText.identifier(name)) }

    /// A database.
    static func database(_ name: String) -> Self { Self(kind: "DATABASE", name: SQLText.identifier(name)) }

    /// A function or procedure, by the types of its arguments as PostgreSQL writes them.
    static func routine(_ schema: String, _ name: String, _ types: String) -> Self {
        Self(kind: "ROUTINE", name: "\(SQLText.identifier(schema, name))(\(types))")
    }
}
