import Foundation
import Resources
import Testing

@testable import DataAccess

/// Drift of AWS, of what boto3 reads back from an account (moto) into which the generated policies were put.
@Suite("Drift of AWS") struct AWSDriftTests {
    private struct Question: Encodable {
        let files: [String: String]
        let seed: Int
    }

    private struct Export: Decodable {
        let name: String
        let files: [String: String]
        let expected: [[String]]
    }

    private static func exports(_ yaml: String, seed: Int) throws -> (Estate, [Export]) {
        let estate = try EstateExample.load(yaml)
        let files = Dictionary(uniqueKeysWithValues: try AWSEmitter(estate).files().map { ($0.path, $0.text) })
        let question = String(
            decoding: try JSONEncoder().encode(Question(files: files, seed: seed)),
            as: UTF8.self
        )
        let answer = try TestPeer(script: "aws_account.py").run(question)
        return (estate, try JSONDecoder().decode([Export].self, from: Data(answer.utf8)))
    }

    private static func drift(_ export: Export, _ estate: Estate) throws -> [AWSDrift.Difference] {
        let live = try AWSArtifacts(files: export.files.mapValues { Array($0.utf8) }, estate: estate)
        return try AWSDrift(of: live, from: estate).differences
    }

    @Test("is found, each kind of it, and nothing where there is none", .enabled(if: TestPeer.isAvailable))
    func findsDrift() throws {
        // 20 seeds with LAPWING_SCALE=10.
        let scale = ProcessInfo.processInfo.environment["LAPWING_SCALE"].flatMap(Int.init) ?? 1
        var count = 0
        for seed in 1...min(20, 2 * max(1, scale)) {
            // All of it is in one account, as one export is.
            let example = EstateExample.yaml.replacing(", account: \"210987654321\"", with: "")
            let yaml = seed % 2 == 0 ? ReferenceEstate.yaml : example
            let (estate, exports) = try Self.exports(yaml, seed: seed)
            #expect(exports.count > 45)
            for export in exports {
                let found = try Self.drift(export, estate)
                let kinds = Set(found.map { [$0.kind.rawValue, $0.object] })
                #expect(kinds == Set(export.expected), "\(seed), \(export.name): \(found)")
                count += export.expected.isEmpty ? 0 : 1
            }
            // What was read back is proved as well as what was written.
            let live = try AWSArtifacts(
                files: (exports.first?.files ?? [:]).mapValues { Array($0.utf8) },
                estate: estate
            )
            let proof = EstateProof(estate, aws: live)
            #expect(proof.holds, "\(proof.results.filter { $0.outcome != .proved && $0.outcome != .notConcerned })")
        }
        print("drift of AWS: \(count) drifts found, and none where there is none")
    }

    @Test("is nothing for what is written, and everything for what is not there")
    func isComplete() throws {
        let estate = try EstateExample.load()
        #expect(try AWSDrift(of: AWSArtifacts(generatedFor: estate), from: estate).differences.isEmpty)
        let nothing = try AWSDrift(of: AWSArtifacts(files: [:], estate: estate), from: estate).differences
        let wanted = try AWSArtifacts(generatedFor: estate)
        #expect(nothing.count == wanted.roles.count + wanted.buckets.count + 1)
        #expect(nothing.allSatisfy { $0.kind == .less })
    }

