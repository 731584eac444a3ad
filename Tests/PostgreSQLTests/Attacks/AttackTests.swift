import DataAccess
import Foundation
import PostgreSQLClient
import TestIdentities
import TestPostgreSQL
import Testing

/// What the generated SQL has to hold against, over mutual TLS to a real PostgreSQL.
@Suite(.serialized, .enabled(if: PostgreSQLCluster.isInstalled), .timeLimit(.minutes(5)))
struct AttackTests {
    /// A tally of checks by name.
    struct Tally {
        var passed: [String] = []
        var failed: [String] = []

        mutating func note(_ id: String, _ isRight: Bool, _ remark: @autoclosure () -> String) {
            if isRight {
                passed.append(id)
            } else {
                failed.append(id)
                Issue.record("\(id): \(remark())")
            }
        }
    }

    @Test func `every attack on the reference estate fails, and everything declared works`() throws {
        let started = ContinuousClock.now
        let model = try ReferenceEstate.model()
        let cluster = try PostgreSQLCluster(hostRules: model.hostRules, nameMaps: model.nameMaps)
        defer { cluster.stop() }
        try cluster.prepare(model, ReferenceEstate.tables)
        var tally = Tally()
        try authentication(cluster, &tally)
        try matrix(cluster, &tally)
        var connections: [String: PostgreSQLConnection] = [:]
        for role in model.roles {
            connections[role] = try PostgreSQLConnection(cluster.parameters(role, "ml", certificate: role))
        }
        connections["liar"] = try PostgreSQLConnection(cluster.parameters("c_training", "ml", certificate: "liar"))
        for check in AttackCheck.attacks {
            let connection = try #require(connections[check.certificate])
            let (outcome, remark) = try check.outcome(on: connection)
            tally.note(check.id, outcome == check.want, "wanted \(check.want.rawValue), found \(remark)")
        }
        try sideChannels(connections, &tally)
        try dumps(cluster, &tally)
        try startupOptions(cluster, &tally)
        print(
            "postgres attacks: \(tally.passed.count) passed, \(tally.failed.count) failed (\(started.duration(to: .now)))"
        )
    }

    // MARK: - A: who gets in

    private func authentication(_ cluster: PostgreSQLCluster, _ tally: inout Tally) throws {
        let training = "spiffe://cluster.local/ns/ml-training/sa/training"
        let subject = "CN=c_training,OU=ml-training,O=cluster.local"
        try cluster.issue("stranger", subject: subject, uri: training, by: try .root())
        try cluster.issue("nameless", subject: "", uri: training)
        try cluster.issue("spire", subject: "O=SPIRE,C=US", uri: training)
        try cluster.issue("elsewhere", subject: "CN=c_training,OU=ml-eval,O=cluster.local", uri: training)
        try cluster.issue("liar", subject: subject, uri: "spiffe://cluster.local/ns/ml-inference/sa/inference-service")
        func parameters(_ role: String, _ certificate: String?, _ change: [String: String] = [:]) -> [String: String] {
            cluster.parameters(role, "ml", certificate: certificate).merging(change) { $1 }
        }
        let plain = ["sslmode": "disable"]
        let noRule = "no pg_hba.conf entry"
        let rejected = "pg_hba.conf rejects"
        let noCertificate = "connection requires a valid client certificate"
        let notMapped = "certificate authentication failed"
        // What the server says to whom it refuses; nil for who gets in.
        let cases: [(String, [String: String], String?)] = [
            ("A01", parameters("c_training", "c_training"), nil),
            ("A02", parameters("c_ingest", "c_training"), notMapped),
            ("A03", parameters("postgres", "c_training"), noRule),
            ("A04", parameters("c_training", "stranger"), "SSL error: tlsv1 alert"),
            ("A05", parameters("c_training", "nameless"), notMapped),
            ("A06", parameters("c_training", "spire"), notMapped),
            ("A07", parameters("c_training", "elsewhere"), notMapped),
            ("A08", parameters("c_training", "liar"), nil),
            ("A09", parameters("c_training", "c_training", ["dbname": "postgres"]), rejected),
            ("A10", parameters("c_training", nil, plain), rejected),
            ("A11", parameters("c_training", nil), noCertificate),
            ("A12", parameters("c_training", nil, ["password": "guess"]), noCertificate),
            ("A13", parameters("c_training", "c_training", ["replication": "true"]), rejected),
            ("A14", parameters("c_training", nil, ["host": cluster.folder, "hostaddr": ""]), rejected),
            ("A15", parameters("lapwing_owner", "c_training"), noRule),
            (
                "A16", parameters("c_training", "c_training", ["replication": "database"]),
                "replication role to start walsender"
            ),
        ]
        for (id, parameters, refusal) in cases {
            do {
                _ = try PostgreSQLConnection(parameters)
                tally.note(id, refusal == nil, "got in")
            } catch {
                tally.note(id, refusal.map { error.message.contains($0) } ?? false, "\(error)")
            }
        }
    }

    // MARK: - B: the rules

    /// What each role may do to each table, of S, I, U and D; written down here by hand, from the rules and not from the
    /// model.
    private static let rules: [(table: String, columns: [String: String], allowed: [String: String])] = [
        ("production.user_events", [:], ["c_ingest": "SIUD", "c_featurepipe": "S", "c_dataprep": "S"]),
        ("training.examples", [:], ["c_training": "S", "c_dataprep": "SIUD"]),
        ("eval.testset", [:], ["c_evaluation": "S", "c_dataprep": "SIUD"]),
        ("feature_store.features", [:], ["c_inference": "S", "c_featurepipe": "SIUD"]),
        ("eval.results", [:], ["c_evaluation": "SI"]),
    ]

