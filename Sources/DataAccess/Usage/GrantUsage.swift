/// What roles of a database are granted on tables and never used, and the `REVOKE`s of it.
struct GrantUsage {
    private let model: PostgreSQLModel
    private let state: PostgreSQLState
    private let namesRelations: Bool
    private let uses: [Use]
    /// Whether any record is of the database.
    private let isLogged: Bool
    /// Whether any record is of pgaudit's class READ, and of WRITE: what a class that is not logged holds is not known.
    private let isReadLogged: Bool
    private let isWriteLogged: Bool
    /// Who did something and was not read.
    private let strangers: [String]

    /// Something that was done.
    private struct Use: Hashable {
        let role: String
        let command: String
        /// Nil where the log does not say which, or in a way that is not read.
        let table: String?
        /// Whether the log names it.
        let isNamed: Bool
    }

    init(_ model: PostgreSQLModel, _ state: PostgreSQLState, _ records: [UsageRecord], namesRelations: Bool) {
        self.model = model
        self.state = state
        self.namesRelations = namesRelations
        let roles = PostgreSQLRoles(state)
        var uses: Set<Use> = []
        var isLogged = false
        var commands: Set<String> = []
        var strangers: Set<String> = []
        for record in records {
            guard case .table(let database, let command, let table) = record.what, database == model.database else {
                continue
            }
            isLogged = true
            commands.insert(command.uppercased())
            // A name that has to be quoted is not taken apart.
            let isPlain = table?.contains("\"") == false
            // Whoever logged in may have become another, and one that was not read any.
            var actors = Set(roles.reachable(from: record.who).map(\.role))
            if !roles.isRead(record.who) {
                strangers.insert(record.who)
                actors.formUnion(model.roles)
            }
            for role in actors {
                uses.insert(Use(role: role, command: command, table: isPlain ? table : nil, isNamed: table != nil))
            }
        }
        self.isLogged = isLogged
        isReadLogged = commands.contains("SELECT") || commands.contains("READ")
        isWriteLogged = commands.contains { Self.writes.contains($0) }
        self.strangers = strangers.sorted()
        self.uses = uses.sorted { ($0.role, $0.command, $0.table ?? "") < ($1.role, $1.command, $1.table ?? "") }
    }

    /// Commands that are surely of pgaudit's class WRITE.
    private static let writes: Set<String> = [
        "INSERT", "INSERT ON CONFLICT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "TRUNCATE TABLE", "WRITE",
    ]
    /// What needs one of several privileges, and is in the log without the table.
    private static let lock = "LOCK TABLE"

    func unused() -> UnusedAccess {
        var unused = UnusedAccess()
        guard isLogged else {
            unused.doubts.append("`\(model.database)` is not judged: no record is of it")
            return unused
        }
        var gone: [PostgreSQLState.Key] = []
        let roles = Set(model.roles)
        let tables = Set(model.tables.map { PostgreSQLState.Target.table($0.schema, $0.name) })
        for stranger in strangers {
            unused.doubts.append(
                "`\(stranger)` was not read: what it did in \(model.database) counts for every role"
            )
        }
        for (isKnown, what) in [(isReadLogged, "SELECT"), (isWriteLogged, "what changes rows")] where !isKnown {
            unused.doubts.append(
                "\(what) is not judged in \(model.database): no record is of pgaudit's class "
                    + (what == "SELECT" ? "READ" : "WRITE")
            )
        }
        let locking = Set(uses.filter { $0.command.uppercased() == Self.lock }.map(\.role))
        for role in locking.intersection(roles).sorted() {
            unused.doubts.append("`\(role)` locked tables of \(model.database), and the log does not say which")
        }
        let nameless = uses.filter { $0.table == nil && ($0.isNamed || !namesRelations) }
        let vague = locking.union(nameless.map(\.role))
        for role in vague.subtracting(locking).intersection(roles).sorted() {
            unused.doubts.append(
                "what `\(role)` did in \(model.database) is in the log without tables: set pgaudit.log_relation"
            )
        }
        for key in state.values.keys.sorted() {
            guard case .grant(let target, let grantee?, let privilege, _) = key, roles.contains(grantee),
                tables.contains(target)
            else { continue }
            // Neither is in any log.
            guard !["REFERENCES", "TRIGGER", "MAINTAIN"].contains(privilege) else { continue }
            guard privilege == "SELECT" ? isReadLogged : isWriteLogged else { continue }
            unused.total += 1
            guard !vague.contains(grantee), !isUsed(privilege, target, by: grantee) else { continue }
            // Others may have it from this one, and would lose it.
            guard state.values[key]?.isEmpty == true else {
                unused.doubts.append("\(key) is kept, for it is WITH GRANT OPTION: others may have it by this one")
                continue
            }
            gone.append(key)
            unused.grants.append(
                UnusedGrant(layer: "postgres \(model.database)", who: grantee, grant: "\(key)", rule: "")
            )
        }
        guard !gone.isEmpty else { return unused }
        var after = state
        for key in gone { after.values[key] = nil }
        if let doubt = doubt(about: after) {
            unused.doubts.append("`\(model.database)` is left as it is: \(doubt)")
            return unused
        }
        // Without CASCADE, nothing of others goes with it: PostgreSQL refuses where something would.
        let lines = gone.flatMap { PostgreSQLState.statements(clearing: $0, from: state.values[$0] ?? "") }
            .map { $0.hasSuffix(" CASCADE") ? String($0.dropLast(" CASCADE".count)) : $0 }
        let script = "BEGIN;\n" + lines.map { $0 + ";\n" }.joined() + "COMMIT;\n"
        unused.narrowings.append(
            ProvedNarrowing(
                place: model.database,
                files: ["postgres/\(model.database)/revoke.sql": script],
                requests: uses.count { roles.contains($0.role) }
            )
        )
        return unused
    }

