import PostgreSQLClient

/// One attack, or one thing that has to work, and what has to come of it.
struct AttackCheck {
    /// The check's name in the suite of attacks.
    let id: String
    /// The role that the connection asks for.
    let role: String
    /// The certificate that it shows; the role's own where nothing else is said.
    let certificate: String
    /// The statements; the last one counts.
    let statements: String
    /// What has to come of it.
    let want: Outcome
    /// The SQLSTATEs that count as the refusal meant; another error is a mistake of the check.
    let states: Set<String>
    /// Whether it cannot run inside a transaction.
    let isAlone: Bool

    /// What comes of a check.
    enum Outcome: String {
        /// PostgreSQL refuses.
        case refused = "REFUSED"
        /// It runs, and no row is seen or changed.
        case empty = "EMPTY"
        /// It runs, and rows are seen or changed.
        case rows = "OK"
        /// It runs.
        case done = "EXECUTED"
    }

    /// Privileges, policies, and what needs a superuser.
    static let insufficientPrivilege: Set = ["42501"]

    init(
        _ id: String,
        _ role: String,
        _ want: Outcome,
        _ statements: String,
        certificate: String? = nil,
        states: Set<String> = insufficientPrivilege,
        alone: Bool = false
    ) {
        self.id = id
        self.role = role
        self.certificate = certificate ?? role
        self.statements = statements
        self.want = want
        self.states = states
        self.isAlone = alone
    }

    /// What comes of it on a connection, and why where that is not what was wanted; nothing that it changes stays.
    func outcome(on connection: PostgreSQLConnection) throws -> (outcome: Outcome?, remark: String) {
        if !isAlone { try connection.execute("BEGIN") }
        defer { if !isAlone { try? connection.execute("ROLLBACK") } }
        do {
            let rows = try connection.change(statements)
            if want == .done { return (.done, "") }
            return (rows == 0 ? .empty : .rows, "\(rows) rows")
        } catch {
            guard let state = error.state, states.contains(state) else { return (nil, "\(error)") }
            return (.refused, "\(error)")
        }
    }
}
