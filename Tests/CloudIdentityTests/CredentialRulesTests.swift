import CloudIdentity
import Foundation
import Resources
import Testing
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct CredentialRulesTests {
    static func load(_ aws: String, port: String = "8471") throws -> CredentialRules? {
        let indented = aws.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
            .joined(separator: "\n")
        let text = """
            apiVersion: lapwing.dev/v1alpha1
            kind: CloudCredentials
            metadata: { name: aws }
            spec:
              port: \(port)
              aws:
            \(indented)
            """
        return try CredentialRules.load(ResourceLoader.load(sources: [("a.yaml", Data(text.utf8))]).documents)
    }

    static let role = """
        - spiffeID: spiffe://cluster.local/a
          roleARN: arn:aws:iam::123456789012:role/training
        """

    @Test func `a resource is read with its defaults`() throws {
        let rules = try #require(
            try Self.load("endpoint: https://sts.eu-central-1.amazonaws.com\nroles:\n" + Self.role)
        )
        let role = try #require(rules.roles[try SPIFFEID("spiffe://cluster.local/a")])
        #expect(rules.port == 8471)
        #expect(rules.audience == "sts.amazonaws.com")
        #expect(role.arn == "arn:aws:iam::123456789012:role/training")
        #expect(role.duration == 3600)
        #expect(role.sessionPolicy == nil)
        #expect(try CredentialRules.load([]) == nil)
    }

    @Test(arguments: [
        "endpoint: http://sts.example\nroles: []", "endpoint: http://127.0.0.1:1\nroles: []",
        "endpoint: http://sts.example\nplaintext: true\nroles: []", "endpoint: sts.example\nroles: []",
        "endpoint: https://u:p@sts.example\nroles: []", "endpoint: https://sts.example/?a=b\nroles: []",
        "endpoint: https://sts.example", "roles: []", "endpoint: https://sts.example\nroles: []\nmore: 1",
        "endpoint: https://sts.example\naudience: \"\"\nroles: []",
        "endpoint: https://sts.example\nroles:\n" + role + "\n" + role,
        "endpoint: https://sts.example\nroles:\n" + role + "\n  duration: 10m",
        "endpoint: https://sts.example\nroles:\n" + role + "\n  duration: 13h",
        "endpoint: https://sts.example\nroles:\n" + role + "\n  sessionPolicy: \"[]\"",
        "endpoint: https://sts.example\nroles:\n- spiffeID: spiffe://cluster.local\n  roleARN: arn:aws:iam::123456789012:role/a",
        "endpoint: https://sts.example\nroles:\n- spiffeID: spiffe://cluster.local/a\n  roleARN: training",
    ])
    func `what cannot be right is refused where it stands`(_ aws: String) {
        let error = #expect(throws: ResourceError.self) { try Self.load(aws) }
        #expect(error?.description.contains("a.yaml:") == true)
    }

    @Test func `plaintext is for loopback, and only where that is said`() throws {
        #expect(try Self.load("endpoint: http://127.0.0.1:1\nplaintext: true\nroles: []") != nil)
    }
}