    private func isUsed(_ privilege: String, _ target: PostgreSQLState.Target, by role: String) -> Bool {
        uses.contains { use in
            use.role == role && Self.mayBe(use, on: target) && Self.privileges(of: use.command).contains(privilege)
        }
    }

    /// Whether something that was done may have been done to a table: pgaudit does not name what is truncated.
    private static func mayBe(_ use: Use, on target: PostgreSQLState.Target) -> Bool {
        guard let table = use.table else { return !use.isNamed && privileges(of: use.command) == ["TRUNCATE"] }
        return Self.target(table) == target
    }

    /// A table by the name that pgaudit gives it, `SCHEMA.NAME`.
    private static func target(_ name: String) -> PostgreSQLState.Target {
        let parts = name.split(separator: ".", maxSplits: 1).map { String($0).replacing("\"", with: "") }
        return .table(parts.count == 2 ? parts[0] : "public", parts.last ?? "")
    }

    /// What a command may have needed; what changes rows may have had to find them first.
    static func privileges(of command: String) -> Set<String> {
        switch command.uppercased() {
        case "SELECT", "READ": ["SELECT"]
        case "INSERT": ["INSERT", "SELECT"]
        case "UPDATE": ["UPDATE", "SELECT"]
        case "DELETE": ["DELETE", "SELECT"]
        case "TRUNCATE TABLE", "TRUNCATE": ["TRUNCATE"]
        // `COPY`, `MERGE`, an INSERT that updates what is there, and what is not known here.
        default: ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"]
        }
    }

    // MARK: - The proof

    /// What is not proved of a database after the `REVOKE`s; nil where all is: a role may do nothing more, and whatever was
    /// done and was granted is granted still.
    private func doubt(about after: PostgreSQLState) -> String? {
        let (old, new) = (PostgreSQLRoles(state), PostgreSQLRoles(after))
        for role in model.roles {
            for table in model.tables {
                let relation = PostgreSQLState.Relation(table.schema, table.name)
                for command in PostgreSQLRowReach.Command.allCases {
                    func isGranted(_ roles: PostgreSQLRoles) -> Bool {
                        roles.grant(relation, command, session: role, current: role, database: model.database).answer
                            == .allows
                    }
                    let (before, now) = (isGranted(old), isGranted(new))
                    if now, !before { return "\(role) might \(command.rawValue) \(relation), which it could not" }
                    let isNeeded = uses.contains { use in
                        use.role == role && Self.mayBe(use, on: .table(table.schema, table.name))
                            && Self.privileges(of: use.command).contains(command.rawValue)
                    }
                    if before, !now, isNeeded { return "\(role) could \(command.rawValue) \(relation) no more" }
                }
            }
        }
        return nil
    }
}
