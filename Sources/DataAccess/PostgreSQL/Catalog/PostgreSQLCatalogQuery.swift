/// The queries that read a catalog; each is bounded, so that a hostile one costs no more than it has to.
enum PostgreSQLCatalogQuery {
    /// Our own tables and their columns, as `CREATE TABLE` says them; $1: the schema.
    static let ownTables = """
        SELECT c.relname, string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
          || CASE WHEN a.attnum = ANY (k.conkey) THEN ' PRIMARY KEY' WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
          ', ' ORDER BY a.attnum)
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
        WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relname IN ('component', 'history') GROUP BY c.oid
        """

    /// Attributes of roles; $1: the roles.
    static let roles = """
        SELECT rolname, CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END
          || CASE WHEN rolsuper THEN ' SUPERUSER' ELSE ' NOSUPERUSER' END
          || CASE WHEN rolcreatedb THEN ' CREATEDB' ELSE ' NOCREATEDB' END
          || CASE WHEN rolcreaterole THEN ' CREATEROLE' ELSE ' NOCREATEROLE' END
          || CASE WHEN rolinherit THEN ' INHERIT' ELSE ' NOINHERIT' END
          || CASE WHEN rolreplication THEN ' REPLICATION' ELSE ' NOREPLICATION' END
          || CASE WHEN rolbypassrls THEN ' BYPASSRLS' ELSE ' NOBYPASSRLS' END
          || ' CONNECTION LIMIT ' || rolconnlimit, rolpassword IS NOT NULL
        FROM pg_authid WHERE rolname = ANY ($1::name[]) LIMIT 10000
        """

    /// Memberships of roles and in roles; $1: the roles.
    static let members = """
        SELECT m.rolname, g.rolname, a.admin_option FROM pg_auth_members AS a
        JOIN pg_roles AS m ON m.oid = a.member JOIN pg_roles AS g ON g.oid = a.roleid
        WHERE m.rolname = ANY ($1::name[]) OR g.rolname = ANY ($1::name[]) LIMIT 10000
        """

    /// Settings of roles; $1: the roles.
    static let settings = """
        SELECT r.rolname, d.datname, c FROM pg_db_role_setting AS s JOIN pg_roles AS r ON r.oid = s.setrole
        LEFT JOIN pg_database AS d ON d.oid = s.setdatabase, unnest(s.setconfig) AS c
        WHERE r.rolname = ANY ($1::name[]) LIMIT 10000
        """

    /// Owners of schemas; $1: the schemas.
    static let schemas = """
        SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = ANY ($1::name[]) LIMIT 10000
        """

    /// The extension that policies need.
    static let extensions = """
        SELECT e.extname, n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'sslinfo'
        """

    /// Functions that belong to no extension; $1: the schema.
    static let functions = """
        SELECT p.proname,
          CASE WHEN p.prokind = 'p' THEN '' ELSE 'RETURNS ' || pg_get_function_result(p.oid) END,
          'LANGUAGE ' || l.lanname
          || CASE p.provolatile WHEN 'i' THEN ' IMMUTABLE' WHEN 's' THEN ' STABLE' ELSE ' VOLATILE' END
          || CASE WHEN p.prosecdef THEN ' SECURITY DEFINER' ELSE '' END
          || CASE WHEN p.proisstrict THEN ' STRICT' ELSE '' END
          || CASE WHEN p.proleakproof THEN ' LEAKPROOF' ELSE '' END
          || CASE p.proparallel WHEN 's' THEN ' PARALLEL SAFE' WHEN 'r' THEN ' PARALLEL RESTRICTED' ELSE '' END,
          array_to_string(p.proconfig, E'\\n'), left(p.prosrc, 100000), pg_get_userbyid(p.proowner),
          oidvectortypes(p.proargtypes)
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
        WHERE n.nspname = $1 AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass
          AND d.objid = p.oid AND d.deptype = 'e') LIMIT 1000
        """

    /// Owners of tables and their row-level security; $1 and $2: schemas and names.
    static let tables = """
        SELECT n.nspname, c.relname, pg_get_userbyid(c.relowner),
          CASE WHEN c.relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END
          || CASE WHEN c.relforcerowsecurity THEN ' FORCE' ELSE ' NOFORCE' END
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN unnest($1::name[], $2::name[]) AS t(s, n) ON t.s = n.nspname AND t.n = c.relname
        WHERE c.relkind IN ('r', 'p')
        """

