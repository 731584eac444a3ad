import Foundation
import Resources
import Testing
import ZeroTrust

@testable import Authorization

@Suite struct PolicyReplayTests {
    private func requests() throws -> [ObservedRequest] {
        [
            ObservedRequest(try Fixture.attributes(), count: 90, id: "first"),
            ObservedRequest(try Fixture.attributes(path: "/v1/stream"), count: 9),
            ObservedRequest(try Fixture.attributes(method: "GET"), count: 4),
            ObservedRequest(try Fixture.attributes(method: "GET", path: "/v1/stream"), count: 1),
        ]
    }

    @Test func `the same policies change nothing`() throws {
        let engine = try Fixture.engine(Fixture.reference)
        let report = PolicyReplay(old: engine, new: engine).run(try requests())
        #expect(report.total == 104 && report.distinct == 4)
        #expect(report.changed == 0 && report.changes.isEmpty && report.otherRule == 0)
    }

    @Test func `what changes is grouped by rules and reasons, what is newly denied first`() throws {
        let old = try Fixture.engine(Fixture.reference)
        let new = try Fixture.engine(
            Fixture.reference.replacing("[POST]", with: "[POST, GET]").replacing(", /v1/stream]", with: "]")
        )
        let report = PolicyReplay(old: old, new: new).run(try requests())
        #expect(report.changed == 13)
        #expect(report.changes.map(\.count) == [9, 4])
        #expect(report.changes[0].old.reason == .allowedByRule)
        #expect(report.changes[0].new.reason == .noRuleMatched)
        #expect(report.changes[0].explanation?.edit?.hasPrefix("add `/v1/stream` to") == true)
        #expect(report.changes[1].new.rule?.description == "ns[ml-inference]-policy[inference]-rule[0]")
        #expect(
            report.changes[1].requests.map(\.summary) == [
                "GET /v1/predict from cluster.local/ns/ml-api/sa/api-gateway"
            ]
        )
    }

    @Test func `what a token said, and what a provider answered, is put to both sides`() throws {
        let custom = """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: ask, namespace: ml-inference }
            spec: { action: CUSTOM, provider: { name: opa }, rules: [{}] }
            ---

            """
        let claims = TokenClaims(["iss": .text("https://i"), "sub": .text("alice"), "groups": .list([.text("ml")])])
        var attributes = try Fixture.attributes()
        attributes.token = TokenClaims(claims.recorded(consulted: [["groups"]]))
        #expect(attributes.token == claims)
        let options = PolicyEngine.Options(providers: ["opa"])
        func engine(_ yaml: String) throws -> PolicyEngine {
            let policies = try PolicySet.load(try ResourceLoader.parse(yaml: yaml, file: "p.yaml"))
            return try PolicyEngine(policies: policies, workload: Fixture.workload, options: options)
        }
        func answered(_ verdict: ExternalVerdict, by provider: String = "opa") -> ObservedRequest {
            ObservedRequest(attributes, answer: .init(provider: provider, verdict: verdict))
        }
        let open = try engine(Fixture.reference)
        let asking = try engine(custom + Fixture.reference)
        func outcome(_ request: ObservedRequest) -> Decision.Outcome? {
            PolicyReplay(old: open, new: asking).run([request]).changes.first?.new.outcome
        }
        #expect(outcome(answered(.allow(.init()))) == nil)
        #expect(outcome(answered(.deny(.init()))) == .deny)
        #expect(outcome(ObservedRequest(attributes)) == .custom)
        #expect(outcome(answered(.allow(.init()), by: "another")) == .custom)
        let byGroup = Fixture.reference.replacing(
            "to:",
            with: "when: [{ key: \"request.auth.claims[groups]\", values: [other] }]\n    to:"
        )
        let stricter = try engine(byGroup)
        #expect(stricter.consultedClaims == [["groups"]])
        #expect(PolicyReplay(old: open, new: stricter).run([ObservedRequest(attributes)]).changed == 1)
    }

    @Test func `another rule to the same end is no change, nor is another place in the file`() throws {
        let old = try Fixture.engine(Fixture.reference)
        let renamed = try Fixture.engine(Fixture.reference.replacing("name: inference,", with: "name: other,"))
        let report = PolicyReplay(old: old, new: renamed).run(try requests())
        #expect(report.changed == 0 && report.otherRule == 99)
        let moved = try Fixture.engine("# a line more\n" + Fixture.reference)
        #expect(PolicyReplay(old: old, new: moved).run(try requests()).otherRule == 0)
    }

    @Test func `every request has its own decision, whatever is done to the policies`() throws {
        var random = SystemRandomNumberGenerator()
        let old = try Fixture.engine(Fixture.reference)
        let new = try Fixture.engine(Fixture.policy("{to: [{operation: {methods: [GET], notPaths: [/v1/1*]}}]}"))
        var requests: [ObservedRequest] = []
        var expected = 0
        for _ in 0..<200 {
            let attributes = try Fixture.attributes(
                method: Bool.random(using: &random) ? "GET" : "POST",
                path: ["/v1/predict", "/v1/1", "/v1/2"].randomElement(using: &random) ?? "/"
            )
            let request = ObservedRequest(attributes, count: Int.random(in: 1...5, using: &random))
            if old.evaluate(attributes).outcome != new.evaluate(attributes).outcome { expected += request.count }
            requests.append(request)
        }
        let report = PolicyReplay(old: old, new: new).run(requests)
        #expect(report.changed == expected)
        #expect(report.total == requests.reduce(0) { $0 + $1.count })
    }

    @Test func `the report is versioned JSON, and keeps a bounded number of requests`() throws {
        let many = try (0..<1500).map { ObservedRequest(try Fixture.attributes(path: "/v1/\($0)")) }
        let new = try Fixture.engine(Fixture.policy("{}"))
        let report = PolicyReplay(old: try Fixture.engine(Fixture.reference), new: new).run(many)
        #expect(report.changes.map(\.count) == [1500])
        #expect(report.changes.map(\.requests.count) == [1000])
        let data = try JSONEncoder().encode(report)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["format"] as? String == "lapwing-policy-replay/1")
        #expect(object["changed"] as? Int == 1500)
        let change = try #require((object["changes"] as? [[String: Any]])?.first)
        #expect((change["new"] as? [String: Any])?["outcome"] as? String == "allow")
    }

    @Test func `an engine says whether it looks at queries and sources`() throws {
        let plain = try Fixture.engine(Fixture.reference)
        #expect(!plain.consultsQuery && !plain.consultsSource)
        let query = try Fixture.engine(Fixture.policy("{when: [{key: 'request.headers[:path]', values: ['*']}]}"))
        #expect(query.consultsQuery && !query.consultsSource)
        let source = try Fixture.engine(Fixture.policy("{from: [{source: {notIpBlocks: [10.0.0.0/8]}}]}"))
        #expect(!source.consultsQuery && source.consultsSource)
    }
}
