/// Who may become whom in PostgreSQL, and what a role is granted.
struct PostgreSQLRoles {
    private let values: [PostgreSQLState.Key: String]
    private let attributes: [String: Set<Substring>]
    /// The roles that a role is a member of.
    private let groups: [String: [String]]
    /// Who is granted what, by what it is on; nil stands for PUBLIC.
    private let grants: [PostgreSQLState.Target: [Grant]]

    private struct Grant {
        let grantee: String?
        let privilege: String
        let key: PostgreSQLState.Key
    }

    init(_ state: PostgreSQLState) {
        values = state.values
        var attributes: [String: Set<Substring>] = [:]
        var groups: [String: [String]] = [:]
        var grants: [PostgreSQLState.Target: [Grant]] = [:]
        for (key, value) in state.values.sorted(by: { $0.key < $1.key }) {
            switch key {
            case .role(let name): attributes[name] = Set(value.split(separator: " "))
            case .member(let role, let group): groups[role, default: []].append(group)
            case .grant(let target, let grantee, let privilege, _):
                grants[target, default: []].append(Grant(grantee: grantee, privilege: privilege, key: key))
            default: continue
            }
        }
        self.attributes = attributes
        self.groups = groups
        self.grants = grants
    }

    func has(_ attribute: Substring, _ role: String) -> Bool { attributes[role]?.contains(attribute) == true }

    /// Whether a role's attributes were read.
    func isRead(_ role: String) -> Bool { attributes[role] != nil }

    func hasPassword(_ role: String) -> Bool { values[.role(role)]?.hasSuffix(PostgreSQLState.keptPassword) == true }

    /// The roles that can be logged in as.
    var logins: [String] { attributes.keys.filter { has("LOGIN", $0) }.sorted() }

    // MARK: - Who becomes whom

    /// The roles that a session gets to by `SET ROLE`, itself first, with the steps.
    func reachable(from session: String) -> [(role: String, steps: [String])] {
        var paths: [String: [String]] = [session: []]
        var waiting = [session]
        var next = 0
        while next < waiting.count {
            let role = waiting[next]
            next += 1
            let steps = paths[role] ?? []
            for (other, why) in neighbours(of: role) where paths[other] == nil {
                paths[other] = steps + ["SET ROLE \(other) (\(why))"]
                waiting.append(other)
            }
        }
        return waiting.map { ($0, paths[$0] ?? []) }
    }

    private func neighbours(of role: String) -> [(String, String)] {
        let member = (groups[role] ?? []).map { ($0, "membership of \(role) in \($0)") }
        if has("SUPERUSER", role) { return member + attributes.keys.sorted().map { ($0, "\(role) is SUPERUSER") } }
        guard has("CREATEROLE", role) else { return member }
        // It may grant itself every role that is no superuser's.
        return member
            + attributes.keys.sorted().filter { !has("SUPERUSER", $0) }.map { ($0, "\(role) has CREATEROLE") }
    }

    /// The role with those whose privileges it has without becoming them.
    func inherited(by role: String) -> Set<String> {
        var roles: Set<String> = [role]
        var waiting = [role]
        while let next = waiting.popLast() {
            // Of a role that was not read it is not known whether it inherits.
            guard has("INHERIT", next) || attributes[next] == nil else { continue }
            for group in groups[next] ?? [] where roles.insert(group).inserted { waiting.append(group) }
        }
        return roles
    }

    // MARK: - What a role is granted

    /// Whether a session may do something to a table once it has become a role.
    func grant(
        _ table: PostgreSQLState.Relation,
        _ command: PostgreSQLRowReach.Command,
        session: String,
        current: String,
        database: String
    ) -> BlastVerdict {
        if has("SUPERUSER", session) || has("SUPERUSER", current) {
            return BlastVerdict(.allows, "\(has("SUPERUSER", current) ? current : session) is SUPERUSER")
        }
        guard find("CONNECT", .database(database), inherited(by: session)) != nil else {
            return BlastVerdict(.denies, "no CONNECT on \(database) for \(session)")
        }
        let roles = inherited(by: current)
        if let owner = values[.tableOwner(table)], roles.contains(owner) {
            return BlastVerdict(.allows, "\(owner) owns \(table)")
        }
        let isSchemaOpen =
            values[.schema(table.schema)].map(roles.contains) == true
            || find("USAGE", .schema(table.schema), roles) != nil
        let everything = command == .select ? "pg_read_all_data" : "pg_write_all_data"
        if command != .truncate, roles.contains(everything) {
            return BlastVerdict(.allows, "\(current) has \(everything)")
        }
        guard isSchemaOpen else { return BlastVerdict(.denies, "no USAGE on schema \(table.schema) for \(current)") }
        let target = PostgreSQLState.Target.table(table.schema, table.name)
        guard let grant = find(command.rawValue, target, roles) else {
            return BlastVerdict(.denies, "no \(command.rawValue) on \(table) for \(current)")
        }
        return BlastVerdict(.allows, "GRANT \(grant)")
    }

    /// Why a session that has become a role may do more than its grants say; nil where it may not.
    func doubt(session: String, current: String) -> String? {
        for role in inherited(by: session).union(inherited(by: current)).sorted() {
            if Self.serverRoles.contains(role) { return "\(current) has \(role), which reaches the server's files" }
            if has("REPLICATION", role) { return "\(role) has REPLICATION, which reads every table" }
            if attributes[role] == nil, !role.hasPrefix("pg_") { return "what \(role) may do was not read" }
        }
        return nil
    }

    /// Roles of PostgreSQL's own that get at files of the server, in which every table lies.
    private static let serverRoles: Set<String> = [
        "pg_execute_server_program", "pg_read_server_files", "pg_write_server_files",
    ]

    private func find(_ privilege: String, _ target: PostgreSQLState.Target, _ roles: Set<String>) -> String? {
        let found = grants[target]?.first { grant in
            grant.privilege == privilege && grant.grantee.map(roles.contains) != false
        }
        return found.map { "\($0.key)" }
    }
}
