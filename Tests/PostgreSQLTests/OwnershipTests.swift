import DataAccess
import PostgreSQLClient
import TestPostgreSQL
import Testing

/// What components came to own or set, and what others were given by default, neither stops an estate nor gains from it.
@Suite(.serialized, .enabled(if: PostgreSQLCluster.isInstalled), .timeLimit(.minutes(5)))
struct OwnershipTests {
    private struct Bench {
        let cluster: PostgreSQLCluster
        let connection: PostgreSQLConnection
        let application: PostgreSQLApplication
        let model: PostgreSQLModel

        init() throws {
            model = try ReferenceEstate.model()
            cluster = try PostgreSQLCluster(hostRules: model.hostRules, nameMaps: model.nameMaps)
            try cluster.superuser("postgres").execute("CREATE DATABASE ml")
            connection = try cluster.superuser("ml")
            application = PostgreSQLApplication(session: Session(connection: connection), model: model)
        }
    }

    @Test func `a component that owns something does not go, and what it owns stays its own`() throws {
        let bench = try Bench()
        defer { bench.cluster.stop() }
        let connection = bench.connection
        try connection.execute(ReferenceEstate.tables)
        try bench.application.apply()
        try connection.execute(
            "CREATE VIEW public.secrets AS SELECT * FROM lake.records; ALTER VIEW public.secrets OWNER TO c_training; "
                + "CREATE TYPE public.mood AS ENUM ('a'); GRANT USAGE ON TYPE public.mood TO c_ingest"
        )
        let refused = #expect(throws: PostgreSQLError.self) { try bench.application.rollback() }
        let text = "\(refused.map { "\($0)" } ?? "")"
        #expect(text.contains("c_training") && text.contains("view public.secrets"), "\(text)")
        let owner = "SELECT viewowner FROM pg_views WHERE viewname = 'secrets'"
        #expect(try connection.query(owner) == [["c_training"]])
        #expect(try bench.application.plan().isEmpty)
        // A component that leaves the estate does not take it along either.
        let narrowed = try PostgreSQLModel(
            try ReferenceEstate.estate(
                ReferenceEstate.yaml.replacing("purposes: [training, dataprep]", with: "purposes: [dataprep]")
            ),
            database: "ml"
        )
        #expect(!narrowed.roles.contains("c_training"))
        let narrowing = PostgreSQLApplication(session: Session(connection: connection), model: narrowed)
        #expect(throws: PostgreSQLError.self) { try narrowing.apply() }
        #expect(try connection.query(owner) == [["c_training"]])
        // Grants that others gave meanwhile are no reason to stay.
        try connection.execute("DROP VIEW public.secrets")
        try bench.application.rollback()
        #expect(try connection.query("SELECT rolname FROM pg_roles WHERE rolname ~ '^(c_|lapwing)'").isEmpty)
    }

