/// Reads a catalog with a score of queries.
struct PostgreSQLCatalogReader {
    let source: any PostgreSQLCatalogSource
    let model: PostgreSQLModel
    /// The roles that are Lapwing's: the owner, the estate's, and those that were an estate's before.
    let scope: [String]
    private let ownTables: [String: String]
    private let registrations: [String: String]

    init(source: any PostgreSQLCatalogSource, model: PostgreSQLModel) throws {
        self.source = source
        self.model = model
        var ownTables: [String: String] = [:]
        for row in try source.rows(PostgreSQLCatalogQuery.ownTables, [PostgreSQLModel.schema]) {
            ownTables[row.text(0)] = row.text(1)
        }
        self.ownTables = ownTables
        var registrations: [String: String] = [:]
        if ownTables["component"] == PostgreSQLState.ownTables["component"] {
            for row in try source.rows("SELECT role, spiffe_id FROM lapwing.component LIMIT 10000", []) {
                registrations[row.text(0)] = row.text(1)
            }
        }
        self.registrations = registrations
        scope = Set([PostgreSQLModel.owner] + model.roles + registrations.keys).sorted()
    }

    func state() throws -> PostgreSQLState {
        var values: [PostgreSQLState.Key: String] = [:]
        for (name, columns) in ownTables { values[.ownTable(name)] = columns }
        for (role, id) in registrations { values[.registration(role)] = id }
        // A role that another database of the server still needs stays as it is.
        let shared = Set(model.siblings.flatMap(\.components).map(\.role)).subtracting(model.roles)
        let roles = SQLText.array(scope.filter { !shared.contains($0) })
        for row in try source.rows(PostgreSQLCatalogQuery.roles, [roles]) {
            values[.role(row.text(0))] =
                row.text(1) + (row.text(2) == "t" ? PostgreSQLState.keptPassword : " PASSWORD NULL")
        }
        for row in try source.rows(PostgreSQLCatalogQuery.members, [roles]) {
            values[.member(row.text(0), of: row.text(1)), default: ""] += row.text(2) == "t" ? "ADMIN" : ""
        }
        for row in try source.rows(PostgreSQLCatalogQuery.settings, [roles]) {
            let (name, value) = PostgreSQLState.parts(of: row.text(2))
            values[.setting(role: row.text(0), database: row[1], name: name)] = value
        }
        let schemas = SQLText.array([PostgreSQLModel.schema] + model.schemas)
        for row in try source.rows(PostgreSQLCatalogQuery.schemas, [schemas]) {
            values[.schema(row.text(0))] = row.text(1)
        }
        for row in try source.rows(PostgreSQLCatalogQuery.extensions, []) {
            values[.extension(row.text(0))] = row.text(1)
        }
        for row in try source.rows(PostgreSQLCatalogQuery.functions, [PostgreSQLModel.schema]) {
            values[.function(row.text(0), types: row.text(6))] = definition(row)
        }
        for row in try source.rows(PostgreSQLCatalogQuery.tables, tables) {
            let relation = PostgreSQLState.Relation(row.text(0), row.text(1))
            values[.tableOwner(relation)] = row.text(2)
            values[.rowSecurity(relation)] = row.text(3)
        }
        // Who owns the table of components says who is one.
        let component = PostgreSQLState.Relation(PostgreSQLModel.schema, "component")
        for row in try source.rows(PostgreSQLCatalogQuery.tables, ["{lapwing}", "{component}"]) {
            values[.tableOwner(component)] = row.text(2)
        }
        for row in try source.rows(PostgreSQLCatalogQuery.policies, tables) {
            values[.policy(PostgreSQLState.Relation(row.text(0), row.text(1)), name: row.text(2))] = policy(row)
        }
        for row in try source.rows(PostgreSQLCatalogQuery.ownerDefaults, [PostgreSQLModel.owner]) {
            values[.defaults(row.text(0))] = row.text(1)
        }
        for row in try source.rows(PostgreSQLCatalogQuery.defaultGrants, [roles, PostgreSQLModel.owner]) {
            let key = PostgreSQLState.Key.defaultGrant(
                role: row.text(0),
                schema: row[1],
                kind: row.text(2),
                grantee: row[3],
                privilege: row.text(4)
            )
            values[key] = row.text(5) == "t" ? "WITH GRANT OPTION" : ""
        }
        try addGrants(to: &values)
        return PostgreSQLState(values)
    }

