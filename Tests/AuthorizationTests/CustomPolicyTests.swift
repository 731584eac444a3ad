import SPIFFE
import Testing
import ZeroTrust

@testable import Authorization

@Suite struct CustomPolicyTests {
    private static let custom = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: ask, namespace: ml-inference}
        spec:
          action: CUSTOM
          provider: {name: opa}
          rules: [{to: [{operation: {paths: [/v1/*]}}]}]
        """

    private static func engine(
        _ policies: String...,
        providers: Set<String> = ["opa"],
        requiresTokenVerdict: Bool = false
    ) throws -> PolicyEngine {
        let engine = try Fixture.engine(policies.joined(separator: "\n---\n"))
        return try PolicyEngine(
            applying: engine.policies,
            options: .init(providers: providers, requiresTokenVerdict: requiresTokenVerdict)
        )
    }

    private static let allow = Fixture.policy("{}", name: "allow")

    private func outcome(_ authorization: consuming Authorization) -> String {
        switch authorization {
        case .allow(let permit): return "allow \(permit.decision.matchedPolicy)"
        case .deny(let denial): return "\(denial.status) \(denial.reason) \(denial.decision.matchedPolicy)"
        case .ask(let question): return "ask \(question.provider)"
        }
    }

    @Test func `nothing is permitted before the provider has allowed, and then by the other policies`() throws {
        let engine = try Self.engine(Self.custom, Self.allow)
        let peer = try Fixture.peer(Fixture.gateway)
        let exchange = Fixture.exchange()
        guard case .ask(let question) = engine.authorize(peer, exchange) else {
            Issue.record("the provider was not asked")
            return
        }
        #expect(question.provider == "opa" && question.requestID == exchange.id)
        #expect(question.decision.outcome == .custom && question.decision.reason == .askedByRule)
        let rule = "istio-ext-authz-opa-ns[ml-inference]-policy[ask]-rule[0]"
        #expect(question.decision.matchedPolicy == rule)
        func answered(_ verdict: ExternalVerdict, _ engine: PolicyEngine) -> String {
            outcome(engine.authorize(peer, exchange, answer: question.answered(verdict)))
        }
        #expect(answered(.allow(.init()), engine) == "allow ns[ml-inference]-policy[allow]-rule[0]")
        #expect(answered(.deny(.init()), engine) == "403 denied_by_provider \(rule)")
        #expect(answered(.deny(.init(status: 302)), engine) == "302 denied_by_provider \(rule)")
        #expect(answered(.deny(.init(status: 200)), engine) == "403 denied_by_provider \(rule)")
        #expect(answered(.failed(ExternalFailure(.timedOut, "timeout")), engine) == "403 provider_failed \(rule)")
        // Allowed by the provider is not yet allowed.
        let denying = try Self.engine(Self.custom, Self.allow, Fixture.policy("{}", action: "DENY", name: "stop"))
        #expect(answered(.allow(.init()), denying) == "403 denied_by_rule ns[ml-inference]-policy[stop]-rule[0]")
        #expect(answered(.allow(.init()), try Self.engine(Self.custom)) == "403 no_allow_policy none")
        // What no CUSTOM rule matches is nobody's question.
        #expect(outcome(engine.authorize(peer, Fixture.exchange(path: "/x"))).hasPrefix("allow"))
    }

    @Test func `an answer to another request, or by another provider, is no answer`() throws {
        let engine = try Self.engine(Self.custom, Self.allow, providers: ["opa", "other"])
        let peer = try Fixture.peer(Fixture.gateway)
        let exchange = Fixture.exchange()
        let other = RequestID(milliseconds: 9, random: 9)
        for (provider, id) in [("opa", other), ("other", exchange.id)] {
            let answer = ExternalAnswer(provider: provider, requestID: id, verdict: .allow(.init()))
            #expect(outcome(engine.authorize(peer, exchange, answer: answer)) == "ask opa")
        }
    }

    @Test func `what a rule matches is denied where its provider is not known, or is not the only one`() throws {
        let peer = try Fixture.peer(Fixture.gateway)
        let bad = "ns[ml-inference]-policy[ask]-rule[0]-deny-due-to-bad-CUSTOM-action"
        let unknown = try Self.engine(Self.custom, Self.allow, providers: [])
        #expect(
            outcome(unknown.authorize(peer, Fixture.exchange())) == "403 unknown_provider istio-ext-authz-opa-\(bad)"
        )
        #expect(outcome(unknown.authorize(peer, Fixture.exchange(path: "/x"))).hasPrefix("allow"))
        let second = Self.custom.replacing("name: ask", with: "name: ask2").replacing("opa", with: "other")
        let several = try Self.engine(Self.custom, second, Self.allow, providers: ["opa", "other"])
        // Of the two rules that match, the first by name is reported.
        let other = "istio-ext-authz-other-ns[ml-inference]-policy[ask2]-rule[0]-deny-due-to-bad-CUSTOM-action"
        #expect(outcome(several.authorize(peer, Fixture.exchange())) == "403 several_providers \(other)")
    }

    @Test func `a token is looked at after the provider and before the other policies`() throws {
        let peer = try Fixture.peer(Fixture.gateway)
        let exchange = Fixture.exchange()
        let refused = TokenVerdict.refused(TokenRefusal(.expired, "the token has expired"))
        let engine = try Self.engine(Self.custom, Self.allow, requiresTokenVerdict: true)
        #expect(outcome(engine.authorize(peer, exchange, token: refused)) == "ask opa")
        let answer = ExternalAnswer(provider: "opa", requestID: exchange.id, verdict: .allow(.init()))
        #expect(outcome(engine.authorize(peer, exchange, token: refused, answer: answer)) == "401 token_refused none")
        #expect(outcome(engine.authorize(peer, exchange, answer: answer)) == "403 token_not_checked none")
        #expect(outcome(engine.authorize(peer, exchange, token: .absent, answer: answer)).hasPrefix("allow"))
    }

    @Test func `a verified token is held against the policies, and a request without one is anonymous`() throws {
        let issuer = try TokenVerifierTests.issuer.get()
        let verifier = TestIssuer.verifier([try issuer.rule()])
        let engine = try Self.engine(
            Fixture.policy("{from: [{source: {requestPrincipals: ['https://issuer.example/alice']}}]}")
        )
        let peer = try Fixture.peer(Fixture.gateway)
        func outcome(_ claims: [String: Any]) throws -> String {
            let request = TokenRequest(
                headers: [.init(name: "authorization", value: "Bearer " + (try issuer.token(claims)))],
                path: "/"
            )
            return self.outcome(engine.authorize(peer, Fixture.exchange(), token: verifier.verify(request)))
        }
        #expect(try outcome([:]).hasPrefix("allow"))
        #expect(try outcome(["sub": "bob"]) == "403 no_rule_matched none")
        #expect(self.outcome(engine.authorize(peer, Fixture.exchange(), token: .absent)).hasPrefix("403"))
        #expect(self.outcome(engine.authorize(peer, Fixture.exchange())).hasPrefix("403"))
    }
}
