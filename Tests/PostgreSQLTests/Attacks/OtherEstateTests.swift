import DataAccess
import Foundation
import PostgreSQLClient
import TestPostgreSQL
import Testing

/// Two further estates: a clinic with two databases on one server, and a newsroom with all its data in one table.
@Suite(.serialized, .enabled(if: PostgreSQLCluster.isInstalled), .timeLimit(.minutes(5)))
struct OtherEstateTests {
    private static let clinicTables = [
        "clinic": """
        CREATE SCHEMA ward;
        CREATE TABLE ward.patients (id int PRIMARY KEY, urgency int, diagnosis text);
        INSERT INTO ward.patients SELECT i, i % 5, 'diagnosis ' || i FROM generate_series(1, 40) i;
        CREATE TABLE ward.visits (id int PRIMARY KEY, note text);
        INSERT INTO ward.visits SELECT i, 'note ' || i FROM generate_series(1, 40) i;
        """,
        "ledger": """
        CREATE SCHEMA books;
        CREATE TABLE books.invoices (id int PRIMARY KEY, total numeric);
        INSERT INTO books.invoices SELECT i, i FROM generate_series(1, 40) i;
        CREATE TABLE books.tariffs (id int PRIMARY KEY, price numeric);
        INSERT INTO books.tariffs SELECT i, i FROM generate_series(1, 40) i;
        """,
    ]

    /// What each component may do, written down by hand.
    private static let clinicRules: [String: [String: [String: String]]] = [
        "clinic": [
            "ward.patients": ["ward-1": "SIUD", "ward_1": "S"],
            "ward.visits": ["ward-1": "SI", "ward_1": "S", "statistics": "S", "cashier": "S"],
        ],
        "ledger": [
            "books.invoices": ["cashier": "SIUD"],
            "books.tariffs": [
                "a-component-with-a-name-that-is-as-long-as-kubernetes-allows": "SIUD", "ward-1": "S", "ward_1": "S",
                "statistics": "S", "cashier": "S",
            ],
        ],
    ]

    @Test func `a clinic with two databases holds`() throws {
        let estate = try ReferenceEstate.estate(ModelTests.yaml())
        let models = try ["clinic", "ledger"].map { try PostgreSQLModel(estate, database: $0) }
        let cluster = try PostgreSQLCluster(hostRules: models[0].hostRules, nameMaps: models[0].nameMaps)
        defer { cluster.stop() }
        for model in models { try cluster.prepare(model, Self.clinicTables[model.database] ?? "") }
        var tally = AttackTests.Tally()
        let components = Dictionary(models.flatMap(\.components).map { ($0.name, $0) }) { first, _ in first }
        for model in models {
            try unchanged(cluster, model, &tally)
            let rules = try #require(Self.clinicRules[model.database])
            for component in components.values {
                let isIn = rules.values.contains { $0[component.name] != nil }
                let parameters = cluster.parameters(component.role, model.database, certificate: component.role)
                guard isIn else {
                    tally.note("\(component.name) out", (try? PostgreSQLConnection(parameters)) == nil, "got in")
                    continue
                }
                let connection = try PostgreSQLConnection(parameters)
                for (table, allowed) in rules {
                    try matrix(connection, component.role, table, allowed[component.name] ?? "", &tally)
                    try generic(connection, component.role, table, &tally)
                }
            }
        }
        // Triage sees how urgent a case is, and not what it is.
        let triage = try #require(components["ward_1"]).role
        let connection = try PostgreSQLConnection(cluster.parameters(triage, "clinic", certificate: triage))
        try tally.run(.init("columns", triage, .rows, "SELECT id, urgency FROM ward.patients"), on: connection)
        try tally.run(.init("column", triage, .refused, "SELECT diagnosis FROM ward.patients"), on: connection)
        print("postgres attacks (clinic): \(tally.passed.count) passed, \(tally.failed.count) failed")
    }