    @Test(
        "is not told of an export that is not whole",
        arguments: [
            (#"{"RoleDetailList": [], "IsTruncated": true}"#, "IsTruncated"),
            (#"{"Roles": []}"#, "RoleDetailList"),
            (
                #"{"RoleDetailList": [{"RoleName": "r", "Arn": "arn:aws:iam::123456789012:role/r", "#
                    + #""AssumeRolePolicyDocument": {"Statement": []}, "#
                    + #""AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}]}"#,
                "was not exported"
            ),
            (#"{"RoleDetailList": [{"RoleName": "r", "Arn": "arn:aws:iam::123456789012:role/r"}]}"#, "is missing"),
            (
                #"{"RoleDetailList": [{"RoleName": "r", "Arn": "arn:aws:iam::123456789012:role/s"}]}"#,
                "no ARN of the role"
            ),
            (
                #"{"RoleDetailList": [{"RoleName": "r", "Arn": "arn:aws:iam::123456789012:role/r", "#
                    + #""AssumeRolePolicyDocument": "%7B%22Statement%22%3A%5B%5D%7D"}]}"#, "URL-encoded"
            ),
            (#"{"RoleDetailList": [{"RoleName": "r", "Arn": "arn:aws:iam::1:user/r"}]}"#, "no ARN of the role"),
        ]
    )
    func refusesHalves(_ text: String, _ word: String) throws {
        let estate = try EstateExample.load()
        let error = #expect(throws: ResourceError.self) {
            try AWSArtifacts(files: ["account.json": Array(text.utf8)], estate: estate)
        }
        #expect(error?.description.contains(word) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test(
        "is not told of an export of which a page is missing, whichever it is",
        arguments: [
            (["account": false], nil), (["account": true], "account-2.json"),
            (["account": true, "account-2": false], nil),
            (["account": true, "account-2": true, "account-3": false], nil),
            (["account": true, "account-3": false], "account-2.json"),
            (["account-2": true, "account-3": false], "account.json"),
            (["account": true, "account-2": true], "account-3.json"),
            (["account": false, "account-prod": true, "account-prod-2": false], nil),
            (["account": false, "account-prod": true], "account-prod-2.json"),
            (["account-123456789012": true, "account-123456789012-2": false, "account-210987654321": false], nil),
            (["account": true, "account-2": false, "account-02": false], "two pages 2"),
            (["account-2026-11-26": false], nil), (["account-2026-11-26": true], "account-2026-11-26-2.json"),
            (["account-2026-11-26": true, "account-2026-11-26-2": false], nil),
        ] as [([String: Bool], String?)]
    )
    func refusesGaps(_ pages: [String: Bool], _ word: String?) throws {
        let estate = try EstateExample.load()
        for end in [#""IsTruncated": true, "Marker": "abc""#, #""NextToken": "abc""#] {
            var files: [String: [UInt8]] = [:]
            for (name, goesOn) in pages {
                let rest = goesOn ? end : #""IsTruncated": false"#
                files[name + ".json"] = Array(#"{"RoleDetailList": [], \#(rest)}"#.utf8)
            }
            guard let word else {
                _ = try AWSArtifacts(files: files, estate: estate)
                continue
            }
            let error = #expect(throws: ResourceError.self) { try AWSArtifacts(files: files, estate: estate) }
            #expect(error?.description.contains(word) == true, "\(error.map { "\($0)" } ?? "")")
        }
    }

    @Test("knows a role by its path")
    func knowsPaths() throws {
        let estate = try EstateExample.load()
        let role = try #require(AWSArtifacts(generatedFor: estate).roles.keys.min())
        let text =
            #"{"RoleDetailList": [{"RoleName": "\#(role)", "Arn": "arn:aws:iam::123456789012:role/team/\#(role)", "#
            + #""AssumeRolePolicyDocument": {"Statement": []}}]}"#
        let live = try AWSArtifacts(files: ["account.json": Array(text.utf8)], estate: estate)
        #expect(live.roles[role]?.arn("aws") == "arn:aws:iam::123456789012:role/team/\(role)")
        let found = try AWSDrift(of: live, from: estate).differences
        #expect(found.contains { $0.kind == .changed && $0.detail.contains("role/team/") }, "\(found)")
        // A session's ARN has no path.
        let policy = try PolicyDocument(
            json: (#"{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": {"AWS": "#
                + #""arn:aws:sts::123456789012:assumed-role/\#(role)/s"}}}"#).utf8,
            file: "policy.json"
        )
        let observation = AWSObservation(estate, live)
        #expect(observation.roles(named: observation.namedPrincipals(policy)).map(\.name) == [role])
    }

    @Test("is found in an action that a Deny alone names")
    func namesWhatIsLeft() throws {
        let estate = try EstateExample.load()
        var live = try AWSArtifacts(generatedFor: estate)
        let role = try #require(live.roles.keys.min())
        for left in ["kms:Decrypt", "kms:Describe*"] {
            let policy =
                #"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, "#
                + #"{"Effect": "Deny", "NotAction": "\#(left)", "Resource": "*"}]}"#
            live.roles[role]?.policies = [try PolicyDocument(json: policy.utf8, file: "policy.json")]
            let found = try AWSDrift(of: live, from: estate).differences
            #expect(found.contains { $0.kind == .more && $0.detail.contains("kms:") }, "\(found)")
        }
    }
}
