/// The queries that find hazards: each row is an object and what is the matter with it.
///
/// $1 and $2: schemas and names of the estate's tables. $3: Lapwing's roles. Every query uses all three.
enum PostgreSQLHazardQuery {
    /// The rules that a query answers, in their order.
    static func all(version: Int) -> [(rule: PostgreSQLRule, query: String)] {
        roles + relations(version: version) + code + surroundings
    }

    /// The estate's tables; what stands below them; and every view that reads any of these.
    private static let derived = """
        WITH RECURSIVE estate AS (SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
          JOIN unnest($1::name[], $2::name[]) AS t(s, n) ON t.s = n.nspname AND t.n = c.relname
          WHERE $3::name[] IS NOT NULL),
        derived(oid) AS (SELECT oid FROM estate UNION SELECT x.oid FROM derived AS d CROSS JOIN LATERAL (
          SELECT i.inhrelid AS oid FROM pg_inherits AS i WHERE i.inhparent = d.oid
          UNION ALL SELECT w.ev_class FROM pg_depend AS p JOIN pg_rewrite AS w ON w.oid = p.objid
          WHERE p.classid = 'pg_rewrite'::regclass AND p.refclassid = 'pg_class'::regclass AND p.refobjid = d.oid
            AND w.ev_class <> d.oid) AS x)

        """

    private static let scoped = "$1::name[] IS NOT NULL AND $2::name[] IS NOT NULL AND $3::name[] IS NOT NULL"

    private static let roles: [(rule: PostgreSQLRule, query: String)] = [
        // The first superuser is always there, and has the number 10.
        (.superuser, "SELECT rolname, 'SUPERUSER' FROM pg_roles WHERE rolsuper AND oid <> 10 AND \(scoped) LIMIT 1000"),
        (
            .bypassRowSecurity,
            "SELECT rolname, 'BYPASSRLS' FROM pg_roles WHERE rolbypassrls AND NOT rolsuper AND \(scoped) LIMIT 1000"
        ),
        (
            .pooler,
            """
            SELECT m.rolname, 'is a member of ' || g.rolname FROM pg_auth_members AS a
            JOIN pg_roles AS m ON m.oid = a.member JOIN pg_roles AS g ON g.oid = a.roleid
            WHERE (m.rolname = ANY ($3::name[]) OR g.rolname = ANY ($3::name[])) AND \(scoped) LIMIT 1000
            """
        ),
        (
            .serverPower,
            """
            SELECT rolname, 'CREATEROLE: it can make itself a member of every role' FROM pg_roles
            WHERE rolcreaterole AND NOT rolsuper AND \(scoped)
            UNION ALL SELECT m.rolname, 'is a member of ' || g.rolname FROM pg_auth_members AS a
            JOIN pg_roles AS m ON m.oid = a.member JOIN pg_roles AS g ON g.oid = a.roleid
            WHERE NOT m.rolsuper AND m.rolname !~ '^pg_' AND (g.rolsuper OR g.rolbypassrls OR g.rolcreaterole
              OR g.rolreplication OR g.rolname IN ('pg_read_all_data', 'pg_write_all_data',
              'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'pg_create_subscription',
              'pg_maintain'))
            LIMIT 1000
            """
        ),
        (
            .logicalDecoding,
            """
            SELECT slot_name::text, 'a logical slot (' || plugin || ')' FROM pg_replication_slots
            WHERE slot_type = 'logical' AND database = current_database() AND \(scoped)
            UNION ALL SELECT pubname, 'a publication' FROM pg_publication
            UNION ALL SELECT subname, 'a subscription' FROM pg_subscription
              WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            UNION ALL SELECT rolname, 'REPLICATION' FROM pg_roles WHERE rolreplication AND NOT rolsuper LIMIT 1000
            """
        ),
    ]