    private func matrix(_ cluster: PostgreSQLCluster, _ tally: inout Tally) throws {
        var number = 0
        for role in ["c_training", "c_inference", "c_evaluation", "c_featurepipe", "c_dataprep", "c_ingest"] {
            let connection = try PostgreSQLConnection(cluster.parameters(role, "ml", certificate: role))
            for (table, _, allowed) in Self.rules {
                for (verb, statement) in [
                    ("S", "SELECT id FROM \(table)"), ("I", "INSERT INTO \(table) (id) VALUES (99999)"),
                    ("U", "UPDATE \(table) SET id = id"), ("D", "DELETE FROM \(table)"),
                ] {
                    number += 1
                    let isAllowed = allowed[role, default: ""].contains(verb)
                    let check = AttackCheck("B", role, isAllowed ? .rows : .refused, statement)
                    let (outcome, remark) = try check.outcome(on: connection)
                    tally.note("B\(number)", outcome == check.want, "\(role): \(statement): \(remark)")
                }
            }
        }
    }

    // MARK: - S: what stays open

    private func sideChannels(_ connections: [String: PostgreSQLConnection], _ tally: inout Tally) throws {
        let plan = "EXPLAIN (ANALYZE, COSTS off, TIMING off) SELECT id FROM lake.records"
        for check in AttackCheck.sideChannels {
            let (outcome, remark) = try check.outcome(on: try #require(connections[check.role]))
            tally.note(check.id, outcome == check.want, "wanted \(check.want.rawValue), found \(remark)")
            // What is open is told to the operator.
            if check.want != .refused {
                tally.note("\(check.id) told", PostgreSQLResidual.all.contains { $0.id == check.id }, "not in the list")
            }
        }
        let training = try #require(connections["c_training"])
        // How many rows that it does not see have a key above another, told by what reading them would cost.
        try training.execute("SET enable_seqscan = off")
        let estimates = try ["401", "640", "100000"].map { key in
            try training.query("EXPLAIN SELECT id FROM lake.records WHERE id > \(key)").compactMap { $0[0] }
                .joined().split(separator: "cost=").dropFirst().first.map(String.init) ?? ""
        }
        try training.execute("RESET enable_seqscan")
        tally.note("S02", Set(estimates.map { $0.prefix { $0 != " " } }).count == 3, "\(estimates)")
        tally.note("S02 told", PostgreSQLResidual.all.contains { $0.id == "S02" }, "not in the list")
        let lines = try training.query(plan).compactMap { $0[0] }
        tally.note("S01", lines.contains { $0.contains("Rows Removed by Filter: 350") }, lines.joined(separator: "; "))
        tally.note("S01 told", PostgreSQLResidual.all.contains { $0.id == "S01" }, "not in the list")
        // The function is asked once a query, not once a row.
        tally.note("once", lines.contains { $0.contains("InitPlan") }, lines.joined(separator: "; "))
    }

    // MARK: - C57 to C59: other programs, and what a connection begins with

    private func dumps(_ cluster: PostgreSQLCluster, _ tally: inout Tally) throws {
        let target = cluster.parameters("c_training", "ml", certificate: "c_training").sorted { $0.key < $1.key }
            .map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
        let refused = try PostgreSQLCluster.run("pg_dump", "--data-only", "-t", "lake.records", target, asSelf: true)
        tally.note("C57", refused.status != 0 && refused.output.contains("row-level security"), refused.output)
        let dumped = try PostgreSQLCluster.run(
            "pg_dump",
            "--data-only",
            "--enable-row-security",
            "-t",
            "lake.records",
            target,
            asSelf: true
        )
        let rows = dumped.output.split(separator: "\n").filter { $0.contains("\ttrain\t") }.count
        let isRight = dumped.status == 0 && rows == 300 && !dumped.output.contains("secret")
        tally.note("C58", isRight, "\(rows) rows; \(dumped.output.prefix(500))")
    }

    private func startupOptions(_ cluster: PostgreSQLCluster, _ tally: inout Tally) throws {
        let options = [
            ("C59a", "-c row_security=off", "query would be affected by row-level security policy"),
            ("C59b", "-c session_authorization=c_ingest", "permission denied to set session authorization"),
            ("C59c", "-c role=lapwing_owner", "permission denied to set role"),
        ]
        for (id, option, refusal) in options {
            var parameters = cluster.parameters("c_training", "ml", certificate: "c_training")
            parameters["options"] = option
            do {
                let connection = try PostgreSQLConnection(parameters)
                let rows = try connection.query("SELECT id FROM lake.records")
                tally.note(id, false, "\(rows.count) rows")
            } catch {
                tally.note(id, error.message.contains(refusal), "\(error)")
            }
        }
    }
}

extension PostgreSQLCluster {
    /// Makes the model's database with its tables, applies the model, and gives every component its certificate.
    func prepare(_ model: PostgreSQLModel, _ tables: String) throws {
        try superuser("postgres").execute("CREATE DATABASE \(model.database)")
        let connection = try superuser(model.database)
        try connection.execute(tables)
        try PostgreSQLApplication(session: Session(connection: connection), model: model).apply()
        for component in model.components {
            try issue(component.role, subject: component.subject, uri: component.spiffeID)
        }
    }
}
