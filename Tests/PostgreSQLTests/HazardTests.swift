import DataAccess
import Foundation
import PostgreSQLClient
import TestPostgreSQL
import Testing

/// What opens a way around the generated SQL is found, and nothing else is.
@Suite(.serialized, .enabled(if: PostgreSQLCluster.isInstalled), .timeLimit(.minutes(5)))
struct HazardTests {
    /// A hazard, how it comes about, and the rule that finds it.
    private struct Hazard {
        let id: String
        let statements: String
        let rule: PostgreSQLRule

        init(_ id: String, _ rule: PostgreSQLRule, _ statements: String) {
            self.id = id
            self.rule = rule
            self.statements = statements
        }
    }

    private static let view = "CREATE VIEW lake.v"
    private static let definer = "CREATE FUNCTION lake.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER"

    /// A function beside PostgreSQL's own.
    private static func inCatalog(_ attribute: String) -> String {
        "SET LOCAL allow_system_table_mods = on; CREATE FUNCTION pg_catalog.f(text) RETURNS boolean LANGUAGE sql "
            + "\(attribute) AS 'SELECT true'"
    }

    private static let hazards: [Hazard] = [
        .init("D01", .superuser, "CREATE ROLE hz SUPERUSER LOGIN"),
        .init("D01 component", .superuser, "ALTER ROLE c_training SUPERUSER"),
        .init("D02", .bypassRowSecurity, "CREATE ROLE hz BYPASSRLS LOGIN"),
        .init("D03", .unforced, "ALTER TABLE lake.records NO FORCE ROW LEVEL SECURITY"),
        .init("D03 off", .unforced, "ALTER TABLE eval.results DISABLE ROW LEVEL SECURITY"),
        .init("D05", .invokerView, "\(view) AS SELECT * FROM lake.records"),
        .init(
            "D05 of a view",
            .invokerView,
            "\(view) AS SELECT 1 FROM lake.records; CREATE VIEW lake.w AS SELECT * FROM lake.v"
        ),
        .init("D07", .materializedView, "CREATE MATERIALIZED VIEW lake.m AS SELECT * FROM lake.records"),
        .init(
            "D08",
            .definerFunction,
            "\(definer) SET search_path = pg_catalog AS 'SELECT count(*) FROM lake.records'"
        ),
        .init("D09", .truncate, "GRANT TRUNCATE ON lake.records TO c_ingest"),
        .init("D10", .references, "GRANT REFERENCES (id) ON lake.records TO c_training"),
        .init("D11", .partition, "CREATE TABLE lake.child () INHERITS (lake.records)"),
        .init(
            "D11 granted",
            .partition,
            "CREATE TABLE lake.child () INHERITS (lake.records); ALTER TABLE lake.child ENABLE ROW LEVEL SECURITY; "
                + "ALTER TABLE lake.child FORCE ROW LEVEL SECURITY; GRANT SELECT ON lake.child TO PUBLIC"
        ),
        .init(
            "D11 owned",
            .partition,
            "CREATE TABLE lake.child () INHERITS (lake.records); ALTER TABLE lake.child ENABLE ROW LEVEL SECURITY; "
                + "ALTER TABLE lake.child FORCE ROW LEVEL SECURITY; CREATE ROLE hz; ALTER TABLE lake.child OWNER TO hz"
        ),
        .init("D13", .barrierView, "\(view) WITH (security_invoker) AS SELECT * FROM lake.records"),
        .init("D16", .searchPath, "\(definer) AS 'SELECT 1::bigint'"),
        .init(
            "D17",
            .clientSetting,
            "CREATE POLICY p ON lake.records USING (producer = current_setting('app.component'))"
        ),
        .init("D18", .extraPolicy, "CREATE POLICY p ON lake.records FOR SELECT TO c_training USING (true)"),
        .init("D20", .trigger, "GRANT TRIGGER ON training.examples TO c_training"),
        .init(
            "D22",
            .copiedStatistics,
            "CREATE MATERIALIZED VIEW lake.m AS SELECT * FROM lake.records; GRANT SELECT ON lake.m TO c_training"
        ),
        .init(
            "D22 child",
            .copiedStatistics,
            "CREATE TABLE lake.child () INHERITS (lake.records); GRANT SELECT ON lake.child TO c_training"
        ),
        .init("D23", .pooler, "CREATE ROLE hz LOGIN; GRANT c_training TO hz"),
        .init("D24 role", .logicalDecoding, "CREATE ROLE hz REPLICATION LOGIN"),
        .init("D24 publication", .logicalDecoding, "CREATE PUBLICATION p FOR TABLE lake.records"),
        .init(
            "trigger",
            .plantedCode,
            "CREATE TRIGGER t BEFORE UPDATE ON lake.records FOR EACH ROW "
                + "EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()"
        ),
        .init("rule", .plantedCode, "CREATE RULE r AS ON DELETE TO lake.records DO INSTEAD NOTHING"),
        .init("dblink", .foreignData, "CREATE EXTENSION dblink SCHEMA lake"),
        .init("server", .foreignData, "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w"),
        .init(
            "leakproof",
            .leakproof,
            "CREATE FUNCTION lake.l(text) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true'"
        ),
        .init(
            "another sslinfo",
            .replacedFunction,
            "CREATE OR REPLACE FUNCTION lapwing.ssl_extension_info(OUT name text, OUT value text, OUT critical boolean) "
                + "RETURNS SETOF record LANGUAGE sql AS 'SELECT 1::text, 2::text, true'"
        ),
        .init("CREATEROLE", .serverPower, "CREATE ROLE hz CREATEROLE LOGIN"),
        .init("predefined role", .serverPower, "CREATE ROLE hz LOGIN; GRANT pg_execute_server_program TO hz"),
        .init(
            "D11 parent",
            .partition,
            "CREATE TABLE public.parent (id int); ALTER TABLE eval.testset INHERIT public.parent"
        ),
        .init(
            "D11 attached",
            .partition,
            "CREATE TABLE public.whole (id int NOT NULL, text text) PARTITION BY RANGE (id); "
                + "ALTER TABLE public.whole ATTACH PARTITION eval.testset FOR VALUES FROM (0) TO (1000)"
        ),
        .init("D08 in pg_catalog", .definerFunction, inCatalog("SECURITY DEFINER")),
        .init("D16 in pg_catalog", .searchPath, inCatalog("SECURITY DEFINER")),
        .init(
            "D08 PostgreSQL's own",
            .definerFunction,
            "ALTER FUNCTION pg_catalog.pg_read_file(text) SECURITY DEFINER"
        ),
        .init("leakproof in pg_catalog", .leakproof, inCatalog("LEAKPROOF")),
        .init("member of a superuser", .serverPower, "CREATE ROLE hz LOGIN; GRANT postgres TO hz"),
        .init("member of BYPASSRLS", .serverPower, "CREATE ROLE g BYPASSRLS; CREATE ROLE hz LOGIN; GRANT g TO hz"),
        .init("member of CREATEROLE", .serverPower, "CREATE ROLE g CREATEROLE; CREATE ROLE hz LOGIN; GRANT g TO hz"),
        .init("own view", .componentOwner, "CREATE VIEW public.v AS SELECT 1; ALTER VIEW public.v OWNER TO c_training"),
        .init("own schema", .componentOwner, "CREATE SCHEMA mine AUTHORIZATION c_training"),
        .init(
            "own function",
            .componentOwner,
            "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
                + "ALTER FUNCTION public.f() OWNER TO c_training"
        ),
        .init("own type", .componentOwner, "CREATE TYPE public.t AS (a int); ALTER TYPE public.t OWNER TO c_training"),
        .init(
            "own large object",
            .componentOwner,
            "SELECT lo_create(4712); ALTER LARGE OBJECT 4712 OWNER TO c_training"
        ),
        .init("owner", .foreignOwner, "CREATE ROLE hz LOGIN; ALTER DATABASE ml OWNER TO hz"),
        .init("preload", .commonSetting, "ALTER DATABASE ml SET session_preload_libraries = 'evil'"),
        .init("preload of all", .commonSetting, "ALTER ROLE ALL SET local_preload_libraries = 'evil'"),
        .init("replica", .commonSetting, "ALTER ROLE ALL IN DATABASE ml SET session_replication_role = 'replica'"),
        .init("audit", .commonSetting, "ALTER DATABASE ml SET \"pgaudit.log\" = 'none'"),
        .init("role", .commonSetting, "ALTER ROLE ALL SET role = 'none'"),
        .init("path", .commonSetting, "ALTER DATABASE ml SET search_path = evil, pg_catalog"),
    ]

