import DataAccess
import Foundation
import PostgreSQLClient
import Resources
import TestPostgreSQL
import Testing

/// `lapwing data plan`, `apply`, `rollback` and `drift`, as a person or a pipeline calls them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DataPostgreSQLTests {
    private static let estate = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Estate
        metadata: {name: small, trustDomain: cluster.local}
        purposes: {training: {}, dataprep: {}}
        classifications: [internal, confidential]
        components:
          training: {identity: {k8s: ml-training/training}, purpose: training, maxClassification: confidential}
          dataprep: {identity: {k8s: ml-training/dataprep}, purpose: dataprep, maxClassification: confidential}
        datasets:
          training-data:
            producer: dataprep
            classification: confidential
            purposes: [training, dataprep]
            stores: [{postgres: {db: ml, table: training.examples}}]
        """

    @Test(.enabled(if: PostgreSQLCluster.isInstalled))
    func `an estate is planned, applied, drifted from and rolled back`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(Self.estate, to: "estate.yaml")
        let hba = try Program.run("data", "plan", file, "-o", "hba")
        let ident = try Program.run("data", "plan", file, "-o", "ident")
        #expect(hba.status == 0 && ident.status == 0, "\(hba.errors)")
        let subjects = try Program.run("data", "plan", file, "-o", "subjects").output
        #expect(subjects.contains("CN=c_training,OU=ml-training,O=cluster.local"), "\(subjects)")
        let cluster = try PostgreSQLCluster(hostRules: hba.output, nameMaps: ident.output)
        defer { cluster.stop() }
        try cluster.superuser("postgres").execute("CREATE DATABASE ml")
        let server = ["--connection", "host=\(cluster.folder) port=\(cluster.port) user=postgres"]

        let early = try Program.run(["data", "apply", file, "--yes"] + server)
        #expect(early.status == 1 && early.errors.contains("there is no table `training.examples`"), "\(early.errors)")
        try cluster.superuser("ml").execute("CREATE SCHEMA training; CREATE TABLE training.examples (id int)")

        let drifted = try Program.run(["data", "drift", file] + server)
        #expect(drifted.status == 1 && drifted.output.contains("less: role c_training"), "\(drifted.output)")
        let mistyped = try Program.run("data", "plan", file, "--connection", "nowhere")
        #expect(mistyped.status != 0 && mistyped.output.isEmpty)
        #expect(
            mistyped.errors.contains("the connection is not understood: missing \"=\" after \"nowhere\"")
                && mistyped.errors.contains("; write `host=HOST dbname=NAME`, or a URI"),
            "\(mistyped.errors)"
        )
        let plan = try Program.run(["data", "plan", file, "--check"] + server)
        #expect(plan.status == 1 && plan.output.contains("+ role c_training"), "\(plan.output)\(plan.errors)")
        let sql = try Program.run(["data", "plan", file, "-o", "sql"] + server)
        #expect(sql.status == 0 && sql.output.contains(#"CREATE ROLE "c_training";"#))
        let unasked = try Program.run(["data", "apply", file] + server)
        #expect(unasked.status == 2 && unasked.errors.contains("--yes"), "\(unasked.errors)")

        let applied = try Program.run(["data", "apply", file, "--yes"] + server)
        #expect(applied.status == 0, "\(applied.errors)")
        let again = try Program.run(["data", "apply", file, "--yes"] + server)
        #expect(
            again.status == 0 && again.output.isEmpty && again.errors.contains("nothing to change"),
            "\(again.output)"
        )
        let clean = try Program.run(["data", "drift", file] + server)
        #expect(clean.status == 0 && clean.output.isEmpty, "\(clean.output)")

        try cluster.superuser("ml").execute("GRANT TRUNCATE ON training.examples TO c_training")
        let found = try Program.run(["data", "drift", file, "-o", "json"] + server)
        #expect(found.status == 1)
        struct Rows: Decodable {
            struct Row: Decodable {
                let kind, object: String
                let rule: String?
            }
            let version: Int
            let differences: [Row]
        }
        let rows = try JSONDecoder().decode(Rows.self, from: Data(found.output.utf8))
        #expect(rows.version == 1 && rows.differences.map(\.kind) == ["more", "hazard"])
        #expect(rows.differences.last?.rule == "PG07")
        let mended = try Program.run(["data", "apply", file, "--yes"] + server)
        #expect(
            mended.status == 0 && mended.output.contains("- TRUNCATE on table training.examples"),
            "\(mended.output)"
        )
        for _ in 0..<2 {
            let back = try Program.run(["data", "rollback", file, "--yes"] + server)
            #expect(back.status == 0, "\(back.errors)")
        }
        let nothing = try Program.run(["data", "rollback", file, "--yes"] + server)
        #expect(nothing.status == 2 && nothing.errors.contains("nothing was applied"), "\(nothing.errors)")
        let roles = try cluster.superuser("ml").query("SELECT rolname FROM pg_roles WHERE rolname ~ '^(c_|lapwing)'")
        #expect(roles.isEmpty)
    }

    @Test(.enabled(if: PostgreSQLCluster.isInstalled))
    func `a service is believed only with its certificate, where it says nothing else`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(Self.estate, to: "estate.yaml")
        let cluster = try PostgreSQLCluster(hostRules: "host all all 127.0.0.1/32 trust\n")
        defer { cluster.stop() }
        try cluster.superuser("postgres").execute("CREATE DATABASE ml")
        let place = "host=localhost\nhostaddr=127.0.0.1\nport=\(cluster.port)\nuser=postgres\ndbname=ml\n"
        let services = try directory.write(
            "[bare]\n\(place)sslrootcert=\(directory.path)/none\n[known]\n\(place)sslrootcert=\(cluster.folder)/ca.pem\n"
                + "[said]\n\(place)sslmode=require\n",
            to: "services.conf"
        )
        let environment = ["PGSERVICEFILE": services, "HOME": directory.path]
        let bare = try Program.run("data", "drift", file, "--service", "bare", environment: environment)
        #expect(bare.status == 3 && bare.errors.contains("root certificate"), "\(bare.errors)")
        for service in ["known", "said"] {
            let run = try Program.run("data", "drift", file, "--service", service, environment: environment)
            #expect(run.status == 1 && run.output.contains("less: role c_training"), "\(service): \(run.errors)")
        }
    }

    @Test func `without PostgreSQL's client library, only what needs it fails, and says what to install`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(Self.estate, to: "estate.yaml")
        _ = try directory.write("no library\n", to: "libpq.so.5")
        let environment = ["LD_LIBRARY_PATH": directory.path]
        let run = try Program.run("data", "drift", file, "--connection", "host=localhost", environment: environment)
        #expect(run.status == 3 && run.errors.contains("apt-get install libpq5"), "\(run.errors)")
        #expect(try Program.run("--version", environment: environment).status == 0)
    }

    @Test func `a wrong call is 2, a server that is not there is 3`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(Self.estate, to: "estate.yaml")
        for arguments in [
            ["drift", file, "--connection", "postgresql://user:guess@localhost/ml"],
            ["drift", file, "--connection", "host=localhost sslpassword=guess"],
            ["drift", file, "--connection", "host=localhost oauth_client_secret=guess"],
            ["drift", file, "--connection", "nonsense=1"], ["drift", file, "--database", "other"],
            ["drift", file, "--connection", "host=x", "--service", "y"], ["plan"],
            ["plan", file, file, "-o", "hba"],
        ] {
            let result = try Program.run(["data"] + arguments)
            #expect(result.status == 2, "\(arguments): \(result.status) \(result.errors)")
            #expect(!result.errors.contains("guess"), "\(result.errors)")
        }
        let absent = try Program.run("data", "drift", file, "--connection", "host=\(directory.path) port=1")
        #expect(absent.status == 3, "\(absent.errors)")
        let script = try Program.run("data", "plan", file, "-o", "script")
        #expect(script.status == 0 && script.output.hasPrefix("-- Generated by Lapwing"))
        let residual = try Program.run("data", "residual")
        #expect(residual.status == 0 && residual.output.contains("S09: "))
    }
}