    private static func relations(version: Int) -> [(rule: PostgreSQLRule, query: String)] {
        [
            (
                .unforced,
                derived + """
                    SELECT c.oid::regclass::text, CASE WHEN c.relrowsecurity THEN 'row-level security is not forced'
                      ELSE 'row-level security is off' END
                    FROM pg_class AS c WHERE c.oid IN (SELECT oid FROM estate)
                      AND NOT (c.relrowsecurity AND c.relforcerowsecurity) LIMIT 1000
                    """
            ),
            (
                .invokerView,
                derived + """
                    SELECT c.oid::regclass::text, 'reads as ' || pg_get_userbyid(c.relowner) FROM pg_class AS c
                    WHERE c.oid IN (SELECT oid FROM derived) AND c.relkind = 'v' AND NOT EXISTS (
                      SELECT FROM pg_options_to_table(c.reloptions) AS o
                      WHERE o.option_name = 'security_invoker' AND o.option_value::boolean) LIMIT 1000
                    """
            ),
            (
                .barrierView,
                derived + """
                    SELECT c.oid::regclass::text, 'is no security barrier' FROM pg_class AS c
                    WHERE c.oid IN (SELECT oid FROM derived) AND c.relkind = 'v' AND NOT EXISTS (
                      SELECT FROM pg_options_to_table(c.reloptions) AS o
                      WHERE o.option_name = 'security_barrier' AND o.option_value::boolean) LIMIT 1000
                    """
            ),
            (
                .materializedView,
                derived + """
                    SELECT c.oid::regclass::text, 'holds rows of the estate' FROM pg_class AS c
                    WHERE c.oid IN (SELECT oid FROM derived) AND c.relkind = 'm' LIMIT 1000
                    """
            ),
            (
                .partition,
                derived + """
                    SELECT c.oid::regclass::text, CASE
                      WHEN NOT (c.relrowsecurity AND c.relforcerowsecurity) THEN 'is without forced row-level security'
                      WHEN pg_get_userbyid(c.relowner) <> '\(PostgreSQLModel.owner)'
                        THEN 'is owned by ' || pg_get_userbyid(c.relowner)
                      ELSE 'has grants of its own' END
                    FROM pg_class AS c WHERE c.oid IN (SELECT oid FROM derived) AND c.relkind IN ('r', 'p', 'f')
                      AND c.oid NOT IN (SELECT oid FROM estate)
                      AND (NOT (c.relrowsecurity AND c.relforcerowsecurity)
                        OR pg_get_userbyid(c.relowner) <> '\(PostgreSQLModel.owner)'
                        OR EXISTS (SELECT FROM aclexplode(c.relacl) AS a WHERE a.grantee <> c.relowner))
                    UNION ALL SELECT i.inhrelid::regclass::text, 'is read through ' || i.inhparent::regclass::text
                    FROM pg_inherits AS i WHERE i.inhrelid IN (SELECT oid FROM estate) LIMIT 1000
                    """
            ),
            (
                .copiedStatistics,
                derived + """
                    SELECT c.oid::regclass::text, 'may be read by ' || string_agg(DISTINCT
                      CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END, ', ')
                    FROM pg_class AS c, aclexplode(c.relacl) AS a
                    WHERE c.oid IN (SELECT oid FROM derived) AND c.oid NOT IN (SELECT oid FROM estate)
                      AND c.relkind IN ('r', 'p', 'm') AND NOT c.relrowsecurity AND a.privilege_type = 'SELECT'
                      AND a.grantee <> c.relowner GROUP BY c.oid LIMIT 1000
                    """
            ),
            privilege(.truncate, "TRUNCATE"),
            privilege(.references, "REFERENCES"),
            privilege(.trigger, "TRIGGER"),
        ]
    }

    /// Who has a privilege that no component is given.
    private static func privilege(
        _ rule: PostgreSQLRule,
        _ privilege: String
    ) -> (rule: PostgreSQLRule, query: String) {
        (
            rule,
            derived + """
                SELECT DISTINCT c.oid::regclass::text, '\(privilege) for '
                  || CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END
                FROM pg_class AS c CROSS JOIN LATERAL (SELECT * FROM aclexplode(c.relacl)
                  UNION ALL SELECT x.* FROM pg_attribute AS t, aclexplode(t.attacl) AS x WHERE t.attrelid = c.oid) AS a
                WHERE c.oid IN (SELECT oid FROM derived) AND a.privilege_type = '\(privilege)' AND a.grantee <> c.relowner
                LIMIT 1000
                """
        )
    }

