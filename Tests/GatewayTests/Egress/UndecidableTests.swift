import Authorization
import Resources
import Testing

@testable import Gateway

/// What the egress listener cannot decide is refused, and not taken for a match that failed.
@Suite(.timeLimit(.minutes(5))) struct UndecidableTests {
    @Test(arguments: [
        ("DENY", "to: [{operation: {hosts: [\"api.example.com:8080\"]}}]", true),
        ("ALLOW", "to: [{operation: {notHosts: [\"api.example.com:8080\"]}}]", true),
        ("DENY", "when: [{key: \"request.headers[:scheme]\", values: [http]}]", true),
        ("DENY", "when: [{key: \"request.headers[:authority]\", values: [\"api.example.com:8080\"]}]", true),
        ("DENY", "when: [{key: destination.ip, values: [10.0.0.0/8]}]", true),
        ("DENY", "from: [{source: {requestPrincipals: [\"*\"]}}]", true),
        ("ALLOW", "to: [{operation: {hosts: [\"api.example.com:8080\"]}}]", false),
        ("DENY", "to: [{operation: {hosts: [\"api.example.com\"], ports: [\"8080\"]}}]", false),
        ("DENY", "to: [{operation: {methods: [DELETE]}}]", false),
    ])
    func `a rule that would fail to match makes the whole policy undecidable`(
        action: String,
        rule: String,
        isUndecidable: Bool
    ) throws {
        let yaml = """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: p, namespace: n}
            spec: {action: \(action), rules: [{\(rule)}]}
            """
        let policies = try PolicySet.load(try ResourceLoader.parse(yaml: yaml, file: "p.yaml"))
        let policy = try #require(policies.policies.first)
        #expect(Undecidable.always(policy) == isUndecidable)
    }
}
