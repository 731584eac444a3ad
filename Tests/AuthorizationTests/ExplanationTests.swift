import Foundation
import Testing

@testable import Authorization

@Suite struct ExplanationTests {
    @Test func `a refusal names the first field that failed and the edit that would allow`() throws {
        let engine = try Fixture.engine(Fixture.reference)
        let explanation = engine.explain(try Fixture.attributes(path: "/v1/models"))
        let failure = try #require(explanation.rules.first?.failure)
        #expect(explanation.outcome == .deny)
        #expect(failure.field == "to[0].operation.paths")
        #expect("\(failure.location)" == "policy.yaml:10:43")
        #expect(failure.expected == "one of `/v1/predict`, `/v1/stream`")
        #expect(failure.got == "`/v1/models`")
        #expect(explanation.edit == "add `/v1/models` to to[0].operation.paths at policy.yaml:10:43")
        #expect(
            explanation.description == """
                deny: no_rule_matched (none)
                  ns[ml-inference]-policy[inference]-rule[0] (ALLOW): does not match
                    policy.yaml:10:43: to[0].operation.paths: expected one of `/v1/predict`, `/v1/stream`, got `/v1/models`
                smallest edit: add `/v1/models` to to[0].operation.paths at policy.yaml:10:43
                """
        )
    }

    @Test func `every attribute is put into words`() throws {
        let stranger = Caller(uris: ["spiffe://td/ns/n/sa/a"])
        let rows: [(rule: String, got: String)] = [
            ("{from: [{source: {principals: [x]}}]}", "`td/ns/n/sa/a`"),
            ("{from: [{source: {namespaces: [x]}}]}", "`n`"),
            ("{from: [{source: {serviceAccounts: [x/y]}}]}", "`n/a`"),
            ("{from: [{source: {trustDomains: [x]}}]}", "`td`"),
            ("{from: [{source: {ipBlocks: [192.0.2.1]}}]}", "`10.0.0.7`"),
            ("{from: [{source: {notRemoteIpBlocks: [10.0.0.0/8]}}]}", "`10.0.0.7`"),
            ("{to: [{operation: {hosts: [x]}}]}", "`inference.example`"),
            ("{to: [{operation: {methods: [GET]}}]}", "`POST`"),
            ("{to: [{operation: {notPaths: [/v1/predict]}}]}", "`/v1/predict`"),
            ("{to: [{operation: {ports: ['1']}}]}", "`8080`"),
            ("{when: [{key: 'request.headers[x-team]', values: [a]}]}", "no such header"),
            ("{when: [{key: 'request.headers[:method]', values: [a]}]}", "`POST`"),
            ("{when: [{key: connection.sni, values: [a]}]}", "no server name"),
            ("{when: [{key: destination.ip, values: [192.0.2.1]}]}", "`10.0.0.1`"),
        ]
        for row in rows {
            let engine = try Fixture.engine(Fixture.policy(row.rule))
            let explanation = engine.explain(try Fixture.attributes(caller: stranger))
            #expect(explanation.rules.first?.failure?.got == row.got, "\(row.rule)")
        }
        let engine = try Fixture.engine(Fixture.reference)
        let plaintext = engine.explain(try Fixture.attributes(caller: .anonymous))
        #expect(plaintext.rules.first?.failure?.got == "no identity")
    }

    @Test func `an edit that is written into the file turns the outcome round`() throws {
        let attributes = try Fixture.attributes(method: "GET", path: "/v1/models")
        let before = try Fixture.engine(Fixture.reference).explain(attributes)
        #expect(before.edit?.contains("add `GET` to to[0].operation.methods") == true)
        #expect(before.edit?.contains("add `/v1/models` to to[0].operation.paths") == true)
        let edited = Fixture.reference.replacing("[POST]", with: "[POST, GET]")
            .replacing("/v1/stream]", with: "/v1/stream, /v1/models]")
        #expect(try Fixture.engine(edited).evaluate(attributes).outcome == .allow)
    }

    @Test func `an explanation agrees with the decision, and its JSON is versioned`() throws {
        let engine = try Fixture.engine(
            Fixture.reference,
            Fixture.policy("{to: [{operation: {methods: [DELETE]}}]}", action: "DENY", name: "stop"),
            Fixture.policy("{}", action: "AUDIT", name: "watch"),
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: none, namespace: ml-inference}"
        )
        for method in ["POST", "GET", "DELETE"] {
            let attributes = try Fixture.attributes(method: method)
            let explanation = engine.explain(attributes)
            let decision = engine.evaluate(attributes)
            #expect(explanation.decision == decision)
            #expect(explanation.rules.count == 3)
            #expect(explanation.emptyPolicies.map(\.name) == ["ml-inference/none"])
            let data = try JSONEncoder().encode(explanation)
            let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            #expect(object["format"] as? String == "lapwing-policy-explanation/1")
            #expect(object["outcome"] as? String == decision.outcome.rawValue)
            #expect(object["reason"] as? String == decision.reason.rawValue)
            #expect(object["rule"] as? String == decision.rule?.description)
            let rules = try #require(object["rules"] as? [[String: Any]])
            for (rule, result) in zip(rules, explanation.rules) {
                #expect(
                    Set(rule.keys).subtracting(["failure"]) == ["rule", "location", "action", "dryRun", "matches"]
                )
                #expect((rule["failure"] == nil) == result.matches)
            }
            let edit = try #require(object["edit"] as? [String: Any])
            #expect(edit["outcome"] as? String != decision.outcome.rawValue)
            #expect((edit["steps"] as? [[String: Any]])?.isEmpty == false)
        }
    }
}
