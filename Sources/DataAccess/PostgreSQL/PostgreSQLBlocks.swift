extension PostgreSQLState {
    /// Statements in PL/pgSQL, for the superuser who runs them.
    static func block(_ body: String, declaring names: String = "") -> String {
        // No name inside can end the text.
        var tag = "$lapwing$"
        while body.contains(tag) { tag = "$lapwing" + String(repeating: "_", count: tag.utf8.count - 8) + "$" }
        return "DO LANGUAGE plpgsql \(tag) \(names.isEmpty ? "" : "DECLARE \(names) ")BEGIN\n\(body)\nEND \(tag)"
    }

    /// Fails where a role owns anything in this database, and lists what.
    static func refusal(ofOwner role: String) -> String {
        let name = SQLText.literal(role)
        return block(
            """
            s := (SELECT string_agg(pg_describe_object(d.classid, d.objid, d.objsubid), ', ') FROM (
              SELECT * FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o'
                AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = \(name))
                AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) LIMIT 20) AS d);
            IF s IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = 'dependent_objects_still_exist',
              MESSAGE = 'the role ' || \(name) || ' cannot go: it owns ' || s,
              HINT = 'Drop these, or give them another owner, then do this again.'; END IF;
            """,
            declaring: "s text;"
        )
    }

    /// Things of a kind, in the schema of a name, that default privileges give to others as they are made.
    enum Made {
        /// The schema itself.
        case schema
        /// A table of a name.
        case table(String)
        /// All functions of a name.
        case functions(String)
        /// The functions that an extension brought.
        case functionsOf(extension: String)
    }

    /// Takes from everybody but its owner what default privileges gave on a thing as it was made.
    static func closing(_ made: Made, in schema: String) -> String {
        let space = "= \(SQLText.literal(schema))"
        let source: (kind: String, name: String, acl: String, owner: String, from: String) =
            switch made {
            case .schema:
                (
                    "SCHEMA", "quote_ident(n.nspname)", "coalesce(n.nspacl, acldefault('n', n.nspowner))", "n.nspowner",
                    "pg_namespace AS n"
                )
            case .table: ("TABLE", "o.oid::regclass", "o.relacl", "o.relowner", objects("pg_class", "relnamespace"))
            case .functions, .functionsOf:
                (
                    "ROUTINE", "o.oid::regprocedure", "coalesce(o.proacl, acldefault('f', o.proowner))", "o.proowner",
                    objects("pg_proc", "pronamespace")
                )
            }
        let condition =
            switch made {
            case .schema: ""
            case .table(let name): " AND o.relname = \(SQLText.literal(name))"
            case .functions(let name): " AND o.proname = \(SQLText.literal(name))"
            case .functionsOf(let name):
                " AND EXISTS (SELECT FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid "
                    + "WHERE d.classid = 'pg_proc'::regclass AND d.objid = o.oid AND d.deptype = 'e' "
                    + "AND d.refclassid = 'pg_extension'::regclass AND e.extname = \(SQLText.literal(name)))"
            }
        return block(
            """
            FOR s IN SELECT DISTINCT format('REVOKE ALL ON \(source.kind) %s FROM %s CASCADE', \(source.name),
                CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
              FROM \(source.from), aclexplode(\(source.acl)) AS a
              WHERE a.grantee <> \(source.owner) AND n.nspname \(space)\(condition)
            LOOP EXECUTE s; END LOOP;
            """,
            declaring: "s text;"
        )
    }

    private static func objects(_ catalog: String, _ namespace: String) -> String {
        "\(catalog) AS o JOIN pg_namespace AS n ON n.oid = o.\(namespace)"
    }
}
