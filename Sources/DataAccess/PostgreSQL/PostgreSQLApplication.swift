/// A connection of a superuser, through which an estate is put in force.
public protocol PostgreSQLSession: PostgreSQLCatalogSource {
    /// Runs statements.
    func execute(_ statements: String) throws
    /// Runs a body in one transaction, which is undone where the body throws.
    func transaction<Value>(_ body: () throws -> Value) throws -> Value
}

/// Puts what an estate says in force in a database, and takes it back.
///
/// ```swift
/// let application = PostgreSQLApplication(session: session, model: try PostgreSQLModel(estate, database: "ml"))
/// print(try application.plan().script)
/// try application.apply()
/// ```
public struct PostgreSQLApplication {
    private let session: any PostgreSQLSession
    private let model: PostgreSQLModel
    /// How long another's lock is waited for, as PostgreSQL writes it.
    var lockTimeout = "10s"

    /// An application of a model to the database that a session is connected to.
    public init(session: any PostgreSQLSession, model: PostgreSQLModel) {
        self.session = session
        self.model = model
    }

    /// Reads the catalog, without changing anything.
    ///
    /// - Throws: ``PostgreSQLModelError`` where the session is connected to another database, or what the session throws.
    public func catalog() throws -> PostgreSQLCatalog {
        try session.transaction {
            try session.execute("SET TRANSACTION READ ONLY; SET LOCAL search_path TO pg_catalog")
            return try read()
        }
    }

    /// What would change.
    ///
    /// - Throws: ``PostgreSQLModelError`` with `notReady` where tables are missing, or what the session throws.
    public func plan() throws -> PostgreSQLPlan { try plan(for: catalog()) }

    /// Makes the changes in one transaction, and keeps how they are undone in the table `lapwing.history`.
    ///
    /// Afterwards the catalog is read again; where it does not say what the estate says, nothing is changed.
    ///
    /// - Returns: What was changed; an empty plan where there was nothing to do.
    /// - Throws: ``PostgreSQLModelError`` or what the session throws; nothing is changed then.
    @discardableResult
    public func apply() throws -> PostgreSQLPlan {
        try apply { _ in true } ?? PostgreSQLPlan(from: .init(), to: .init())
    }

    /// Makes the changes as ``apply()`` does, if they are still the ones that were agreed on.
    ///
    /// - Returns: Whether they were; nothing is changed where they were not.
    /// - Throws: ``PostgreSQLModelError`` or what the session throws; nothing is changed then.
    public func apply(expecting agreed: PostgreSQLPlan) throws -> Bool { try apply { $0 == agreed } != nil }

    private func apply(_ isAgreed: (PostgreSQLPlan) -> Bool) throws -> PostgreSQLPlan? {
        try session.transaction {
            try begin()
            let before = try read()
            let plan = try plan(for: before)
            guard isAgreed(plan) else { return nil }
            guard !plan.isEmpty else { return plan }
            try session.execute(plan.script)
            let after = try read()
            let rest = PostgreSQLPlan(from: after.state, to: model.state)
            guard rest.isEmpty else {
                let left = rest.changes.prefix(5).map { "\($0.key)" }.joined(separator: "; ")
                throw PostgreSQLModelError(.notApplied, "PostgreSQL did not take everything: \(left)")
            }
            let undo = PostgreSQLPlan(from: after.state, to: before.state)
            try session.execute(
                "INSERT INTO lapwing.history (serial, applied_at, applied_by, forward, undo) "
                    + "SELECT coalesce(max(serial), 0) + 1, now(), SESSION_USER, \(SQLText.literal(plan.script)), "
                    + "\(SQLText.literal(undo.script)) FROM lapwing.history"
            )
            return plan
        }
    }

    /// Undoes what was applied last, in one transaction.
    ///
    /// - Returns: The statements that undid it.
    /// - Throws: ``PostgreSQLModelError`` with `notFound` where nothing was applied, or what the session throws.
    @discardableResult
    public func rollback() throws -> String { try rollback { _ in true } ?? "" }

    /// Undoes what was applied last as ``rollback()`` does, if it is undone by the statements that were agreed on.
    ///
    /// - Returns: Whether it is; nothing is changed where it is not.
    /// - Throws: ``PostgreSQLModelError`` or what the session throws; nothing is changed then.
    public func rollback(expecting agreed: String) throws -> Bool {
        try rollback { $0.utf8.elementsEqual(agreed.utf8) } != nil
    }