    /// Policies of tables; $1 and $2: schemas and names.
    static let policies = """
        SELECT n.nspname, c.relname, p.polname, CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
          CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
            ELSE 'ALL' END,
          CASE WHEN p.polroles = '{0}' THEN NULL ELSE (SELECT string_agg('"' || replace(pg_get_userbyid(r), '"', '""')
            || '"', ', ' ORDER BY pg_get_userbyid(r) COLLATE "C") FROM unnest(p.polroles) AS r) END,
          pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
        FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN unnest($1::name[], $2::name[]) AS t(s, n) ON t.s = n.nspname AND t.n = c.relname LIMIT 100000
        """

    /// Whether PUBLIC may use what the owner will make; $1: the owner.
    static let ownerDefaults = """
        SELECT k.word, CASE WHEN EXISTS (SELECT FROM aclexplode(coalesce((SELECT d.defaclacl FROM pg_default_acl AS d
            WHERE d.defaclrole = r.oid AND d.defaclnamespace = 0 AND d.defaclobjtype = k.kind),
            acldefault(k.kind, r.oid))) AS a WHERE a.grantee = 0) THEN 'open' ELSE 'closed' END
        FROM pg_roles AS r, (VALUES ('f'::"char", 'FUNCTIONS'), ('T'::"char", 'TYPES')) AS k(kind, word)
        WHERE r.rolname = $1
        """

    /// Default privileges for roles, and all that the owner grants by default; $1: the roles; $2: the owner.
    static let defaultGrants = """
        SELECT r.rolname, n.nspname, CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
            WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
          CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable
        FROM pg_default_acl AS d JOIN pg_roles AS r ON r.oid = d.defaclrole
        LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) AS a
        WHERE a.grantee <> d.defaclrole
          AND (a.grantee = 0 AND NOT (d.defaclobjtype IN ('f', 'T') AND d.defaclnamespace = 0) OR r.rolname = $2
            OR pg_get_userbyid(a.grantee) = ANY ($1::name[]))
          AND NOT (a.grantee = 0 AND r.rolname = $2 AND d.defaclobjtype IN ('f', 'T') AND d.defaclnamespace = 0)
        LIMIT 10000
        """

