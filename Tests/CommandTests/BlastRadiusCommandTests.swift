import Foundation
import Testing

/// `lapwing blast-radius`, as a person or a pipeline calls it.
@Suite(.timeLimit(.minutes(5))) struct BlastRadiusCommandTests {
    private static let estate = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Estate
        metadata: {name: small, trustDomain: cluster.local}
        purposes: {training: {}, dataprep: {}}
        classifications: [internal, confidential]
        components:
          training: {identity: {k8s: ml/training}, purpose: training, maxClassification: confidential}
          dataprep:
            identity: {k8s: data/dataprep}
            purpose: dataprep
            maxClassification: confidential
            exposes: [{name: run, port: 8443, http: [{methods: [POST], paths: [/run]}]}]
        datasets:
          training-data: {producer: dataprep, classification: confidential, purposes: [training], stores: [{postgres: {db: ml, table: training.examples}}]}
          raw: {producer: dataprep, classification: confidential, purposes: [dataprep], stores: [{postgres: {db: ml, table: raw.rows}}]}
        """

    private static let cluster = """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: closed, namespace: ml}
        spec:
          podSelector: {}
          policyTypes: [Egress]
          egress:
          - {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: data}}}]}
          - {to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 5432}]}
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: callers, namespace: data}
        spec:
          action: ALLOW
          rules:
          - from: [{source: {principals: [cluster.local/ns/ml/sa/training]}}]
            to: [{operation: {methods: [POST], paths: [/run], ports: ['8443']}}]
        """

    private struct Answer: Decodable {
        struct Entry: Decodable {
            struct Target: Decodable {
                let act, resource: String
            }
            struct Step: Decodable {
                let text: String
                let rules: [String: String]
            }
            let target: Target
            let kind: String
            let isDoubtful: Bool
            let path: [Step]
        }
        struct Share: Decodable {
            let layer: String
            let isGiven: Bool
            let left, alone, only: Int
        }
        let version: Int
        let looked: [String]
        let total: Int
        let entries: [Entry]
        let layers: [Share]
    }

    @Test func `what a component gets at is listed, drawn and counted layer by layer`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.estate, to: "estate.yaml")
        let cluster = try directory.write(Self.cluster, to: "cluster.yaml")
        let drawing = directory.path + "/radius.svg"
        let given = ["--generated", "--kubernetes", cluster]
        let table = try Program.run(["blast-radius", "training", estate, "--svg", drawing] + given)
        #expect(table.status == 0, "\(table.errors)")
        #expect(table.output.contains("GRANT SELECT on table training.examples for c_training"), "\(table.output)")
        #expect(table.errors.contains("2 of 7 directly"), "\(table.errors)")
        let svg = try String(contentsOfFile: drawing, encoding: .utf8)
        #expect(svg.hasPrefix("<svg") && svg.contains("Who owns training"))

        func answer(_ arguments: String...) throws -> Answer {
            let run = try Program.run(["blast-radius", "training", estate, "-o", "json"] + given + arguments)
            #expect(run.status == 0, "\(run.errors)")
            return try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
        }
        let whole = try answer()
        #expect(whole.version == 1 && whole.total == 7)
        #expect(whole.looked == ["network", "mesh", "pg-login", "pg-grants", "pg-rows"])
        let direct = whole.entries.filter { $0.kind == "direct" }.map { "\($0.target.act) \($0.target.resource)" }
        #expect(direct == ["read training-data in postgres ml", "call dataprep.run"])
        let call = whole.entries.first { $0.target.resource == "dataprep.run" }
        #expect(
            call?.path.last?.rules["mesh"]?.contains("cluster.yaml:17 (callers)") == true,
            "\(String(describing: call))"
        )
        // Through what it calls, it has more.
        #expect(whole.entries.contains { $0.kind == "called" && $0.target.resource == "raw in postgres ml" })
        let open = try answer("--without", "mesh", "--without", "network")
        #expect(open.entries.count > whole.entries.count)
        #expect(open.entries.contains { $0.target.resource == "the internet" })
        #expect(open.entries.contains { $0.target.resource == "dataprep.*" })
        #expect(open.layers.map(\.layer) == ["aws-identity", "aws-bucket", "pg-login", "pg-grants", "pg-rows"])
    }

    @Test(arguments: [
        // A path that begins like the API's, a method that it has not, any port; what is no HTTP, and no policy.
        ("http: [{methods: [POST], paths: [/run]}]", "methods: [POST], paths: ['/run*'], ports: ['8443']"),
        ("http: [{methods: [POST], paths: [/run]}]", "methods: [POST, DELETE], paths: [/run], ports: ['8443']"),
        ("http: [{methods: [POST], paths: [/run]}]", "methods: [POST], paths: [/run]"),
        ("http: [{methods: [POST], paths: [/run]}]", "paths: [/run], ports: ['8443']"), ("", ""),
    ])
    func `a policy that allows more than the APIs is not said to deny the rest`(api: String, to: String) throws {
        let entry = try Self.anythingElse(api, to)
        #expect(entry?.kind == "direct", "\(api) \(to)")
    }

    @Test(arguments: [
        ("http: [{methods: [POST], paths: [/run]}]", "methods: [POST], paths: [/run], ports: ['8443']"),
        ("http: [{methods: [POST, GET], paths: ['/v1/*']}]", "methods: [GET], paths: ['/v1/a'], ports: ['8443']"),
    ])
    func `a policy that allows no more than the APIs denies the rest`(api: String, to: String) throws {
        let entry = try Self.anythingElse(api, to)
        #expect(entry == nil, "\(api) \(to): \(String(describing: entry))")
    }

    /// What is said of anything but the APIs of `dataprep`, where it has one API and its policy allows some requests; with
    /// no requests there is no policy for it.
    private static func anythingElse(_ api: String, _ operation: String) throws -> Answer.Entry? {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(
            Self.estate.replacing("http: [{methods: [POST], paths: [/run]}]", with: api).replacing(
                "8443, }",
                with: "8443}"
            ),
            to: "estate.yaml"
        )
        let own = "to: [{operation: {methods: [POST], paths: [/run], ports: ['8443']}}]"
        let cluster = try directory.write(
            operation.isEmpty
                ? Self.cluster.replacing("name: callers, namespace: data", with: "name: callers, namespace: elsewhere")
                : Self.cluster.replacing(own, with: "to: [{operation: {\(operation)}}]"),
            to: "cluster.yaml"
        )
        let run = try Program.run(
            "blast-radius",
            "training",
            estate,
            "-o",
            "json",
            "--generated",
            "--kubernetes",
            cluster
        )
        #expect(run.status == 0, "\(run.errors)")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
        return answer.entries.first { $0.target.resource == "dataprep.*" }
    }

    @Test func `a wrong call is 2`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.estate, to: "estate.yaml")
        for arguments in [
            ["trainin", estate], ["training", estate, "--without", "walls"], ["training", directory.path + "/none"],
            ["training", estate, "--kubernetes", directory.path + "/none"],
            ["training", estate, "--connection", "host=x", "--database", "other"],
        ] {
            let run = try Program.run(["blast-radius"] + arguments)
            #expect(run.status == 2, "\(arguments): \(run.status) \(run.errors)")
        }
        #expect(try Program.run("blast-radius", "trainin", estate).errors.contains("`training`"))
    }
}
