import Foundation
import Testing

@testable import DataAccess

@Suite("What is emitted for AWS, read by linters")
struct PolicyLintTests {
    private static func findings(_ files: [String: String]) throws -> [String] {
        let question = String(decoding: try JSONEncoder().encode(files), as: UTF8.self)
        let answer = try TestPeer(script: "lint_policies.py").run(question)
        return try JSONDecoder().decode([String].self, from: Data(answer.utf8))
    }

    private static func files(_ yaml: String) throws -> [String: String] {
        Dictionary(uniqueKeysWithValues: try AWSEmitter(EstateExample.load(yaml)).files().map { ($0.path, $0.text) })
    }

    @Test("parliament and cfn-lint find nothing", .enabled(if: TestPeer.isAvailable))
    func isClean() throws {
        let more =
            #", oidcProvider: oidc.eks.eu-west-1.amazonaws.com/id/ABC, organization: o-a1b2c3d4e5, vpcEndpoint: vpce-0a}"#
        let irsa = EstateExample.yaml.replacing("region: eu-west-1}", with: "region: eu-west-1" + more)
        #expect(irsa != EstateExample.yaml)
        for yaml in [EstateExample.yaml, ReferenceEstate.yaml, irsa] {
            let files = try Self.files(yaml)
            #expect(files.count > 10)
            let findings = try Self.findings(files)
            #expect(findings.isEmpty, "\(findings)")
        }
    }

    @Test("each finds what is wrong", .enabled(if: TestPeer.isAvailable))
    func findsMistakes() throws {
        var files = try Self.files(EstateExample.yaml)
        func policy(_ statement: String) -> String {
            String(decoding: PrincipalProbesTests.policy(statement), as: UTF8.self)
        }
        files["roles/scorer/policy-1.json"] = policy(#"{"Effect":"Allow","Action":"s3:NoSuchAction","Resource":"*"}"#)
        files["roles/trainer/policy-1.json"] = policy(
            #"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::shop-ml"}"#
        )
        files["buckets/shop-ml/policy.json"] = policy(#"{"Effect":"Alow","Action":"s3:GetObject","Resource":"*"}"#)
        files["roles/trainer/trust.json"] = policy(#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#)
        let findings = try Self.findings(files)
        for word in [
            "parliament: roles/scorer/policy-1.json: UNKNOWN_ACTION",
            "parliament: roles/trainer/policy-1.json: RESOURCE_MISMATCH", "cfn-lint: E",
        ] {
            #expect(findings.contains { $0.hasPrefix(word) }, "\(word): \(findings)")
        }
        #expect(findings.contains { $0.hasPrefix("cfn-lint") && $0.contains("RoleTrainer") }, "\(findings)")
    }
}
