extension PostgreSQLState {
    /// The statements that make a value be there, in place of another one or of none.
    static func statements(setting key: Key, to value: String, from old: String?) -> [String] {
        switch key {
        case .role(let name):
            let role = SQLText.identifier(name)
            return (old == nil ? ["CREATE ROLE \(role)"] : [])
                + ["ALTER ROLE \(role) \(value.replacing(keptPassword, with: ""))"]
        case .member(let role, let group):
            return [
                "GRANT \(SQLText.identifier(group)) TO \(SQLText.identifier(role))"
                    + (value.isEmpty ? "" : " WITH ADMIN OPTION")
            ]
        case .setting(let role, let database, let name):
            return ["ALTER ROLE \(settingPlace(role, database)) SET \(parameter(name)) TO \(setting(value, of: name))"]
        case .schema(let name):
            let schema = SQLText.identifier(name)
            guard old == nil else { return ["ALTER SCHEMA \(schema) OWNER TO \(SQLText.identifier(value))"] }
            return [
                "CREATE SCHEMA \(schema) AUTHORIZATION \(SQLText.identifier(value))",
                closing(.schema, in: name),
            ]
        case .extension(let name):
            let quoted = SQLText.identifier(name)
            let schema = SQLText.identifier(value)
            guard old == nil else { return ["ALTER EXTENSION \(quoted) SET SCHEMA \(schema)"] }
            // Everybody may call what an extension brings, until that is taken away.
            return [
                "CREATE EXTENSION \(quoted) SCHEMA \(schema)",
                closing(.functionsOf(extension: name), in: value),
            ]
        case .ownTable(let name):
            let table = SQLText.identifier(PostgreSQLModel.schema, name)
            return (old == nil ? [] : ["DROP TABLE \(table)"])
                + ["CREATE TABLE \(table) (\(value))", closing(.table(name), in: PostgreSQLModel.schema)]
                + (name == "component"
                    ? ["ALTER TABLE \(table) OWNER TO \(SQLText.identifier(PostgreSQLModel.owner))"] : [])
        case .registration(let role):
            let pair = "\(SQLText.literal(role)), \(SQLText.literal(value))"
            return [
                "INSERT INTO \(registry) (role, spiffe_id) VALUES (\(pair)) "
                    + "ON CONFLICT (role) DO UPDATE SET spiffe_id = EXCLUDED.spiffe_id"
            ]
        case .function(let name, let types):
            let function = "\(SQLText.identifier(PostgreSQLModel.schema, name))(\(types))"
            return [
                "CREATE OR REPLACE FUNCTION \(function) \(value)",
                "ALTER FUNCTION \(function) OWNER TO \(SQLText.identifier(PostgreSQLModel.owner))",
            ]
                + (old == nil
                    ? [closing(.functions(name), in: PostgreSQLModel.schema)] : [])
        case .tableOwner(let table):
            return ["ALTER TABLE \(table.identifier) OWNER TO \(SQLText.identifier(value))"]
        case .rowSecurity(let table):
            return value.split(separator: " ").map { word in
                let words =
                    switch word {
                    case "ENABLE", "DISABLE": String(word)
                    case "FORCE": "FORCE"
                    default: "NO FORCE"
                    }
                return "ALTER TABLE \(table.identifier) \(words) ROW LEVEL SECURITY"
            }
        case .defaults(let kind):
            let (verb, preposition) = value == closed ? ("REVOKE", "FROM") : ("GRANT", "TO")
            return [
                "ALTER DEFAULT PRIVILEGES FOR ROLE \(SQLText.identifier(PostgreSQLModel.owner)) "
                    + "\(verb) \(kind == "TYPES" ? "USAGE" : "EXECUTE") ON \(kind) \(preposition) PUBLIC"
            ]
        case .defaultGrant(let role, let schema, let kind, let grantee, let privilege):
            return [
                "\(defaults(of: role, schema)) GRANT \(privilege) ON \(kind) TO \(self.grantee(grantee))"
                    + (value.isEmpty ? "" : " \(value)")
            ]
        case .grant(let target, let grantee, let privilege, let column):
            let revoke =
                value.isEmpty && old != nil
                ? [
                    "REVOKE GRANT OPTION FOR \(self.privilege(privilege, column)) ON \(target.kind) \(target.name) FROM "
                        + "\(self.grantee(grantee)) CASCADE"
                ] : []
            return revoke + [
                "GRANT \(self.privilege(privilege, column)) ON \(target.kind) \(target.name) TO \(self.grantee(grantee))"
                    + (value.isEmpty ? "" : " \(value)")
            ]
        case .policy(let table, let name):
            return (old == nil ? [] : ["DROP POLICY \(SQLText.identifier(name)) ON \(table.identifier)"])
                + ["CREATE POLICY \(SQLText.identifier(name)) ON \(table.identifier) \(value)"]
        }
    }

