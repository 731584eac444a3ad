import Foundation
import Resources
import SPIFFE
import Testing
import ZeroTrust

@testable import Authorization

/// Rules that a `RequestAuthentication` declares.
@Suite struct TokenRuleTests {
    private static func policies(_ rules: String, more: String = "") throws -> PolicySet {
        let text = """
            apiVersion: security.istio.io/v1
            kind: RequestAuthentication
            metadata: {name: tokens, namespace: ml-inference}
            spec: {selector: {matchLabels: {app: inference-service}}, jwtRules: [\(rules)]}
            \(more)
            """
        return try PolicySet.load(ResourceLoader.parse(yaml: text, file: "tokens.yaml"))
    }

    private static func rules(_ rules: String) throws -> [TokenRule] {
        try policies(rules).requestAuthentications.flatMap(\.rules).map { try TokenRule($0) }
    }

    @Test func `what is not said is as Istio has it`() throws {
        let rule = try #require(try Self.rules("{issuer: 'https://i.example', jwksUri: 'https://i.example/k'}").first)
        #expect(rule.issuer == "https://i.example")
        #expect(rule.audiences.isEmpty && rule.claimHeaders.isEmpty && rule.payloadHeader == nil)
        #expect(rule.places == TokenRule.defaultPlaces)
        #expect(rule.spaceDelimited == ["scope", "permission"])
        #expect(!rule.forwardsToken)
        guard case .url("https://i.example/k") = rule.keys else {
            Issue.record("the keys are not at the URL")
            return
        }
    }

    @Test func `what is said is taken over, names of headers in lower case and places in Envoy's order`() throws {
        let rule = try #require(
            try Self.rules(
                """
                {issuer: i, jwksUri: 'https://i.example/k', audiences: [b, a], forwardOriginalToken: true,
                 fromHeaders: [{name: X-Two}, {name: X-One, prefix: 'T '}], fromParams: [q, p], fromCookies: [c],
                 outputPayloadToHeader: X-Payload, outputClaimToHeaders: [{header: X-Team, claim: org.team}]}
                """
            ).first
        )
        #expect(rule.audiences == ["a", "b"])
        #expect(rule.forwardsToken)
        #expect(
            rule.places == [
                .header("x-one", prefix: "T "), .header("x-two", prefix: ""), .parameter("p"), .parameter("q"),
                .cookie("c"),
            ]
        )
        #expect(rule.payloadHeader == "x-payload")
        #expect(rule.claimHeaders.map(\.header) == ["x-team"] && rule.claimHeaders.map(\.claim) == [["org", "team"]])
    }

    @Test(arguments: [("https://i.example", "https://i.example"), ("https://i.example/", "https://i.example")])
    func `an issuer without a URL for its keys is asked where they are`(issuer: String, base: String) throws {
        let rule = try #require(try Self.rules("{issuer: '\(issuer)'}").first)
        guard case .url(let url) = rule.keys else {
            Issue.record("there is no URL")
            return
        }
        #expect(url == base + "/.well-known/openid-configuration")
    }

    @Test func `a key set without a key for signatures is refused at its place`() throws {
        let error = #expect(throws: ResourceError.self) {
            try Self.rules(#"{issuer: i, jwks: '{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}'}"#)
        }
        #expect(error?.description.contains("no key that verifies signatures") ?? false)
        #expect(error?.description.hasPrefix("tokens.yaml:4:") ?? false)
    }

    @Test func `from the document to the decision`() throws {
        let issuer = try TestIssuer()
        let keys = String(
            decoding: try JSONSerialization.data(withJSONObject: ["keys": try issuer.jwks()]),
            as: UTF8.self
        )
        let policies = try Self.policies(
            "{issuer: '\(issuer.name)', jwks: '\(keys)', audiences: [inference]}",
            more: """
                ---
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: readers, namespace: ml-inference}
                spec:
                  rules:
                  - from: [{source: {requestPrincipals: ['\(issuer.name)/*']}}]
                    when: [{key: 'request.auth.claims[scope]', values: [predict]}]
                """
        )
        let engine = try PolicyEngine(policies: policies, workload: Fixture.workload)
        #expect(engine.options.requiresTokenVerdict)
        let verifier = try #require(
            try TokenVerifier(
                policies: policies,
                workload: Fixture.workload,
                options: engine.options,
                keys: TokenKeyStore()
            )
        )
        let peer = try Fixture.peer(Fixture.gateway)
        func outcome(_ claims: [String: Any]) throws -> String {
            let later = ["exp": Int(Date().timeIntervalSince1970) + 300, "aud": "inference"] as [String: Any]
            let token = try issuer.token(later.merging(claims) { $1 })
            let request = TokenRequest(headers: [.init(name: "authorization", value: "Bearer " + token)], path: "/")
            switch engine.authorize(peer, Fixture.exchange(), token: verifier.verify(request)) {
            case .allow(let permit):
                permit.redeem()
                return "allow"
            case .deny(let denial): return "\(denial.status) \(denial.reason)"
            case .ask: return "ask"
            }
        }
        #expect(try outcome(["scope": "read predict"]) == "allow")
        #expect(try outcome(["scope": "read"]) == "403 no_rule_matched")
        #expect(try outcome(["scope": "predict", "aud": "other"]) == "401 token_refused")
        #expect(try outcome(["scope": "predict", "exp": 1]) == "401 token_refused")
        // Where no document selects the workload, nothing is to be verified.
        let other = Workload(namespace: "ml-inference", labels: ["app": "other"])
        #expect(try PolicyEngine(policies: policies, workload: other).options.requiresTokenVerdict == false)
        let none = try TokenVerifier(policies: policies, workload: other, options: .init(), keys: TokenKeyStore())
        #expect(none?.consultedHeaders == nil)
    }
}
