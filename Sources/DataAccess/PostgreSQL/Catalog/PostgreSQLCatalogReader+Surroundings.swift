extension PostgreSQLCatalogReader {
    /// What opens a way around grants and policies.
    func hazards() throws -> [PostgreSQLHazard] {
        let parameters = tables + [SQLText.array(scope)]
        var hazards: [PostgreSQLHazard] = []
        for (rule, query) in PostgreSQLHazardQuery.all(version: source.serverVersion) {
            for row in try source.rows(query, parameters) {
                hazards.append(PostgreSQLHazard(rule, row.text(0), row.text(1)))
            }
        }
        return hazards.sorted { ($0.rule.rawValue, $0.object, $0.detail) < ($1.rule.rawValue, $1.object, $1.detail) }
    }

    /// The rules of `pg_hba.conf`, where the connection may see them.
    func hostRules() throws -> [PostgreSQLHostRule]? {
        guard try isAllowed("pg_hba_file_rules()") else { return nil }
        return try source.rows(
            """
            SELECT line_number, type, array_to_string(database, E'\\n'), array_to_string(user_name, E'\\n'), address,
              netmask, auth_method, array_to_string(options, E'\\n'), error
            FROM pg_hba_file_rules ORDER BY \(order("rule_number")) LIMIT 100000
            """,
            []
        ).map { row in
            PostgreSQLHostRule(
                line: Int(row.text(0)) ?? 0,
                type: row.text(1),
                databases: row.lines(2),
                users: row.lines(3),
                address: row[4],
                method: row.text(6),
                options: row.lines(7),
                error: row[8]
            )
        }
    }

    /// The maps of `pg_ident.conf`, where the connection may see them.
    func nameMaps() throws -> [PostgreSQLNameMap]? {
        guard source.serverVersion >= 150_000, try isAllowed("pg_ident_file_mappings()") else { return nil }
        return try source.rows(
            "SELECT line_number, map_name, sys_name, pg_username, error FROM pg_ident_file_mappings "
                + "ORDER BY \(order("map_number")) LIMIT 100000",
            []
        ).map { row in
            PostgreSQLNameMap(
                line: Int(row.text(0)) ?? 0,
                map: row.text(1),
                subject: row.text(2),
                role: row.text(3),
                error: row[4]
            )
        }
    }

    /// The order in which the server reads: since version 16 files include others, and each has its own line numbers.
    private func order(_ number: String) -> String {
        source.serverVersion >= 160_000 ? "\(number), line_number" : "line_number"
    }

    private func isAllowed(_ function: String) throws -> Bool {
        try source.rows("SELECT has_function_privilege($1, 'EXECUTE')", ["pg_catalog.\(function)"]).first?.text(0)
            == "t"
    }

    /// Tables that are missing, and shared ones without the columns that labels stand in.
    func unusable() throws -> [String] {
        var found: [String: [String: (type: String, isRequired: Bool)]] = [:]
        let columns = try source.rows(
            """
            SELECT n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, NULL), a.attnotnull
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            JOIN unnest($1::name[], $2::name[]) AS t(s, n) ON t.s = n.nspname AND t.n = c.relname
            LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'p') LIMIT 1000000
            """,
            tables
        )
        for row in columns { found[row.text(0), default: [:]][row.text(1)] = (row.text(2), row.text(3) == "t") }
        let children = try source.rows(
            """
            SELECT n.nspname || '.' || c.relname, i.inhparent::regclass::text FROM pg_inherits AS i
            JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
            JOIN unnest($1::name[], $2::name[]) AS t(s, n) ON t.s = n.nspname AND t.n = c.relname
            ORDER BY 1, 2 LIMIT 1000
            """,
            tables
        ).map { row in
            "`\(row.text(0))` is a partition or child of `\(row.text(1))`, through which its rows are read past its policies: "
                + "detach it, or declare the parent"
        }
        return children
            + model.tables.flatMap { table -> [String] in
                let name = "\(table.schema).\(table.name)"
                guard let columns = found[name] else {
                    return ["there is no table `\(name)`: create it, then apply again"]
                }
                let missing = Set(table.reads.flatMap { $0.columns ?? [] }).subtracting(columns.keys).sorted()
                return missing.map { "`\(name)` has no column `\($0)`, which `columnsFor` names" }
                    + (table.isShared ? labelFaults(name, columns) : [])
            }
    }

    private func labelFaults(_ table: String, _ columns: [String: (type: String, isRequired: Bool)]) -> [String] {
        let wanted =
            [("dataset", ["text"]), ("producer", ["name", "text"]), ("purposes", ["text[]"])]
            + [("classification", ["text"])]
        return wanted.compactMap { column, types in
            guard let found = columns[column], types.contains(found.type) else {
                return "`\(table)` holds several datasets and needs a column `\(column)` of the type `\(types[0])`"
            }
            return nil
        }
    }
}
