import DataAccess
import PostgreSQLClient
import TestPostgreSQL
import Testing

/// A blast radius over a live catalog says what a live server lets happen.
@Suite(.serialized, .enabled(if: PostgreSQLCluster.isInstalled), .timeLimit(.minutes(5)))
struct BlastRadiusTests {
    @Test func `what a component gets at by its own rights is what the server lets it have, and nothing else`() throws {
        let estate = try ReferenceEstate.estate(ReferenceEstate.yaml)
        let model = try ReferenceEstate.model()
        let cluster = try PostgreSQLCluster(hostRules: model.hostRules, nameMaps: model.nameMaps)
        defer { cluster.stop() }
        try cluster.prepare(model, ReferenceEstate.tables)
        let superuser = try cluster.superuser("ml")
        func map() throws -> BlastMap {
            var evidence = BlastEvidence()
            evidence.postgres["ml"] = try PostgreSQLApplication(session: Session(connection: superuser), model: model)
                .catalog()
            return try BlastMap(estate, evidence)
        }
        let live = try map()
        let generated = try BlastMap(estate, try BlastEvidence(generatedFor: estate))
        for component in estate.components.map(\.name) {
            let (one, other) = (live.radius(of: component), generated.radius(of: component))
            #expect(one?.entries.map(\.target) == other?.entries.map(\.target), "\(component)")
            #expect(one?.entries.map(\.kind) == other?.entries.map(\.kind), "\(component)")
            #expect(one?.entries.contains(where: \.isDoubtful) == false, "\(component)")
            #expect(one?.shares == other?.shares, "\(component)")
        }
        try check(live, estate, model, cluster)
        // What is opened on the server is seen, and so is what that opens.
        try superuser.execute("GRANT c_dataprep TO c_inference; ALTER TABLE eval.testset DISABLE ROW LEVEL SECURITY")
        let wider = try map()
        let opened = wider.radius(of: "inference")?.entries.first { $0.target.resource == "test-data in postgres ml" }
        #expect(opened?.kind == .direct)
        #expect(opened?.path.first?.text == "inference SET ROLE c_dataprep (membership of c_inference in c_dataprep)")
        let connection = try PostgreSQLConnection(cluster.parameters("c_inference", "ml", certificate: "c_inference"))
        try connection.execute("SET ROLE c_dataprep")
        #expect(try connection.query("SELECT id FROM eval.testset LIMIT 1").count == 1)
        #expect(try connection.query("SELECT id FROM training.examples LIMIT 1").isEmpty)
        let closed = wider.radius(of: "inference")?.entries.first {
            $0.target == BlastTarget(.read, "training-data in postgres ml")
        }
        #expect(closed?.kind != .direct)
    }

    /// Tries what each component is said to get at, and what it is said not to.
    private func check(_ map: BlastMap, _ estate: Estate, _ model: PostgreSQLModel, _ cluster: PostgreSQLCluster) throws
    {
        for component in model.components {
            let role = component.role
            let connection = try PostgreSQLConnection(cluster.parameters(role, "ml", certificate: role))
            let direct = Set(
                map.radius(of: component.name)?.entries.filter { $0.kind == .direct }.map(\.target) ?? []
            )
            for dataset in estate.datasets {
                for case .postgres(let table) in dataset.stores where !table.isShared {
                    let name = "\(table.schema).\(table.name)"
                    for (act, statement) in [
                        (BlastTarget.Act.read, "SELECT id FROM \(name)"),
                        (.write, "INSERT INTO \(name) (id) VALUES (99999)"),
                    ] {
                        let isSaid = direct.contains(BlastTarget(act, "\(dataset.name) in postgres ml"))
                        let check = AttackCheck("R", role, isSaid ? .rows : .refused, statement)
                        let (outcome, remark) = try check.outcome(on: connection)
                        #expect(outcome == check.want, "\(role): \(statement): \(remark)")
                    }
                }
            }
        }
    }
}