    private static let newsroom = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Estate
        metadata: {name: newsroom, trustDomain: news.example}
        purposes: {news: {}, publish: {}, archive: {}}
        classifications: [public, internal, secret]
        components:
          reporter: {identity: {k8s: desk/reporter}, purpose: news, maxClassification: secret}
          editor: {identity: {k8s: desk/editor}, purpose: publish, maxClassification: secret}
          archive: {identity: {k8s: archive/archive}, purpose: archive, maxClassification: public}
        datasets:
          drafts: {producer: reporter, classification: secret, purposes: [news], derivable: [publish],
            stores: [{postgres: {db: desk, table: desk.items, shared: true}}]}
          tips: {producer: reporter, classification: secret, purposes: [news],
            stores: [{postgres: {db: desk, table: desk.items, shared: true}}]}
          articles: {producer: editor, classification: public, purposes: [news, publish, archive],
            stores: [{postgres: {db: desk, table: desk.items, shared: true}}]}
        """

    /// The producer is a text here, which PostgreSQL compares with the user's name all the same.
    private static let newsroomTables = """
        CREATE SCHEMA desk;
        CREATE TABLE desk.items (id int PRIMARY KEY, dataset text NOT NULL, producer text NOT NULL DEFAULT SESSION_USER,
          purposes text[] NOT NULL, classification text NOT NULL, body text);
        INSERT INTO desk.items SELECT i, 'drafts', 'c_reporter', '{news}', 'secret', 'd' FROM generate_series(1, 10) i;
        INSERT INTO desk.items SELECT i, 'drafts', 'c_reporter', '{news,publish}', 'secret', 'd'
          FROM generate_series(11, 20) i;
        INSERT INTO desk.items SELECT i, 'tips', 'c_reporter', '{news}', 'secret', 't' FROM generate_series(21, 30) i;
        INSERT INTO desk.items SELECT i, 'articles', 'c_editor', '{news,publish,archive}', 'public', 'a'
          FROM generate_series(31, 50) i;
        INSERT INTO desk.items SELECT i, 'articles', 'c_editor', '{publish}', 'public', 'a' FROM generate_series(51, 55) i;
        INSERT INTO desk.items SELECT i, 'articles', 'c_editor', '{archive}', 'internal', 'a' FROM generate_series(56, 58) i;
        """

    @Test func `a newsroom with one table holds`() throws {
        let model = try PostgreSQLModel(try ReferenceEstate.estate(Self.newsroom), database: "desk")
        let cluster = try PostgreSQLCluster(hostRules: model.hostRules, nameMaps: model.nameMaps)
        defer { cluster.stop() }
        try cluster.prepare(model, Self.newsroomTables)
        var tally = AttackTests.Tally()
        try unchanged(cluster, model, &tally)
        var connections: [String: PostgreSQLConnection] = [:]
        for role in model.roles {
            connections[role] = try PostgreSQLConnection(cluster.parameters(role, "desk", certificate: role))
        }
        for (role, count) in [("c_reporter", 50), ("c_editor", 35), ("c_archive", 20)] {
            let rows = try #require(connections[role]).query("SELECT id FROM desk.items").count
            tally.note("\(role) reads", rows == count, "\(rows) rows, not \(count)")
        }
        func insert(_ id: Int, _ dataset: String, _ purposes: String, _ level: String, _ producer: String) -> String {
            "INSERT INTO desk.items VALUES (\(id), '\(dataset)', '\(producer)', '\(purposes)', '\(level)', 'x')"
        }
        let checks: [AttackCheck] = [
            .init("own", "c_reporter", .rows, insert(101, "drafts", "{news,publish}", "secret", "c_reporter")),
            .init("wider", "c_reporter", .refused, insert(102, "drafts", "{archive}", "secret", "c_reporter")),
            .init("tips wider", "c_reporter", .refused, insert(103, "tips", "{publish}", "secret", "c_reporter")),
            .init("declassified", "c_reporter", .refused, insert(104, "tips", "{news}", "public", "c_reporter")),
            .init("forged", "c_reporter", .refused, insert(105, "articles", "{news}", "public", "c_editor")),
            .init("mislabelled", "c_reporter", .refused, insert(106, "articles", "{news}", "public", "c_reporter")),
            .init("higher", "c_editor", .rows, insert(107, "articles", "{archive}", "secret", "c_editor")),
            .init("of another", "c_editor", .empty, "UPDATE desk.items SET body = 'x' WHERE dataset = 'drafts'"),
            .init("delete of another", "c_editor", .empty, "DELETE FROM desk.items WHERE producer <> 'c_editor'"),
            .init("moved", "c_reporter", .refused, "UPDATE desk.items SET dataset = 'articles' WHERE id = 1"),
            .init("between own", "c_reporter", .rows, "UPDATE desk.items SET dataset = 'tips' WHERE id = 1"),
            .init("reader writes", "c_archive", .refused, insert(108, "articles", "{archive}", "public", "c_archive")),
        ]
        for check in checks { try tally.run(check, on: try #require(connections[check.role])) }
        for (role, connection) in connections { try generic(connection, role, "desk.items", &tally) }
        print("postgres attacks (newsroom): \(tally.passed.count) passed, \(tally.failed.count) failed")
    }

    /// Applied, a model changes nothing any more, and its catalog raises no alarm.
    private func unchanged(_ cluster: PostgreSQLCluster, _ model: PostgreSQLModel, _ tally: inout AttackTests.Tally)
        throws
    {
        let session = Session(connection: try cluster.superuser(model.database))
        let application = PostgreSQLApplication(session: session, model: model)
        let plan = try application.apply()
        tally.note("\(model.database) again", plan.isEmpty, plan.script)
        let drift = PostgreSQLDrift(of: try application.catalog(), from: model)
        tally.note("\(model.database) drift", drift.differences.isEmpty, "\(drift.differences)")
    }

    private func matrix(
        _ connection: PostgreSQLConnection,
        _ role: String,
        _ table: String,
        _ allowed: String,
        _ tally: inout AttackTests.Tally
    ) throws {
        for (verb, statement) in [
            ("S", "SELECT id FROM \(table)"), ("I", "INSERT INTO \(table) (id) VALUES (99999)"),
            ("U", "UPDATE \(table) SET id = id"), ("D", "DELETE FROM \(table)"),
        ] {
            let want: AttackCheck.Outcome = allowed.contains(verb) ? .rows : .refused
            try tally.run(.init("\(role) \(verb) \(table)", role, want, statement), on: connection)
        }
    }

    /// What nobody may do to any table.
    private func generic(
        _ connection: PostgreSQLConnection,
        _ role: String,
        _ table: String,
        _ tally: inout AttackTests.Tally
    ) throws {
        let schema = table.prefix { $0 != "." }
        for statement in [
            "TRUNCATE \(table)", "ALTER TABLE \(table) DISABLE ROW LEVEL SECURITY",
            "DROP POLICY lapwing_identity ON \(table)",
            "CREATE POLICY p ON \(table) USING (true)", "CREATE TABLE \(schema).mine AS SELECT * FROM \(table)",
            "CREATE TEMP TABLE t (id int)", "SET ROLE lapwing_owner", "SET SESSION AUTHORIZATION postgres",
            "SET row_security = off; TABLE \(table)", "SELECT lo_from_bytea(0, 'x')", "SELECT pg_notify('a', 'b')",
            "DO LANGUAGE plpgsql 'BEGIN END'", "CREATE FUNCTION \(schema).f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "COPY \(table) TO PROGRAM 'cat'", "SELECT * FROM lapwing.component",
            "LOCK TABLE \(table) IN ACCESS EXCLUSIVE MODE; DROP TABLE \(table)",
            "CREATE VIEW \(schema).v AS TABLE \(table)",
            "ALTER TABLE \(table) OWNER TO \"\(role)\"", "SELECT lapwing.certified()",
        ] {
            try tally.run(.init("\(role): \(statement)", role, .refused, statement), on: connection)
        }
    }
}

extension AttackTests.Tally {
    /// Runs a check and notes what comes of it.
    mutating func run(_ check: AttackCheck, on connection: PostgreSQLConnection) throws {
        let (outcome, remark) = try check.outcome(on: connection)
        note(check.id, outcome == check.want, "wanted \(check.want.rawValue), found \(remark)")
    }
}
