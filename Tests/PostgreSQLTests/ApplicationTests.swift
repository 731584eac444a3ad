import Foundation
import TestPostgreSQL
import Testing

@testable import DataAccess
@testable import PostgreSQLClient

/// A plan says what changes, applying makes it so once, and a rollback takes it back.
@Suite(.serialized, .enabled(if: PostgreSQLCluster.isInstalled), .timeLimit(.minutes(5)))
struct ApplicationTests {
    @Test func `applied, applied again, changed and rolled back`() throws {
        let model = try ReferenceEstate.model()
        let cluster = try PostgreSQLCluster(hostRules: model.hostRules, nameMaps: model.nameMaps)
        defer { cluster.stop() }
        try cluster.superuser("postgres").execute("CREATE DATABASE ml")
        let connection = try cluster.superuser("ml")
        let session = Session(connection: connection)
        let application = PostgreSQLApplication(session: session, model: model)

        // Without its tables nothing is applied.
        let unready = #expect(throws: PostgreSQLModelError.self) { try application.apply() }
        #expect(unready?.code == .notReady && unready?.message.contains("lake.records") == true)
        try connection.execute(ReferenceEstate.tables)
        try connection.execute("CREATE ROLE analyst; GRANT SELECT, TRIGGER ON training.examples TO analyst")
        let before = try application.catalog().state

        let plan = try application.plan()
        #expect(!plan.isEmpty && plan.statements.contains(#"CREATE ROLE "c_training""#))
        #expect(try application.catalog().state == before, "a plan changes nothing")
        #expect(try application.apply() == plan)
        #expect(try application.plan().isEmpty)
        let applied = try application.catalog().state
        #expect(applied == model.state)
        #expect(try application.apply().isEmpty)
        #expect(try connection.query("SELECT count(*) FROM lapwing.history") == [["1"]])

        // A change of the estate is applied as a change.
        let narrowed = try PostgreSQLModel(
            try ReferenceEstate.estate(ReferenceEstate.yaml.replacing("[evaluation, dataprep]", with: "[evaluation]")),
            database: "ml"
        )
        let second = PostgreSQLApplication(session: session, model: narrowed)
        let changes = try second.apply().changes
        #expect(changes.contains { "\($0.key)" == "SELECT on table eval.testset for c_dataprep" && $0.new == nil })
        #expect(!changes.contains { if case .role = $0.key { true } else { false } })
        #expect(try second.catalog().state == narrowed.state)
        try second.rollback()
        #expect(try application.catalog().state == applied)

        // What goes wrong on the way leaves everything as it was.
        try connection.execute(
            "ALTER TABLE lake.records DISABLE ROW LEVEL SECURITY; CREATE ROLE hz; GRANT c_training TO hz"
        )
        let drifted = try application.catalog().state
        #expect(drifted != applied)
        #expect(try !application.apply().isEmpty)
        #expect(try application.catalog().state == applied)
        try application.rollback()
        #expect(try application.catalog().state == drifted)
        try connection.execute("REVOKE c_training FROM hz; ALTER TABLE lake.records ENABLE ROW LEVEL SECURITY")

        // A history that somebody else could have written is not run.
        try connection.execute("ALTER TABLE lapwing.history OWNER TO lapwing_owner")
        #expect(throws: PostgreSQLModelError.self) { try application.rollback() }
        try connection.execute("ALTER TABLE lapwing.history OWNER TO postgres")

        // The first rollback of all leaves nothing of ours.
        try application.rollback()
        #expect(try application.catalog().state == before)
        #expect(try connection.query("SELECT rolname FROM pg_roles WHERE rolname ~ '^(c_|lapwing)'").isEmpty)
        #expect(throws: PostgreSQLModelError.self) { try application.rollback() }
    }

    @Test func `the script does the same with psql, twice, whatever was there`() throws {
        let model = try ReferenceEstate.model()
        let cluster = try PostgreSQLCluster(hostRules: model.hostRules, nameMaps: model.nameMaps)
        defer { cluster.stop() }
        try cluster.superuser("postgres").execute("CREATE DATABASE ml")
        let connection = try cluster.superuser("ml")
        try connection.execute(ReferenceEstate.tables)
        try connection.execute(
            """
            CREATE ROLE analyst; GRANT SELECT ON lake.records TO analyst; GRANT UPDATE (payload) ON lake.records TO analyst;
            CREATE POLICY old ON lake.records USING (true); GRANT ALL ON SCHEMA lake TO PUBLIC;
            """
        )
        let target = "host=\(cluster.folder) port=\(cluster.port) user=postgres dbname=ml"
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID()).sql")
        try Data(model.script.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        for _ in 0..<2 {
            let run = try PostgreSQLCluster.run(
                "psql",
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-f",
                file.path,
                target,
                asSelf: true
            )
            #expect(run.status == 0, "\(run.output)")
            let catalog = try PostgreSQLApplication(session: Session(connection: connection), model: model).catalog()
            let drift = PostgreSQLDrift(of: catalog, from: model)
            #expect(drift.differences.isEmpty, "\(drift.differences)")
        }
    }

    @Test func `a key that somebody keeps is told of and not waited for without end`() throws {
        let model = try ReferenceEstate.model()
        let cluster = try PostgreSQLCluster(hostRules: model.hostRules, nameMaps: model.nameMaps)
        defer { cluster.stop() }
        try cluster.prepare(model, ReferenceEstate.tables)
        let holder = try PostgreSQLConnection(cluster.parameters("c_training", "ml", certificate: "c_training"))
        try holder.query("SELECT pg_advisory_lock(1818325111)")
        let connection = try cluster.superuser("ml")
        var application = PostgreSQLApplication(session: Session(connection: connection), model: model)
        #expect(application.lockTimeout == "10s")
        application.lockTimeout = "200ms"
        let patient = application
        let attempts: [() throws -> String] = [{ try patient.apply().script }, { try patient.rollback() }]
        for attempt in attempts {
            let refused = #expect(throws: PostgreSQLError.self) { try attempt() }
            #expect(
                refused?.state == "55P03" && refused?.message.contains("pg_locks") == true,
                "\(String(describing: refused))"
            )
        }
        // What the message says shows who it is.
        let holders = try connection.query(
            "SELECT a.usename FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) "
                + "WHERE l.locktype = 'advisory' AND l.objid = 1818325111"
        )
        #expect(holders == [["c_training"]])
        try holder.query("SELECT pg_advisory_unlock(1818325111)")
        #expect(try application.apply().isEmpty)
    }

    @Test func `a connection has limits of time unless it says otherwise`() {
        let completed = PostgreSQLConnection.completed(["host": "h"])
        #expect(completed["connect_timeout"] == "10" && completed["tcp_user_timeout"] == "30000")
        #expect(PostgreSQLConnection.completed(["tcp_user_timeout": "1"])["tcp_user_timeout"] == "1")
    }

    @Test func `what is emitted is canonical`() throws {
        let model = try ReferenceEstate.model()
        for _ in 0..<5 { #expect(try ReferenceEstate.model().script == model.script) }
        #expect(model.script.hasPrefix("-- Generated by Lapwing") && model.script.hasSuffix("COMMIT;\n"))
        #expect(
            model.roles == ["c_dataprep", "c_evaluation", "c_featurepipe", "c_inference", "c_ingest", "c_training"]
        )
    }
}