    @Test func `settings of components are taken away and come back as they were`() throws {
        let bench = try Bench()
        defer { bench.cluster.stop() }
        let connection = bench.connection
        try connection.execute(ReferenceEstate.tables)
        try bench.application.apply()
        try connection.execute(
            #"""
            ALTER ROLE c_training SET my.mark = E'\u0301x';
            ALTER ROLE c_training SET my.list = 'a, b';
            ALTER ROLE c_training SET my.word = 'select';
            ALTER ROLE c_training SET my.quote = E'it''s \\ "so"';
            ALTER ROLE c_training SET search_path = "$user", "A, ""b""", public, 'select';
            ALTER ROLE c_ingest SET search_path = '';
            ALTER ROLE c_ingest IN DATABASE ml SET "DateStyle" = 'ISO, DMY';
            """#
        )
        let settings = "SELECT setrole::regrole, s FROM pg_db_role_setting, unnest(setconfig) AS s ORDER BY 1, 2"
        let before = try connection.query(settings)
        #expect(before.contains(["c_training", "my.mark=\u{301}x"]), "\(before)")
        try bench.application.apply()
        #expect(try bench.application.catalog().state == bench.model.state)
        try bench.application.rollback()
        #expect(try connection.query(settings) == before)
    }

    @Test func `defaults give nobody anything on what is made, by apply or by script`() throws {
        for byScript in [false, true] {
            let bench = try Bench()
            defer { bench.cluster.stop() }
            let connection = bench.connection
            try connection.execute(ReferenceEstate.tables)
            try connection.execute(
                """
                CREATE ROLE hz; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO hz;
                ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO hz; ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO hz;
                """
            )
            if byScript { try connection.execute(bench.model.script) } else { try bench.application.apply() }
            let drift = PostgreSQLDrift(of: try bench.application.catalog(), from: bench.model)
            #expect(drift.differences.isEmpty, "\(drift.differences)")
            let rights = try connection.query(
                "SELECT has_table_privilege('hz', 'lapwing.history', 'INSERT, SELECT, UPDATE'), "
                    + "has_table_privilege('hz', 'lapwing.component', 'INSERT, SELECT, UPDATE'), "
                    + "has_schema_privilege('hz', 'lapwing', 'USAGE, CREATE'), "
                    + "has_function_privilege('hz', 'lapwing.certified()', 'EXECUTE')"
            )
            #expect(rights == [["f", "f", "f", "f"]])
        }
    }

    @Test func `only what was shown is rolled back, from a history that a superuser wrote`() throws {
        let bench = try Bench()
        defer { bench.cluster.stop() }
        let connection = bench.connection
        try connection.execute(ReferenceEstate.tables)
        try bench.application.apply()
        let shown = try bench.application.undo()
        try connection.execute("GRANT DELETE ON lake.records TO c_training")
        try bench.application.apply()
        let applied = try bench.application.catalog().state
        #expect(try !bench.application.rollback(expecting: shown))
        #expect(try bench.application.catalog().state == applied)

        try connection.execute("CREATE ROLE hz")
        for grant in ["INSERT", "UPDATE (undo)", "TRIGGER", "DELETE", "TRUNCATE"] {
            for grantee in ["hz", "PUBLIC"] {
                try connection.execute("GRANT \(grant) ON lapwing.history TO \(grantee)")
                let doubt = #expect(throws: PostgreSQLModelError.self) { try bench.application.rollback() }
                #expect(doubt?.message.contains(grantee) == true, "\(doubt?.message ?? "")")
                try connection.execute("REVOKE \(grant) ON lapwing.history FROM \(grantee)")
            }
        }
        // The same history in another database is another's.
        let elsewhere = try bench.cluster.superuser("postgres")
        let astray = PostgreSQLApplication(session: Session(connection: elsewhere), model: bench.model)
        let wrong = #expect(throws: PostgreSQLModelError.self) { try astray.undo() }
        #expect(wrong?.message.contains("`postgres`") == true, "\(wrong?.message ?? "")")
        #expect(try bench.application.rollback(expecting: bench.application.undo()))
        #expect(try bench.application.rollback(expecting: shown))
        #expect(throws: PostgreSQLModelError.self) { try bench.application.rollback() }
    }

    @Test func `a table that is read through another is refused`() throws {
        let bench = try Bench()
        defer { bench.cluster.stop() }
        try bench.connection.execute(ReferenceEstate.tables)
        try bench.connection.execute(
            "CREATE TABLE public.parent (id int); ALTER TABLE eval.testset INHERIT public.parent"
        )
        let refused = #expect(throws: PostgreSQLModelError.self) { try bench.application.plan() }
        #expect(refused?.code == .notReady && refused?.message.contains("child of `public.parent`") == true)
    }

    @Test func `the files are read in the server's order, whatever its version`() throws {
        for (version, order) in [(150_000, "ORDER BY line_number"), (160_000, "ORDER BY rule_number, line_number")] {
            let recorder = Recorder(serverVersion: version)
            _ = try PostgreSQLCatalog(recorder, for: try ReferenceEstate.model())
            let queries = recorder.queries.filter { $0.contains("FROM pg_hba_file_rules") }
            #expect(queries.count == 1 && queries.allSatisfy { $0.contains(order) }, "\(queries)")
        }
    }

    /// A server of some version with nothing in it, which keeps what it is asked.
    private final class Recorder: PostgreSQLCatalogSource {
        let serverVersion: Int
        var queries: [String] = []

        init(serverVersion: Int) { self.serverVersion = serverVersion }

        func rows(_ query: String, _ parameters: [String?]) throws -> [[String?]] {
            queries.append(query)
            return query.contains("has_function_privilege") ? [["t"]] : []
        }
    }
}