    /// A change of what the estate says itself, and how it is seen.
    private static let drifts: [(String, PostgreSQLDifference.Kind, String)] = [
        (
            "GRANT SELECT ON production.user_events TO c_training", .more,
            "SELECT on table production.user_events for c_training"
        ),
        (
            "GRANT SELECT (email) ON production.user_events TO c_dataprep", .more,
            "SELECT (email) on table production.user_events"
        ),
        ("GRANT UPDATE ON eval.results TO c_evaluation", .more, "UPDATE on table eval.results for c_evaluation"),
        ("GRANT SELECT ON lake.records TO PUBLIC", .more, "SELECT on table lake.records for PUBLIC"),
        ("CREATE ROLE hz; GRANT SELECT ON lake.records TO hz", .more, "SELECT on table lake.records for hz"),
        ("GRANT SELECT ON pg_authid TO PUBLIC", .more, "SELECT on table pg_catalog.pg_authid for PUBLIC"),
        (
            "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO PUBLIC", .more,
            "EXECUTE on routine pg_catalog.pg_read_file(text)"
        ),
        (
            "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO c_ingest", .more,
            "EXECUTE on routine pg_catalog.pg_read_file"
        ),
        ("GRANT EXECUTE ON FUNCTION pg_notify(text, text) TO PUBLIC", .more, "EXECUTE on routine pg_catalog.pg_notify"),
        ("CREATE FUNCTION lake.g() RETURNS int LANGUAGE sql AS 'SELECT 1'", .more, "EXECUTE on routine lake.g()"),
        ("GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC", .more, "USAGE on language plpgsql for PUBLIC"),
        ("GRANT TEMPORARY ON DATABASE ml TO PUBLIC", .more, "TEMPORARY on database ml for PUBLIC"),
        ("GRANT CREATE ON SCHEMA lake TO c_dataprep", .more, "CREATE on schema lake for c_dataprep"),
        ("GRANT CONNECT ON DATABASE postgres TO c_training", .more, "CONNECT on database postgres for c_training"),
        ("GRANT USAGE ON SEQUENCE lake.records_seq TO c_ingest", .more, "USAGE on sequence lake.records_seq"),
        ("GRANT SET ON PARAMETER work_mem TO c_ingest", .more, "SET on parameter work_mem"),
        ("SELECT lo_create(4711); GRANT SELECT ON LARGE OBJECT 4711 TO c_ingest", .more, "SELECT on large object 4711"),
        ("GRANT pg_read_all_data TO c_training", .more, "membership of c_training in pg_read_all_data"),
        ("GRANT lapwing_owner TO c_training", .more, "membership of c_training in lapwing_owner"),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE lapwing_owner GRANT SELECT ON TABLES TO c_training", .more,
            "default SELECT on tables"
        ),
        ("ALTER DEFAULT PRIVILEGES IN SCHEMA lake GRANT ALL ON TABLES TO PUBLIC", .more, "default INSERT on tables"),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE lapwing_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC", .changed,
            "defaults of"
        ),
        ("ALTER ROLE c_training PASSWORD 'mine'", .changed, "role c_training"),
        ("ALTER ROLE c_training CREATEDB", .changed, "role c_training"),
        ("ALTER ROLE lapwing_owner LOGIN", .changed, "role lapwing_owner"),
        ("ALTER ROLE c_training SET work_mem = '1MB'", .more, "setting work_mem of c_training"),
        (
            "ALTER ROLE c_training IN DATABASE ml SET row_security = off", .more,
            "setting row_security of c_training in ml"
        ),
        ("ALTER ROLE c_training SET search_path = evil", .changed, "setting search_path of c_training"),
        ("CREATE ROLE hz; ALTER TABLE lake.records OWNER TO hz", .changed, "owner of lake.records"),
        ("CREATE ROLE hz; ALTER SCHEMA lake OWNER TO hz", .changed, "schema lake"),
        ("DROP POLICY lapwing_identity ON lake.records", .less, "policy lapwing_identity on lake.records"),
        ("DROP POLICY select_c_training ON training.examples", .less, "policy select_c_training"),
        ("ALTER POLICY lapwing_readers ON training.examples USING (true)", .changed, "policy lapwing_readers"),
        (
            "ALTER POLICY select_c_training ON training.examples TO c_training, c_ingest", .changed,
            "policy select_c_training"
        ),
        (
            "REVOKE SELECT ON training.examples FROM c_training", .less,
            "SELECT on table training.examples for c_training"
        ),
        ("REVOKE CONNECT ON DATABASE ml FROM c_training", .less, "CONNECT on database ml for c_training"),
        (
            "UPDATE lapwing.component SET spiffe_id = 'spiffe://x/y' WHERE role = 'c_training'", .changed,
            "SPIFFE ID of c_training"
        ),
        ("INSERT INTO lapwing.component VALUES ('hz', 'spiffe://x/y')", .more, "SPIFFE ID of hz"),
        (
            "CREATE OR REPLACE FUNCTION lapwing.certified() RETURNS boolean LANGUAGE sql AS 'SELECT true'", .changed,
            "function certified()"
        ),
        ("DROP TABLE eval.results", .less, "table"),
        (
            "SET LOCAL allow_system_table_mods = on; "
                + "CREATE FUNCTION pg_catalog.g() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            .more, "EXECUTE on routine pg_catalog.g()"
        ),
        ("CREATE ROLE hz; ALTER TABLE lapwing.component OWNER TO hz", .changed, "owner of lapwing.component"),
        ("ALTER ROLE c_training SET my.word = E'\\u0301'", .more, "setting my.word of c_training"),
        (
            "CREATE TABLE public.parent (id int); ALTER TABLE eval.testset INHERIT public.parent", .less, "table"
        ),
        ("ALTER TABLE lake.records DROP COLUMN purposes CASCADE", .less, "table"),
    ]

    @Test func `each hazard and each drift is found, and the clean model raises no alarm`() throws {
        let model = try ReferenceEstate.model()
        let cluster = try PostgreSQLCluster(hostRules: model.hostRules, nameMaps: model.nameMaps)
        defer { cluster.stop() }
        try cluster.prepare(model, ReferenceEstate.tables)
        let connection = try cluster.superuser("ml")
        let session = Session(connection: connection)
        let started = ContinuousClock.now
        let clean = PostgreSQLDrift(
            of: try PostgreSQLApplication(session: session, model: model).catalog(),
            from: model
        )
        let duration = started.duration(to: .now)
        #expect(clean.differences.isEmpty, "\(clean.differences)")
        print("postgres drift: \(duration) for a clean catalog")

        /// The differences that some statements make, which do not stay.
        func differences(_ statements: String) throws -> [PostgreSQLDifference] {
            try connection.execute("BEGIN")
            defer { try? connection.execute("ROLLBACK") }
            try connection.execute(statements)
            try connection.execute("SET LOCAL search_path TO pg_catalog")
            return PostgreSQLDrift(of: try PostgreSQLCatalog(session, for: model), from: model).differences
        }
        for hazard in Self.hazards {
            let found = try differences(hazard.statements)
            #expect(found.contains { $0.rule == hazard.rule }, "\(hazard.id): \(found)")
        }
        for (statements, kind, object) in Self.drifts {
            let found = try differences(statements)
            #expect(found.contains { $0.kind == kind && $0.object.contains(object) }, "\(statements): \(found)")
        }
        // A view that is as it should be opens nothing.
        let held = try differences(
            "\(Self.view) WITH (security_invoker, security_barrier) AS SELECT * FROM lake.records"
        )
        #expect(held.isEmpty, "\(held)")
        // Neither does a child that is closed, nor a setting that changes nothing of access, nor another database's.
        let closed = try differences(
            "CREATE TABLE lake.child () INHERITS (lake.records); ALTER TABLE lake.child ENABLE ROW LEVEL SECURITY; "
                + "ALTER TABLE lake.child FORCE ROW LEVEL SECURITY; ALTER TABLE lake.child OWNER TO lapwing_owner"
        )
        #expect(closed.isEmpty, "\(closed)")
        let settings = try differences(
            "ALTER DATABASE ml SET work_mem = '4MB'; ALTER DATABASE postgres SET search_path = evil"
        )
        #expect(settings.isEmpty, "\(settings)")
        try connection.execute("SELECT pg_create_logical_replication_slot('s', 'test_decoding')")
        let slot = try differences("")
        #expect(slot.map(\.rule) == [.logicalDecoding], "\(slot)")
        try connection.execute("SELECT pg_drop_replication_slot('s')")
        try everyFact(model, differences)
        print("postgres hazards: \(Self.hazards.count + 1) injected, drifts: \(Self.drifts.count)")
    }

    /// Each thing that the estate says is missed when it is gone, and each privilege that it does not give is found.
    private func everyFact(
        _ model: PostgreSQLModel,
        _ differences: (String) throws -> [PostgreSQLDifference]
    ) throws {
        let scale = max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)
        var generator = SeededGenerator(seed: 0x1a97)
        let facts = PostgreSQLPlan(from: model.state, to: PostgreSQLState()).changes.filter { change in
            switch change.key {
            // What others stand on cannot go by itself.
            case .role, .schema, .extension, .ownTable, .function, .tableOwner, .rowSecurity: false
            default: true
            }
        }
        // A fifth of them, or all with a scale of 5.
        for change in facts where Int.random(in: 0..<5, using: &generator) < scale {
            let found = try differences(change.statements.joined(separator: "; "))
            #expect(found.contains { $0.object == "\(change.key)" }, "\(change.key): \(found)")
        }
        for _ in 0..<(40 * scale) {
            let table = try #require(model.tables.randomElement(using: &generator))
            let role = try #require((model.roles + ["PUBLIC"]).randomElement(using: &generator))
            let privilege =
                ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
                .randomElement(using: &generator) ?? "SELECT"
            let grantee = role == "PUBLIC" ? nil : role
            let target = PostgreSQLState.Target(kind: "TABLE", name: table.identifier)
            let key = PostgreSQLState.Key.grant(target, grantee: grantee, privilege: privilege, column: nil)
            guard model.state.values[key] == nil else { continue }
            let found = try differences("GRANT \(privilege) ON \(table.identifier) TO \(role)")
            #expect(found.contains { $0.kind == .more && $0.object == "\(key)" }, "\(key): \(found)")
        }
    }
}
