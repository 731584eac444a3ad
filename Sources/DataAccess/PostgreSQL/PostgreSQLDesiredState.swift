extension PostgreSQLModel {
    /// What the catalog has to say, and nothing beside it.
    public var state: PostgreSQLState {
        var state = PostgreSQLState()
        addRoles(to: &state)
        addOwn(to: &state)
        for table in tables {
            let relation = PostgreSQLState.Relation(table.schema, table.name)
            state.values[.tableOwner(relation)] = Self.owner
            state.values[.rowSecurity(relation)] = PostgreSQLState.enforced
            for policy in table.policies { state.values[.policy(relation, name: policy.name)] = policy.definition }
            addGrants(of: table, to: &state)
        }
        return state
    }

    private func addRoles(to state: inout PostgreSQLState) {
        state.values[.role(Self.owner)] = PostgreSQLState.attributes(canLogin: false)
        for component in components {
            state.values[.role(component.role)] = PostgreSQLState.attributes(canLogin: true)
            state.values[.setting(role: component.role, database: nil, name: "search_path")] = "pg_catalog"
            state.values[.registration(component.role)] = component.spiffeID
            state.values[.grant(.database(database), grantee: component.role, privilege: "CONNECT", column: nil)] = ""
            state.values[
                .grant(
                    .routine(Self.schema, "certified", ""),
                    grantee: component.role,
                    privilege: "EXECUTE",
                    column: nil
                )
            ] = ""
        }
    }

    private func addOwn(to state: inout PostgreSQLState) {
        for schema in [Self.schema] + schemas { state.values[.schema(schema)] = Self.owner }
        state.values[.extension("sslinfo")] = Self.schema
        for (name, columns) in PostgreSQLState.ownTables { state.values[.ownTable(name)] = columns }
        state.values[.tableOwner(PostgreSQLState.Relation(Self.schema, "component"))] = Self.owner
        state.values[.function("certified", types: "")] = PostgreSQLState.certified
        for kind in ["FUNCTIONS", "TYPES"] { state.values[.defaults(kind)] = PostgreSQLState.closed }
        let information = PostgreSQLState.Target.routine(Self.schema, "ssl_extension_info", "")
        state.values[.grant(information, grantee: Self.owner, privilege: "EXECUTE", column: nil)] = ""
    }

    private func addGrants(of table: Table, to state: inout PostgreSQLState) {
        let target = PostgreSQLState.Target.table(table.schema, table.name)
        func grant(_ privilege: String, to role: String, column: String? = nil) {
            state.values[.grant(target, grantee: role, privilege: privilege, column: column)] = ""
            let schema = PostgreSQLState.Target.schema(table.schema)
            state.values[.grant(schema, grantee: role, privilege: "USAGE", column: nil)] = ""
        }
        for read in table.reads {
            if let columns = read.columns {
                for column in columns { grant("SELECT", to: read.role, column: column) }
            } else {
                grant("SELECT", to: read.role)
            }
        }
        for write in table.writes {
            grant("INSERT", to: write.role)
            guard write.isFull else { continue }
            grant("UPDATE", to: write.role)
            grant("DELETE", to: write.role)
        }
    }
}

extension PostgreSQLState {
    /// Row-level security as it has to be.
    static let enforced = "ENABLE FORCE"
    /// Defaults as they have to be.
    static let closed = "closed"

    /// Lapwing's own tables and their columns.
    ///
    /// `component` says which SPIFFE ID a role has; `history` says what was applied, and how it is undone.
    static let ownTables = [
        "component": "role name PRIMARY KEY, spiffe_id text NOT NULL",
        "history":
            "serial bigint PRIMARY KEY, applied_at timestamp with time zone NOT NULL, applied_by name NOT NULL, "
            + "forward text NOT NULL, undo text NOT NULL",
    ]

    /// The attributes of a role without any power of its own.
    static func attributes(canLogin: Bool) -> String {
        (canLogin ? "LOGIN" : "NOLOGIN")
            + " NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS CONNECTION LIMIT -1 PASSWORD NULL"
    }

    /// The function that policies ask: whether the certificate of this connection is the one of its role.
    ///
    /// All names of the certificate are compared as one text, so that no other name beside the URI, and no text inside
    /// one, can be taken for it. `sslinfo` reads the connection's own process, hence no parallel worker.
    static let certified =
        "RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED "
        + "SET search_path TO 'pg_catalog', 'pg_temp' AS "
        + SQLText.literal(
            "SELECT COALESCE((SELECT pg_catalog.array_agg(e.value) FROM lapwing.ssl_extension_info() AS e "
                + "WHERE e.name OPERATOR(pg_catalog.=) 'subjectAltName') OPERATOR(pg_catalog.=) "
                + "(SELECT ARRAY['URI:' OPERATOR(pg_catalog.||) c.spiffe_id] FROM lapwing.component AS c "
                + "WHERE c.role OPERATOR(pg_catalog.=) SESSION_USER), false)"
        )
}
