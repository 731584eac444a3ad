/// A row-level security policy.
struct PostgreSQLPolicy: Hashable, Sendable {
    /// The name, unique on its table.
    let name: String
    /// Whether it narrows what others allow.
    let isRestrictive: Bool
    /// `ALL`, `SELECT`, `INSERT`, `UPDATE` or `DELETE`.
    let command: String
    /// The roles; empty for PUBLIC.
    let roles: [String]
    /// Which rows are seen: the expression as PostgreSQL itself writes it, without the outermost parentheses.
    let using: String?
    /// Which rows may be written, in the same form.
    let check: String?

    /// What follows the table's name in `CREATE POLICY`.
    var definition: String {
        "AS \(isRestrictive ? "RESTRICTIVE" : "PERMISSIVE") FOR \(command) TO "
            + (roles.isEmpty ? "PUBLIC" : roles.sorted().map(SQLText.identifier).joined(separator: ", "))
            + (using.map { " USING ((\($0)))" } ?? "") + (check.map { " WITH CHECK ((\($0)))" } ?? "")
    }
}

extension PostgreSQLModel.Table {
    /// The policies of the table.
    ///
    /// The restrictive ones hold for everybody: who asks is who their certificate says, only readers read, only producers
    /// write, and labels say no more than was declared. A permissive policy that somebody adds opens nothing by itself.
    var policies: [PostgreSQLPolicy] { restrictive + labels + matrix }

    private var restrictive: [PostgreSQLPolicy] {
        // The function is asked once a query, not once a row, for standing in a subquery of its own.
        let identity = "( SELECT lapwing.certified() AS certified) AND (CURRENT_USER = SESSION_USER)"
        let readers = Self.isOne(of: reads.map(\.role))
        let adders = own(Self.isOne(of: writes.map(\.role)))
        let changers = own(Self.isOne(of: writes.filter(\.isFull).map(\.role)))
        func policy(_ name: String, _ command: String, using: String?, check: String?) -> PostgreSQLPolicy {
            PostgreSQLPolicy(
                name: name,
                isRestrictive: true,
                command: command,
                roles: [],
                using: using,
                check: check
            )
        }
        return [
            policy("lapwing_identity", "ALL", using: identity, check: identity),
            policy("lapwing_readers", "SELECT", using: readers, check: nil),
            policy("lapwing_producer_insert", "INSERT", using: nil, check: adders),
            policy("lapwing_producer_update", "UPDATE", using: changers, check: changers),
            policy("lapwing_producer_delete", "DELETE", using: changers, check: nil),
        ]
    }

    /// In a shared table, rows are their producer's own.
    private func own(_ condition: String) -> String {
        isShared ? "(\(condition)) AND (producer = SESSION_USER)" : condition
    }

    private var labels: [PostgreSQLPolicy] {
        guard isShared else { return [] }
        let alternatives = shared.map { dataset in
            "(SESSION_USER = \(SQLText.literal(dataset.producer))::name) AND "
                + "(dataset = \(SQLText.literal(dataset.name))::text) AND "
                + "(purposes <@ \(Self.texts(dataset.purposes))) AND (cardinality(purposes) > 0) AND "
                + "(classification = ANY (\(Self.texts(dataset.classifications))))"
        }
        let check =
            alternatives.count == 1 ? alternatives[0] : alternatives.map { "(\($0))" }.joined(separator: " OR ")
        return ["INSERT", "UPDATE"].map { command in
            PostgreSQLPolicy(
                name: "lapwing_labels_\(command.lowercased())",
                isRestrictive: true,
                command: command,
                roles: [],
                using: nil,
                check: check
            )
        }
    }

    /// The matrix: what each role may do.
    private var matrix: [PostgreSQLPolicy] {
        func policy(_ command: String, _ role: String, using: String?, check: String?) -> PostgreSQLPolicy {
            PostgreSQLPolicy(
                name: "\(command.lowercased())_\(role)",
                isRestrictive: false,
                command: command,
                roles: [role],
                using: using,
                check: check
            )
        }
        let reading = reads.map { read in
            let rows = read.rows.map { condition($0, read.role) } ?? Self.isSelf(read.role)
            return policy("SELECT", read.role, using: rows, check: nil)
        }
        let writing = writes.flatMap { write in
            let own = Self.isSelf(write.role)
            let insert = [policy("INSERT", write.role, using: nil, check: own)]
            guard write.isFull else { return insert }
            return insert + [
                policy("UPDATE", write.role, using: own, check: own),
                policy("DELETE", write.role, using: own, check: nil),
            ]
        }
        return reading + writing
    }

    private func condition(_ rows: PostgreSQLModel.Rows, _ role: String) -> String {
        "(\(Self.isSelf(role))) AND (dataset = ANY (\(Self.texts(rows.datasets)))) AND "
            + "(purposes && \(Self.texts(rows.purposes))) AND "
            + "(classification = ANY (\(Self.texts(rows.classifications))))"
    }

    private static func isSelf(_ role: String) -> String { "SESSION_USER = \(SQLText.literal(role))::name" }

    /// A question about who asks, which in a subquery is asked once a query and not once a row.
    private static func isOne(of roles: [String]) -> String {
        " SELECT (SESSION_USER = ANY (\(SQLText.literal(SQLText.array(Set(roles).sorted())))::name[]))"
    }

    private static func texts(_ texts: [String]) -> String { "\(SQLText.literal(SQLText.array(texts)))::text[]" }
}
