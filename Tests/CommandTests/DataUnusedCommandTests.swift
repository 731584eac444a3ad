import AuditLog
import Foundation
import Testing
import ZeroTrust

/// `lapwing data unused`, over logs of each kind.
@Suite(.timeLimit(.minutes(5))) struct DataUnusedCommandTests {
    private static let estate = SmallEstate.yaml(
        rest: """
            datasets:
              training-data:
                producer: dataprep
                classification: confidential
                purposes: [training]
                stores: [{s3: shop-training}, {postgres: {db: ml, table: training.examples}}]
            enforcement: {aws: {account: "123456789012", region: eu-west-1}}
            """
    )

    private static func audit(_ user: String, _ class: String, _ command: String, _ statement: String) -> String {
        #"{"timestamp":"2026-11-22 18:47:35.213 UTC","user":"\#(user)","dbname":"ml","message":"AUDIT: SESSION,1,1,\#(`class`),\#(command),TABLE,training.examples,\#(statement),<none>,1"}"#
    }

    private static let trail = #"""
        {"Records":[{"eventVersion":"1.10","eventTime":"2026-11-22T18:47:35Z","eventSource":"s3.amazonaws.com","eventName":"PutObject","eventCategory":"Data","readOnly":false,"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::123456789012:assumed-role/ml-dataprep/pod","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::123456789012:role/ml-dataprep"}}},"requestParameters":{"bucketName":"shop-training","key":"a"}},
        {"eventVersion":"1.10","eventTime":"2026-11-22T18:47:36Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventCategory":"Data","readOnly":true,"errorCode":"AccessDenied","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::123456789012:assumed-role/ml-dataprep/pod"},"requestParameters":{"bucketName":"shop-training","key":"a"}}]}
        """#

    private static let access =
        #"79a5 shop-training [22/Nov/2026:18:47:35 +0000] 10.0.0.1 arn:aws:sts::123456789012:assumed-role/ml-training/pod 3E57 REST.GET.OBJECT a "GET /shop-training/a HTTP/1.1" 200 - 113 113 7 6 "-" "aws-sdk" - s9lz SigV4 TLS_AES_128_GCM_SHA256 AuthHeader shop-training.s3.amazonaws.com TLSv1.3 - -"#

    private struct Answer: Decodable {
        struct Grant: Decodable {
            let layer, who, grant, rule: String
        }
        struct Narrowing: Decodable {
            let place: String
            let files: [String: String]
        }
        let version, records, malformed, total: Int
        let unused: [Grant]
        let narrowings: [Narrowing]
        let doubts: [String]
    }

    @Test func `grants that no log shows are listed, and narrower ones are written`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.estate, to: "estate.yaml")
        let lines = [
            Self.audit("c_dataprep", "WRITE", "INSERT", "insert into training.examples values (1)"),
            Self.audit("c_training", "READ", "SELECT", "select 1 from training.examples"),
        ]
        let logs = try [
            directory.write(lines.joined(separator: "\n") + "\n", to: "pg.json"),
            directory.write(Self.trail, to: "trail.json"),
            directory.write(Self.access + "\n", to: "access.log"),
        ]
        let out = directory.path + "/narrower"
        let arguments = ["data", "unused", estate, "--generated", "--out", out] + logs.flatMap { ["--log", $0] }
        let run = try Program.run(arguments + ["-o", "json"])
        #expect(run.status == 1, "\(run.errors)")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
        #expect(
            answer.version == 1 && answer.records == 4 && answer.malformed == 0 && answer.doubts.isEmpty,
            "\(run.output)"
        )
        let postgres = answer.unused.filter { $0.layer == "postgres ml" }.map(\.grant)
        #expect(
            postgres == [
                "DELETE on table training.examples for c_dataprep", "UPDATE on table training.examples for c_dataprep",
            ]
        )
        let writer = answer.unused.filter { $0.who == "ml-dataprep" }.map { $0.grant.lowercased() }
        #expect(
            writer.contains { $0.hasPrefix("s3:deleteobject on") }
                && !writer.contains { $0.hasPrefix("s3:putobject on") }
        )
        let script = try String(contentsOfFile: out + "/postgres/ml/revoke.sql", encoding: .utf8)
        #expect(script.contains(#"REVOKE UPDATE ON TABLE "training"."examples" FROM "c_dataprep""#), "\(script)")
        let policy = try String(contentsOfFile: out + "/roles/ml-dataprep/policy-1.json", encoding: .utf8).lowercased()
        #expect(policy.contains("s3:putobject") && !policy.contains("s3:deleteobject"), "\(policy)")
        let table = try Program.run(arguments)
        #expect(table.status == 1 && table.output.contains("proved to allow no more than before"), "\(table.output)")
        // Of a time that no record tells of nothing is judged.
        let late = try Program.run(arguments + ["--since", "2026-11-23"])
        #expect(late.status == 0 && late.errors.contains("0 records; 0 of 0"), "\(late.errors)")
    }

    @Test func `a declared call that the node's record does not show is listed; a refusal shows none`() throws {
        let directory = try TemporaryDirectory()
        let calls = """
            apiVersion: lapwing.dev/v1alpha1
            kind: Estate
            metadata: {name: calls, trustDomain: cluster.local}
            purposes: {serving: {}}
            classifications: [internal]
            components:
              front: {identity: {k8s: web/front}, purpose: serving}
              back: {identity: {k8s: web/back}, purpose: serving}
              scorer:
                identity: {k8s: ml/scorer}
                purpose: serving
                exposes: [{name: score, port: 8443, http: [{methods: [POST], paths: [/v1/*]}]}]
            calls:
            - {from: front, to: scorer, api: score}
            - {from: back, to: scorer, api: score}
            """
        let estate = try directory.write(calls, to: "estate.yaml")
        let authority = try CheckpointAuthority(directory: directory.path + "/authority", origin: "test")
        let writer = try LogWriter(directory: directory.path + "/audit", origin: "test", signer: authority)
        for (number, name) in ["front", "back"].enumerated() {
            let decision = DecisionRecord(
                id: RequestID(milliseconds: UInt64(1_000 + number), random: 2),
                time: Timestamp(nanoseconds: 1_795_392_000_000_000_000),
                node: "node",
                caller: .init(
                    spiffeID: try SPIFFEID("spiffe://cluster.local/ns/web/sa/\(name)"),
                    serialNumber: "1",
                    fingerprint: "ab"
                ),
                source: .init(address: IPAddress(v4: 0x0a00_0001), port: 2_000),
                tls: nil,
                request: .init(
                    method: "POST",
                    path: "/v1/predict?x=1",
                    authority: "scorer.example",
                    destination: .init(address: IPAddress(v4: 0x7f00_0001), port: 8443)
                ),
                outcome: name == "back" ? .deny : .allow,
                reason: name == "back" ? "no_rule_matched" : "allowed_by_rule",
                policy: nil,
                snapshot: "00",
                compatibility: "strict",
                latency: 1,
                route: name == "back" ? nil : "predict"
            )
            writer.append(decision.encoded()) { _ in }
        }
        writer.close()
        let run = try Program.run("data", "unused", estate, "--audit", directory.path + "/audit", "-o", "json")
        #expect(run.status == 1, "\(run.errors)")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
        #expect(answer.total == 2 && answer.records == 1)
        #expect(answer.unused.map(\.who) == ["back"] && answer.unused.map(\.grant) == ["call scorer.score"])
        #expect(answer.unused.first?.rule.hasSuffix("estate.yaml:15") == true, "\(answer.unused)")
    }

    @Test func `a wrong call is 2`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.estate, to: "estate.yaml")
        let other = try directory.write("hello\n", to: "other.log")
        for arguments in [
            [estate], [estate, "--log", directory.path + "/none"], [estate, "--log", other],
            [estate, "--log", "flow=\(other)"], [estate, "--log", "s3=\(other)", "--since", "never"],
        ] {
            let run = try Program.run(["data", "unused"] + arguments)
            #expect(run.status == 2, "\(arguments): \(run.status) \(run.errors)")
        }
    }
}