    /// The statements that take a value away.
    static func statements(clearing key: Key, from old: String) -> [String] {
        switch key {
        // What others gave it meanwhile goes with it. The owner's tables stay, with whoever runs this; a component has
        // none, and what it came to own must neither become a superuser's nor be lost, so PostgreSQL refuses.
        case .role(let name):
            [
                name == PostgreSQLModel.owner
                    ? "REASSIGN OWNED BY \(SQLText.identifier(name)) TO CURRENT_USER" : refusal(ofOwner: name),
                "DROP OWNED BY \(SQLText.identifier(name))", "DROP ROLE \(SQLText.identifier(name))",
            ]
        case .member(let role, let group):
            ["REVOKE \(SQLText.identifier(group)) FROM \(SQLText.identifier(role)) CASCADE"]
        case .setting(let role, let database, let name):
            ["ALTER ROLE \(settingPlace(role, database)) RESET \(parameter(name))"]
        case .schema(let name): ["DROP SCHEMA \(SQLText.identifier(name))"]
        case .extension(let name): ["DROP EXTENSION \(SQLText.identifier(name))"]
        case .ownTable(let name): ["DROP TABLE \(SQLText.identifier(PostgreSQLModel.schema, name))"]
        case .registration(let role): ["DELETE FROM \(registry) WHERE role = \(SQLText.literal(role))"]
        case .function(let name, let types):
            ["DROP ROUTINE \(SQLText.identifier(PostgreSQLModel.schema, name))(\(types))"]
        // A table has an owner as long as it is there, and row-level security is one thing or the other.
        case .tableOwner, .rowSecurity: []
        case .defaults(let kind): statements(setting: .defaults(kind), to: "open", from: old)
        case .defaultGrant(let role, let schema, let kind, let grantee, let privilege):
            ["\(defaults(of: role, schema)) REVOKE \(privilege) ON \(kind) FROM \(self.grantee(grantee))"]
        case .grant(let target, let grantee, let privilege, let column):
            [
                "REVOKE \(self.privilege(privilege, column)) ON \(target.kind) \(target.name) FROM "
                    + "\(self.grantee(grantee)) CASCADE"
            ]
        case .policy(let table, let name): ["DROP POLICY \(SQLText.identifier(name)) ON \(table.identifier)"]
        }
    }

    /// What stands in a role's attributes where it has a password, which is not read.
    static let keptPassword = " PASSWORD <set>"

    private static let registry = SQLText.identifier(PostgreSQLModel.schema, "component")

    private static func grantee(_ name: String?) -> String { name.map(SQLText.identifier) ?? "PUBLIC" }

    private static func privilege(_ privilege: String, _ column: String?) -> String {
        column.map { "\(privilege) (\(SQLText.identifier($0)))" } ?? privilege
    }

    private static func settingPlace(_ role: String, _ database: String?) -> String {
        SQLText.identifier(role) + (database.map { " IN DATABASE \(SQLText.identifier($0))" } ?? "")
    }

    private static func defaults(of role: String, _ schema: String?) -> String {
        "ALTER DEFAULT PRIVILEGES FOR ROLE \(SQLText.identifier(role))"
            + (schema.map { " IN SCHEMA \(SQLText.identifier($0))" } ?? "")
    }
}