    private static let code: [(rule: PostgreSQLRule, query: String)] = [
        (
            .definerFunction,
            """
            SELECT p.oid::regprocedure::text, 'runs as ' || pg_get_userbyid(p.proowner)
            FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
            WHERE p.prosecdef AND NOT (n.nspname = 'lapwing' AND p.proname = 'certified' AND p.pronargs = 0) AND \(scoped) LIMIT 1000
            """
        ),
        (
            .searchPath,
            """
            SELECT p.oid::regprocedure::text, 'no search_path of its own' FROM pg_proc AS p WHERE p.prosecdef AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE s LIKE 'search\\_path=%') AND \(scoped)
            LIMIT 1000
            """
        ),
        (
            .replacedFunction,
            """
            SELECT p.oid::regprocedure::text, 'is written in ' || l.lanname || ', as ' || left(p.prosrc, 80)
            FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
            WHERE n.nspname = 'lapwing' AND p.proname = 'ssl_extension_info' AND \(scoped)
              AND NOT (l.lanname = 'c' AND p.prosrc = 'ssl_extension_info' AND p.probin = '$libdir/sslinfo') LIMIT 1000
            """
        ),
        (
            .clientSetting,
            """
            SELECT polname || ' on ' || polrelid::regclass::text, 'asks current_setting()' FROM pg_policy
            WHERE coalesce(pg_get_expr(polqual, polrelid), '') || coalesce(pg_get_expr(polwithcheck, polrelid), '')
              ~ 'current_setting' AND \(scoped) LIMIT 1000
            """
        ),
        (
            .plantedCode,
            derived + """
                SELECT t.tgname || ' on ' || t.tgrelid::regclass::text, 'a trigger' FROM pg_trigger AS t
                WHERE NOT t.tgisinternal AND (t.tgrelid IN (SELECT oid FROM derived)
                  OR t.tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace('lapwing')))
                UNION ALL SELECT w.rulename || ' on ' || w.ev_class::regclass::text, 'a rule' FROM pg_rewrite AS w
                WHERE w.rulename <> '_RETURN' AND (w.ev_class IN (SELECT oid FROM derived)
                  OR w.ev_class IN (SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace('lapwing')))
                UNION ALL SELECT evtname, 'an event trigger' FROM pg_event_trigger LIMIT 1000
                """
        ),
        (
            .leakproof,
            """
            SELECT p.oid::regprocedure::text, 'LEAKPROOF' FROM pg_proc AS p
            WHERE p.proleakproof AND p.oid >= 16384 AND \(scoped) LIMIT 1000
            """
        ),
        (
            .untrustedLanguage,
            """
            SELECT lanname, 'not trusted' FROM pg_language
            WHERE NOT lanpltrusted AND lanname NOT IN ('internal', 'c') AND \(scoped) LIMIT 1000
            """
        ),
    ]

    private static let surroundings: [(rule: PostgreSQLRule, query: String)] = [
        (
            .foreignData,
            """
            SELECT extname, 'an extension' FROM pg_extension
            WHERE extname NOT IN ('btree_gin', 'btree_gist', 'citext', 'hstore', 'ltree', 'pg_stat_statements', 'pg_trgm',
              'pgaudit', 'pgcrypto', 'plpgsql', 'sslinfo', 'unaccent', 'uuid-ossp', 'vector') AND \(scoped)
            UNION ALL SELECT srvname, 'a foreign server' FROM pg_foreign_server
            UNION ALL SELECT fdwname, 'a foreign data wrapper' FROM pg_foreign_data_wrapper LIMIT 1000
            """
        ),
        (
            .foreignOwner,
            """
            SELECT 'database ' || datname, 'owned by ' || r.rolname FROM pg_database JOIN pg_roles AS r ON r.oid = datdba
            WHERE datname = current_database() AND NOT r.rolsuper AND \(scoped)
            """
        ),
        (
            .componentOwner,
            """
            SELECT CASE WHEN d.dbid = 0 OR b.datname = current_database()
                THEN pg_describe_object(d.classid, d.objid, d.objsubid)
                ELSE 'an object of the database ' || coalesce(b.datname, d.dbid::text) END, 'owned by ' || r.rolname
            FROM pg_shdepend AS d JOIN pg_roles AS r ON r.oid = d.refobjid LEFT JOIN pg_database AS b ON b.oid = d.dbid
            WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND r.rolname = ANY ($3::name[])
              AND r.rolname <> '\(PostgreSQLModel.owner)' AND \(scoped) LIMIT 1000
            """
        ),
        (
            .serverSetting,
            """
            SELECT name, 'is ' || CASE WHEN setting = '' THEN 'empty' ELSE setting END FROM pg_settings
            WHERE (name = 'ssl' AND setting <> 'on' OR name = 'ssl_ca_file' AND setting = ''
              OR name = 'allow_system_table_mods' AND setting <> 'off') AND \(scoped)
            """
        ),
        (
            // Of every role, in this database or in all.
            .commonSetting,
            """
            SELECT CASE WHEN s.setdatabase = 0 THEN 'every database' ELSE 'database ' || current_database() END,
              'sets ' || left(c, 200) FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c
            WHERE s.setrole = 0 AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
              AND lower(split_part(c, '=', 1)) ~ '^(session_preload_libraries|local_preload_libraries|dynamic_library_path|session_replication_role|role|search_path|row_security|lo_compat_privileges|allow_system_table_mods|pgaudit\\..*)$'
              AND \(scoped) LIMIT 1000
            """
        ),
    ]
}
