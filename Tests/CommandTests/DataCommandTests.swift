import Foundation
import FoundationXML
import Testing

/// `lapwing data` without a database: the schema, the drawing, what is written for MinIO, and the proof that goes on.
@Suite struct DataCommandTests {
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
        #expect(broken.status == 1 && broken.errors.contains("c_training.json:1"), "\(broken.status) \(broken.errors)")
    }

    private struct Saved: Decodable {
        struct Line: Decodable {
            let id, layer, outcome: String
        }
        let holds: Bool
        let saved: [String]
        let error: String?
        let cpuMilliseconds: Double
        let changed: [Line]
    }

    @Test func `a proof goes on while policies are saved`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.estate, to: "estate.yaml")
        let place = directory.path + "/aws"
        #expect(try Program.run("data", "emit", estate, "--to", "aws", "--out", place).status == 0)
        let printed = directory.path + "/printed"
        try Data().write(to: URL(fileURLWithPath: printed))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Program.path)
        process.arguments = ["data", "prove", estate, "--aws", place, "--watch", "-o", "json"]
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: printed))
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { process.stop() }
        /// What is said after so many changes.
        func said(_ count: Int) throws -> Saved {
            for _ in 0..<300 {
                let text = try String(contentsOfFile: printed, encoding: .utf8)
                // The first answer is over several lines.
                let lines = text.split(separator: "\n").filter { $0.hasPrefix("{\"") }
                if lines.count >= count {
                    return try JSONDecoder().decode(Saved.self, from: Data(lines[count - 1].utf8))
                }
                Thread.sleep(forTimeInterval: 0.1)
            }
            throw CocoaError(.fileReadUnknown)
        }
        for _ in 0..<300 where try !String(contentsOfFile: printed, encoding: .utf8).contains("\n}\n") {
            Thread.sleep(forTimeInterval: 0.1)
        }
        let wide =
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::shop-raw/*"}]}"#
        _ = try directory.write(wide, to: "aws/roles/ml-training/policy-9.json")
        let wider = try said(1)
        #expect(!wider.holds && wider.saved == ["roles/ml-training"] && wider.cpuMilliseconds > 0)
        #expect(wider.changed.contains { $0.outcome == "REFUTED" && $0.layer == "s3 roles" }, "\(wider)")
        _ = try directory.write("{", to: "aws/roles/ml-training/policy-9.json")
        let broken = try said(2)
        #expect(!broken.holds && broken.error?.contains("policy-9.json") == true, "\(broken)")
        try FileManager.default.removeItem(atPath: place + "/roles/ml-training/policy-9.json")
        let again = try said(3)
        #expect(again.holds && again.error == nil && again.changed.allSatisfy { $0.outcome == "proved" }, "\(again)")
        // The estate counts, too.
        _ = try directory.write(
            Self.estate.replacing("derivable: [training], ", with: ""),
            to: "estate.yaml"
        )
        let less = try said(4)
        #expect(!less.holds && less.saved == [estate], "\(less)")
        #expect(less.changed.contains { $0.id == "excess" && $0.outcome == "REFUTED" }, "\(less)")
        _ = try directory.write("kind: Nothing", to: "estate.yaml")
        let none = try said(5)
        #expect(!none.holds && none.error != nil, "\(none)")
    }

    @Test func `only AWS is watched`() throws {
        for arguments in [["--watch"], ["--aws", "a", "--watch", "--minio", "b"]] {
            let run = try Program.run(["data", "prove", "estate.yaml"] + arguments)
            #expect(run.status == 2 && run.errors.contains("--watch looks at"), "\(run.errors)")
        }
    }
}
