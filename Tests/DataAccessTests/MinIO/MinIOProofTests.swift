import Foundation
import Resources
import Testing

@testable import DataAccess

@Suite("What is emitted for MinIO")
struct MinIOProofTests {
    private static let yaml =
        EstateExample.yaml
        .replacing("          aws: {account: \"123456789012\", region: eu-west-1}\n", with: "")
        .replacing("enforcement:\n", with: "enforcement:\n  minio: {endpoint: \"https://minio.shop.svc:9000\"}\n")
        .replacing("  aws: {account: \"123456789012\", region: eu-west-1}\n", with: "")
        .replacing(", aws: {role: scorer}", with: "").replacing(", aws: {role: trainer}", with: "")
        .replacing(", aws: {role: cleaner}", with: "")

    private static func files(_ estate: Estate) throws -> [String: [UInt8]] {
        Dictionary(uniqueKeysWithValues: try MinIOEmitter(estate).files().map { ($0.path, Array($0.text.utf8)) })
    }

    private static func proof(
        _ change: (inout [String: [UInt8]]) -> Void = { _ in }
    ) throws -> [String: InvariantProof.Outcome] {
        let estate = try EstateExample.load(yaml)
        var files = try files(estate)
        change(&files)
        let results = MinIOProof(estate, try MinIOArtifacts(files: files)).results
        return Dictionary(uniqueKeysWithValues: results.map { ($0.id, $0.outcome) })
    }

    private static func isRefuted(_ outcome: InvariantProof.Outcome?) -> Bool {
        if case .refuted = outcome { true } else { false }
    }

    @Test("is proved when it is parsed back, and is the same each time")
    func provesItself() throws {
        let estate = try EstateExample.load(Self.yaml)
        #expect(!estate.warnings.contains { $0.message.contains("AWS role") }, "\(estate.warnings)")
        let files = try Self.files(estate)
        #expect(try files == Self.files(estate))
        #expect(
            files.keys.sorted() == ["c_cleaner", "c_intake", "c_scorer", "c_trainer"].map { "policies/\($0).json" }
        )
        for (id, outcome) in try Self.proof() { #expect(outcome == .proved, "\(id): \(outcome)") }
        #expect(try MinIOArtifacts(files: files).findings.isEmpty)
        // Keys that AWS has and MinIO has not are nowhere.
        let all = files.values.map { String(decoding: $0, as: UTF8.self) }.joined()
        for word in ["ResourceAccount", "SourceVpce", "PrincipalArn", "Principal", "GetObjectAttributes"] {
            #expect(!all.contains(word), "\(word)")
        }
    }

    @Test(
        "is caught when it is widened",
        arguments: [
            ("policies/c_trainer.json", #""Action":"s3:GetObject","Resource":"arn:aws:s3:::shop-orders/*""#, "A"),
            ("policies/c_trainer.json", #""Action":"s3:*","Resource":"*""#, "nothing else"),
            ("policies/c_trainer.json", #""Action":"s3:PutObject","Resource":"arn:aws:s3:::shop-ml/examples/*""#, "B"),
            ("policies/c_scorer.json", #""Action":"s3:PutBucketPolicy","Resource":"arn:aws:s3:::shop-ml""#, "excess"),
            ("policies/c_scorer.json", #""Action":"admin:*","Resource":"*""#, "nothing else"),
            ("policies/readwrite.json", #""Action":"s3:*","Resource":"arn:aws:s3:::*""#, "excess"),
            (
                "buckets/shop-orders.json",
                #""Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::shop-orders/*"]"#, "A"
            ),
            ("policies/c_trainer.json", #""Action":"s3:GetObject","Resource":"arn:aws:s3:::shop-ml/weights/*""#, "tls"),
        ]
    )
    func catchesWidenings(_ path: String, _ statement: String, _ id: String) throws {
        let outcomes = try Self.proof { files in
            let own = files[path].map { String(decoding: $0, as: UTF8.self) }
            let added = #"{"Effect":"Allow",\#(statement)}"#
            files[path] =
                own.map { text in
                    Array(text.replacing("\"Statement\": [", with: "\"Statement\": [\(added),").utf8)
                } ?? PrincipalProbesTests.policy(added)
        }
        #expect(Self.isRefuted(outcomes[id]), "\(outcomes)")
    }

    @Test("is missed when it is not there")
    func missing() throws {
        let outcomes = try Self.proof { $0["policies/c_scorer.json"] = nil }
        #expect(Self.isRefuted(outcomes["missing"]), "\(outcomes)")
    }

    @Test(
        "is not proved where MinIO refuses it or reads it differently",
        arguments: [
            #""Action":"s3:getobject","Resource":"arn:aws:s3:::shop-orders/*""#,
            #""Action":"s3:GetObjectAcl","Resource":"arn:aws:s3:::shop-orders/*""#,
            #""Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"1"}}"#,
            #""Action":"s3:PutObject","Resource":"*","Condition":{"StringLike":{"s3:prefix":"a"}}"#,
            #""Action":"s3:PutObject","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:username":"a"}}"#,
            #""NotAction":"s3:PutObject","Resource":"*""#, #""Action":"s3:PutObject","Resource":"arn:minio:s3:::a""#,
            #""Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:username":"${aws:userid}"}}"#,
        ]
    )
    func otherLanguage(_ statement: String) throws {
        let outcomes = try Self.proof { files in
            files["policies/other.json"] = PrincipalProbesTests.policy(#"{"Effect":"Deny",\#(statement)}"#)
        }
        guard case .unknown = outcomes["well-formed"] else {
            Issue.record("\(outcomes)")
            return
        }
    }

    @Test("is refused where MinIO cannot keep it, and where there is no MinIO")
    func refuses() throws {
        let appending = Self.yaml.replacing(
            "{s3: shop-orders, prefix: raw/}",
            with: "{s3: shop-orders, prefix: raw/, mode: append}"
        )
        let emitter = try MinIOEmitter(EstateExample.load(appending))
        #expect(throws: MinIOEmitter.Failure.self) { try emitter.files() }
        #expect(throws: MinIOEmitter.Failure.self) { try MinIOEmitter(EstateExample.load()) }
        #expect(throws: ResourceError.self) { try MinIOArtifacts(files: ["roles/a.json": Array("{}".utf8)]) }
    }
}