    private func rollback(_ isAgreed: (String) -> Bool) throws -> String? {
        try session.transaction {
            try begin()
            let (serial, undo) = try last()
            guard isAgreed(undo) else { return nil }
            try session.execute(undo)
            if try hasHistory() { try session.execute("DELETE FROM lapwing.history WHERE serial = \(serial)") }
            return undo
        }
    }

    /// The statements that ``rollback()`` would run.
    ///
    /// - Throws: ``PostgreSQLModelError`` with `notFound` where nothing was applied, or what the session throws.
    public func undo() throws -> String {
        try session.transaction {
            try session.execute("SET TRANSACTION READ ONLY; SET LOCAL search_path TO pg_catalog")
            return try last().undo
        }
    }

    private func last() throws -> (serial: Int, undo: String) {
        try checkDatabase()
        guard try hasHistory(),
            let row = try session.rows("SELECT serial, undo FROM lapwing.history ORDER BY serial DESC LIMIT 1", [])
                .first,
            let serial = Int(row.text(0))
        else {
            throw PostgreSQLModelError(.notFound, "nothing was applied to `\(model.database)` that could be undone")
        }
        return (serial, row.text(1))
    }

    /// The advisory key that applying takes.
    static let key = 0x6c61_7077

    /// Two that apply at once wait for each other, though not for ever: any role may take the key, and keep it.
    private func begin() throws {
        let message =
            "somebody else holds the advisory key \(Self.key): another apply or rollback, or a session of any role, "
            + "which may take it; SELECT a.* FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) "
            + "WHERE l.locktype = 'advisory' AND l.objid = \(Self.key) shows whose it is"
        try session.execute(
            """
            SET LOCAL search_path TO pg_catalog; SET LOCAL lock_timeout TO \(SQLText.literal(lockTimeout));
            DO LANGUAGE plpgsql $lapwing$ BEGIN PERFORM pg_advisory_xact_lock(\(Self.key));
            EXCEPTION WHEN lock_not_available THEN
              RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = \(SQLText.literal(message));
            END $lapwing$
            """
        )
    }

    /// Whether there is a history that can be believed: what it says is run as a superuser, so a superuser has to own it,
    /// and nobody else may write there.
    private func hasHistory() throws -> Bool {
        let owner = try session.rows(
            "SELECT r.rolsuper FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner "
                + "WHERE c.oid = to_regclass('lapwing.history') AND c.relkind = 'r'",
            []
        ).first?.text(0)
        guard owner != "f" else {
            throw PostgreSQLModelError(
                .notFound,
                "the table lapwing.history is not a superuser's, so it is not believed"
            )
        }
        guard owner == "t" else { return false }
        let writers = try session.rows(
            """
            SELECT DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END
            FROM pg_class AS c CROSS JOIN LATERAL (SELECT * FROM aclexplode(c.relacl)
              UNION ALL SELECT x.* FROM pg_attribute AS t, aclexplode(t.attacl) AS x WHERE t.attrelid = c.oid) AS a
            LEFT JOIN pg_roles AS r ON r.oid = a.grantee
            WHERE c.oid = to_regclass('lapwing.history') AND a.privilege_type NOT IN ('SELECT', 'REFERENCES')
              AND r.rolsuper IS NOT TRUE ORDER BY 1 LIMIT 20
            """,
            []
        ).map { $0.text(0) }
        guard writers.isEmpty else {
            throw PostgreSQLModelError(
                .notFound,
                "the table lapwing.history may be written by \(writers.joined(separator: ", ")), so it is not believed; "
                    + "look at what it says, then REVOKE"
            )
        }
        return true
    }

    private func checkDatabase() throws {
        let found = try session.rows("SELECT current_database()", []).first?.text(0) ?? ""
        guard found == model.database else {
            throw PostgreSQLModelError(
                .notFound,
                "the connection leads to the database `\(found)`, and this is about `\(model.database)`"
            )
        }
    }

    private func read() throws -> PostgreSQLCatalog {
        try checkDatabase()
        return try PostgreSQLCatalog(session, for: model)
    }

    private func plan(for catalog: PostgreSQLCatalog) throws -> PostgreSQLPlan {
        guard catalog.unusable.isEmpty else {
            throw PostgreSQLModelError(.notReady, catalog.unusable.joined(separator: "\n"))
        }
        return PostgreSQLPlan(from: catalog.state, to: model.state)
    }
}