    /// Privileges; $1: our roles; $2 and $3: schemas and names of the tables; $4: our schemas; $5: functions of
    /// PostgreSQL's own that nobody is to call.
    ///
    /// On what is ours, everybody's; elsewhere those of our roles and of PUBLIC, without what PostgreSQL itself begins with
    /// in its own schemas.
    static func grants(version: Int) -> String {
        """
        WITH ours AS (SELECT oid FROM pg_roles WHERE rolname = ANY ($1::name[])),
        estate AS (SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
          JOIN unnest($2::name[], $3::name[]) AS t(s, n) ON t.s = n.nspname AND t.n = c.relname
          UNION SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE n.nspname = 'lapwing'),
        found AS (
        SELECT 'DATABASE' AS kind, NULL::text AS schema, datname::text AS name, NULL::text AS types, NULL::text AS col,
          datdba AS owner, a.* FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS a
        WHERE a.grantee IN (SELECT oid FROM ours) AND (datacl IS NOT NULL OR a.grantee <> datdba)
          OR a.grantee = 0 AND datname = current_database()
        UNION ALL SELECT 'SCHEMA', NULL, nspname, NULL, NULL, nspowner, a.*
        FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) AS a
        WHERE nspname = ANY ($4::name[]) OR a.grantee IN (SELECT oid FROM ours)
          OR a.grantee = 0 AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND nspname !~ '^pg_t'
        UNION ALL SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname, NULL, NULL,
          c.relowner, a.*
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS a
        WHERE c.oid IN (SELECT oid FROM estate) OR a.grantee IN (SELECT oid FROM ours)
          OR a.grantee = 0 AND NOT EXISTS (SELECT FROM pg_init_privs AS i, aclexplode(i.initprivs) AS b
            WHERE i.classoid = 'pg_class'::regclass AND i.objoid = c.oid AND i.objsubid = 0 AND b.grantee = 0
              AND b.privilege_type = a.privilege_type)
            -- What everybody may read of the information schema is not recorded as where PostgreSQL begins.
            AND NOT (n.nspname = 'information_schema' AND a.privilege_type = 'SELECT' AND c.oid < 16384)
        UNION ALL SELECT 'TABLE', n.nspname, c.relname, NULL, t.attname, c.relowner, a.*
        FROM pg_attribute AS t JOIN pg_class AS c ON c.oid = t.attrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(t.attacl) AS a
        WHERE NOT t.attisdropped AND (c.oid IN (SELECT oid FROM estate) OR a.grantee IN (SELECT oid FROM ours)
          OR a.grantee = 0 AND NOT EXISTS (SELECT FROM pg_init_privs AS i, aclexplode(i.initprivs) AS b
            WHERE i.classoid = 'pg_class'::regclass AND i.objoid = c.oid AND i.objsubid = t.attnum AND b.grantee = 0
              AND b.privilege_type = a.privilege_type))
        UNION ALL SELECT 'ROUTINE', n.nspname, p.proname, oidvectortypes(p.proargtypes), NULL, p.proowner, a.*
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace,
          aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
        WHERE n.nspname = 'lapwing' OR a.grantee IN (SELECT oid FROM ours)
          OR a.grantee = 0 AND p.oid >= 16384
          OR a.grantee = 0 AND n.nspname = 'pg_catalog' AND p.proname = ANY ($5::name[])
          OR a.grantee = 0 AND p.proacl IS NOT NULL AND EXISTS (SELECT FROM pg_init_privs AS i
            WHERE i.classoid = 'pg_proc'::regclass AND i.objoid = p.oid AND i.objsubid = 0)
            AND NOT EXISTS (SELECT FROM pg_init_privs AS i, aclexplode(i.initprivs) AS b
              WHERE i.classoid = 'pg_proc'::regclass AND i.objoid = p.oid AND i.objsubid = 0 AND b.grantee = 0)
        UNION ALL SELECT 'LANGUAGE', NULL, lanname, NULL, NULL, lanowner, a.*
        FROM pg_language, aclexplode(coalesce(lanacl, acldefault('l', lanowner))) AS a
        WHERE lanpltrusted AND (a.grantee = 0 OR a.grantee IN (SELECT oid FROM ours))
        UNION ALL SELECT 'FOREIGN DATA WRAPPER', NULL, fdwname, NULL, NULL, fdwowner, a.*
        FROM pg_foreign_data_wrapper, aclexplode(fdwacl) AS a WHERE a.grantee = 0 OR a.grantee IN (SELECT oid FROM ours)
        UNION ALL SELECT 'FOREIGN SERVER', NULL, srvname, NULL, NULL, srvowner, a.*
        FROM pg_foreign_server, aclexplode(srvacl) AS a WHERE a.grantee = 0 OR a.grantee IN (SELECT oid FROM ours)
        UNION ALL SELECT 'TABLESPACE', NULL, spcname, NULL, NULL, spcowner, a.*
        FROM pg_tablespace, aclexplode(spcacl) AS a WHERE a.grantee = 0 OR a.grantee IN (SELECT oid FROM ours)
        UNION ALL SELECT 'LARGE OBJECT', NULL, oid::text, NULL, NULL, lomowner, a.*
        FROM pg_largeobject_metadata, aclexplode(lomacl) AS a WHERE a.grantee = 0 OR a.grantee IN (SELECT oid FROM ours)
        \(version >= 150_000 ? parameters : "")
        )
        SELECT kind, schema, name, types, col, CASE WHEN grantee = 0 THEN NULL ELSE pg_get_userbyid(grantee) END,
          privilege_type, is_grantable
        FROM found WHERE grantee <> owner LIMIT 1000000
        """
    }

    /// Privileges on settings, since version 15.
    private static let parameters = """
        UNION ALL SELECT 'PARAMETER', NULL, parname, NULL, NULL, 10::oid, a.*
        FROM pg_parameter_acl, aclexplode(paracl) AS a WHERE a.grantee = 0 OR a.grantee IN (SELECT oid FROM ours)
        """
}