    /// The names of the tables, as two arrays side by side.
    var tables: [String?] {
        [SQLText.array(model.tables.map(\.schema)), SQLText.array(model.tables.map(\.name))]
    }

    private func addGrants(to values: inout [PostgreSQLState.Key: String]) throws {
        let siblings = Set(model.siblings.map(\.database))
        let parameters =
            [SQLText.array(scope)] + tables
            + [SQLText.array([PostgreSQLModel.schema] + model.schemas), SQLText.array(Self.undeclaredWrites)]
        for row in try source.rows(PostgreSQLCatalogQuery.grants(version: source.serverVersion), parameters) {
            let target: PostgreSQLState.Target =
                switch row.text(0) {
                case "ROUTINE": .routine(row.text(1), row.text(2), row.text(3))
                case let kind where row[1] != nil:
                    .init(kind: kind, name: SQLText.identifier(row.text(1), row.text(2)))
                case "LARGE OBJECT": .init(kind: "LARGE OBJECT", name: row.text(2))
                case let kind: .init(kind: kind, name: SQLText.identifier(row.text(2)))
                }
            if row.text(0) == "DATABASE", siblings.contains(row.text(2)) { continue }
            let key = PostgreSQLState.Key.grant(target, grantee: row[5], privilege: row.text(6), column: row[4])
            let value = row.text(7) == "t" ? "WITH GRANT OPTION" : ""
            // Two who granted the same: the wider counts.
            values[key] = max(values[key] ?? "", value)
        }
    }

    /// Functions of PostgreSQL's own that anybody may call at first, and that keep or send data outside every table.
    static let undeclaredWrites = [
        "lo_close", "lo_creat", "lo_create", "lo_export", "lo_from_bytea", "lo_get", "lo_import", "lo_lseek",
        "lo_lseek64",
        "lo_open", "lo_put", "lo_tell", "lo_tell64", "lo_truncate", "lo_truncate64", "lo_unlink", "loread", "lowrite",
        "pg_logical_emit_message", "pg_notify",
    ]

    private func policy(_ row: [String?]) -> String {
        let roles = row.text(5)
        return "AS \(row.text(3)) FOR \(row.text(4)) TO \(roles.isEmpty ? "PUBLIC" : roles)"
            + (row[6].map { " USING (\(Self.canonical($0)))" } ?? "")
            + (row[7].map { " WITH CHECK (\(Self.canonical($0)))" } ?? "")
    }

    /// Where the column `producer` is a text, PostgreSQL writes down that it reads the user's name as one.
    private static func canonical(_ expression: String) -> String {
        expression.replacing("(producer = (SESSION_USER)::text)", with: "(producer = SESSION_USER)")
    }

    /// A function's definition, as ``PostgreSQLState/certified`` is written.
    private func definition(_ row: [String?]) -> String {
        let settings = row.lines(3).map { setting in
            let (name, value) = PostgreSQLState.parts(of: setting)
            return " SET \(name.utf8.allSatisfy(Self.isPlain) ? name : PostgreSQLState.parameter(name)) TO "
                + PostgreSQLState.setting(value, of: name)
        }
        let owner = String(decoding: row.text(5).utf8.map { Self.isPlain($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        return "\(row.text(1)) \(row.text(2))\(settings.joined()) AS \(SQLText.literal(row.text(4)))"
            + (row.text(5) == PostgreSQLModel.owner ? "" : " /* owned by \(owner) */")
    }

    /// A letter, a digit or `_`.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5f
    }
}

extension Array where Element == String? {
    /// A column's text, empty for NULL.
    func text(_ column: Int) -> String { column < count ? self[column] ?? "" : "" }

    /// The lines of a column's text, ended by the byte, whatever mark comes after it.
    func lines(_ column: Int) -> [String] {
        text(column).utf8.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}
