import Foundation
import FoundationXML
import Testing

/// `lapwing data` without a database: the schema, the drawing, what is written for MinIO, and the proof that goes on.
@Suite(.timeLimit(.minutes(5))) struct DataCommandTests {
    private static let estate = SmallEstate.yaml(
        training: ["exposes: [{name: run, port: 8443, http: [{methods: [POST], paths: [/run]}]}]"],
        dataprep: ["egress: [{host: partner.example.com}]"],
        rest: """
            datasets:
              training-data: {producer: dataprep, classification: confidential, purposes: [training], stores: [{s3: shop-training}]}
              raw: {producer: dataprep, classification: confidential, purposes: [dataprep], derivable: [training], stores: [{s3: shop-raw}]}
            calls: [{from: dataprep, to: training, api: run}]
            invariants:
            - {id: W, never: {component: "*", write: {datasetNotProducedBySelf: true}}}
            enforcement:
              aws: {account: "123456789012", region: eu-west-1}
              minio: {endpoint: "https://minio.data.svc:9000"}
            """
    )

    @Test func `the schema is printed, and is that of an estate`() throws {
        let result = try Program.run("data", "schema")
        #expect(result.status == 0)
        let schema = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect(schema?["title"] as? String == "Estate" && (schema?["$schema"] as? String)?.contains("2020-12") == true)
    }

    @Test func `what a tired person leaves out is told with what to write`() throws {
        let directory = try TemporaryDirectory()
        let text = Self.estate.split(separator: "\n").filter { !$0.contains("minio:") }.joined(separator: "\n")
        let estate = try directory.write(text + "\n", to: "estate.yaml")
        let empty = try directory.write("", to: "empty.yaml")
        let wrong: [(arguments: [String], status: Int32, message: String)] = [
            (["emit", estate, "--to", "minio"], 1, "write `minio: {endpoint: \"https://HOST:9000\"}` there"),
            (["plan", empty], 2, "there is no `Estate` in `\(empty)`"),
            // 1 would say that something was found.
            (["drift", "/nowhere/estate.yaml"], 2, "/nowhere/estate.yaml:1:1: error: no such file"),
            (["prove", "/nowhere/estate.yaml", "--aws", directory.path], 2, "`/nowhere/estate.yaml`"),
            (
                ["unused", estate, "--aws", directory.path, "--log", "s3=/nowhere/x"], 2,
                "there is no file `/nowhere/x`"
            ),
        ]
        for (arguments, status, message) in wrong {
            let result = try Program.run(["data"] + arguments)
            #expect(result.status == status && result.errors.contains(message), "\(result.errors)")
        }
    }

    @Test func `an estate is drawn, whole and for one component`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.estate, to: "estate.yaml")
        let all = try Program.run("data", "show", estate, "-o", "svg")
        #expect(all.status == 0 && all.output.hasPrefix("<svg "))
        #expect(XMLParser(data: Data(all.output.utf8)).parse())
        for text in ["training-data (confidential)", "training.run, port 8443", "partner.example.com, port 443"] {
            #expect(all.output.contains(text), "\(text)")
        }
        for (style, count) in [("line", 4), ("strong", 2), ("dashed", 1)] {
            #expect(all.output.components(separatedBy: "<path class=\"\(style)\"").count - 1 == count, "\(style)")
        }
        let one = try Program.run("data", "show", estate, "--component", "training", "-o", "svg")
        #expect(one.output.contains("raw (confidential)") && !one.output.contains("partner.example.com"))
    }

    @Test func `what is written for MinIO is proved, and what is wider is refuted`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.estate, to: "estate.yaml")
        let place = directory.path + "/minio"
        #expect(try Program.run("data", "emit", estate, "--to", "minio", "--out", place).status == 0)
        let proved = try Program.run("data", "prove", estate, "--minio", place)
        #expect(proved.status == 0 && proved.output.contains("s3 minio"), "\(proved.output)\(proved.errors)")
        let wide =
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]}]}"#
        _ = try directory.write(wide, to: "minio/policies/c_training.json")
        let refuted = try Program.run("data", "prove", estate, "--minio", place)
        #expect(refuted.status == 1 && refuted.output.contains("REFUTED"), "\(refuted.output)")
        _ = try directory.write("{", to: "minio/policies/c_training.json")
        let broken = try Program.run("data", "prove", estate, "--minio", place)
        #expect(broken.status == 2 && broken.errors.contains("c_training.json:1"), "\(broken.status) \(broken.errors)")
    }

    @Test func `a proof goes on while policies are saved`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.estate, to: "estate.yaml")
        let place = directory.path + "/aws"
        #expect(try Program.run("data", "emit", estate, "--to", "aws", "--out", place).status == 0)
        let proof = try WatchedProof(directory, [estate, "--aws", place])
        defer { proof.stop() }
        let wide =
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::shop-raw/*"}]}"#
        _ = try directory.write(wide, to: "aws/roles/ml-training/policy-9.json")
        let wider = try proof.said(1)
        #expect(!wider.holds && wider.saved == ["roles/ml-training"] && wider.cpuMilliseconds > 0)
        #expect(wider.changed.contains { $0.outcome == "REFUTED" && $0.layer == "s3 roles" }, "\(wider)")
        _ = try directory.write("{", to: "aws/roles/ml-training/policy-9.json")
        let broken = try proof.said(2)
        #expect(!broken.holds && broken.error?.contains("policy-9.json") == true, "\(broken)")
        try FileManager.default.removeItem(atPath: place + "/roles/ml-training/policy-9.json")
        let again = try proof.said(3)
        #expect(again.holds && again.error == nil && again.changed.allSatisfy { $0.outcome == "proved" }, "\(again)")
        // The estate counts, too.
        _ = try directory.write(
            Self.estate.replacing("derivable: [training], ", with: ""),
            to: "estate.yaml"
        )
        let less = try proof.said(4)
        #expect(!less.holds && less.saved == [estate], "\(less)")
        #expect(less.changed.contains { $0.id == "excess" && $0.outcome == "REFUTED" }, "\(less)")
        _ = try directory.write("kind: Nothing", to: "estate.yaml")
        let none = try proof.said(5)
        #expect(!none.holds && none.error != nil, "\(none)")
    }

    @Test func `how AWS differs is listed, and nothing where it does not`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.estate, to: "estate.yaml")
        let place = directory.path + "/aws"
        #expect(try Program.run("data", "emit", estate, "--to", "aws", "--out", place).status == 0)
        let same = try Program.run("data", "drift", estate, "--aws", place)
        #expect(same.status == 0 && same.output.isEmpty, "\(same.output)\(same.errors)")
        let wide =
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Put*","Resource":"arn:aws:s3:::shop-raw/*"}]}"#
        _ = try directory.write(wide, to: "aws/roles/ml-training/policy-9.json")
        try FileManager.default.removeItem(atPath: place + "/buckets/shop-raw/public-access-block.json")
        let more = try Program.run("data", "drift", estate, "--aws", place)
        #expect(more.status == 1 && more.output.contains("more: role ml-training: policies: "), "\(more.output)")
        #expect(more.output.contains("less: bucket shop-raw: Block Public Access: `BlockPublicAcls`"), "\(more.output)")
        let json = try Program.run("data", "drift", estate, "--aws", place, "-o", "json")
        #expect(json.status == 1 && json.output.contains(#""kind" : "more""#), "\(json.output)")
        _ = try directory.write(#"{"RoleDetailList": [], "IsTruncated": true}"#, to: "aws/account.json")
        let half = try Program.run("data", "drift", estate, "--aws", place)
        #expect(half.status != 0 && half.errors.contains("IsTruncated"), "\(half.status) \(half.errors)")
        let none = try Program.run("data", "drift", estate, "--aws", directory.path + "/none")
        #expect(none.status == 2, "\(none.errors)")
    }

    @Test func `a cluster is proved anew, too, when it is exported again`() throws {
        let directory = try TemporaryDirectory()
        let yaml = SmallEstate.yaml(
            training: [],
            dataprep: [],
            rest: """
                datasets:
                  raw: {producer: dataprep, classification: confidential, purposes: [dataprep], stores: [{s3: shop-raw}]}
                enforcement:
                  aws: {account: "123456789012", region: eu-west-1}
                  k8s: {networkPolicy: true, istio: {mode: sidecar}, addresses: {aws: [10.9.0.0/24]}}
                """
        )
        let estate = try directory.write(yaml, to: "estate.yaml")
        let place = directory.path + "/k8s"
        #expect(try Program.run("data", "emit", estate, "--to", "kubernetes", "--out", place).status == 0)
        let proof = try WatchedProof(directory, [estate, "--kubernetes", place])
        defer { proof.stop() }
        let open = """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: open, namespace: ml}
            spec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}
            """
        _ = try directory.write(open, to: "k8s/namespaces/ml/open.yaml")
        let wider = try proof.said(1)
        #expect(!wider.holds && wider.saved == [place + "/namespaces/ml/open.yaml"], "\(wider)")
        #expect(wider.changed.contains { $0.outcome == "REFUTED" && $0.layer == "network" }, "\(wider)")
        _ = try directory.write("{", to: "k8s/namespaces/ml/open.yaml")
        let broken = try proof.said(2)
        #expect(!broken.holds && broken.error?.contains("open.yaml") == true, "\(broken)")
        try FileManager.default.removeItem(atPath: place + "/namespaces/ml/open.yaml")
        let again = try proof.said(3)
        #expect(again.error == nil && !again.changed.contains { $0.outcome == "REFUTED" }, "\(again)")
    }

    @Test func `nothing is watched where nothing is named`() throws {
        let run = try Program.run(["data", "prove", "estate.yaml", "--watch"])
        #expect(run.status == 2 && run.errors.contains("--watch looks at"), "\(run.errors)")
    }
}
