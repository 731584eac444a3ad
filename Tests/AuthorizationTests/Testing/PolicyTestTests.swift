import Foundation
import Resources
import Testing
import ZeroTrust

@testable import Authorization

@Suite struct PolicyTestTests {
    private static let head = """
        apiVersion: lapwing.dev/v1alpha1
        kind: PolicyTest
        metadata: {name: t, namespace: ml-inference}

        """

    static func table(_ cases: String, defaults: String = "{}", target: String = "workload: {}") throws -> PolicyTest {
        let text = head + "spec:\n  \(target)\n  defaults: \(defaults)\n  cases:\n\(cases)"
        return try #require(try PolicyTest.load(try ResourceLoader.parse(yaml: text, file: "t.yaml")).first)
    }

    static func runner(_ test: PolicyTest, _ policies: String...) throws -> PolicyTestRunner {
        let text = policies.joined(separator: "\n---\n")
        let engine = try PolicyEngine(
            policies: try PolicySet.load(try ResourceLoader.parse(yaml: text, file: "policy.yaml")),
            workload: Fixture.workload
        )
        return PolicyTestRunner(test, engine: engine, screen: RequestScreen(normalization: .mergeSlashes))
    }

    // MARK: - Reading

    /// A table that is refused, and what is said of it.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let spec: String
        let message: String
        var testDescription: String { message }
    }

    @Test(arguments: [
        Mistake(spec: "{cases: []}", message: "t.yaml:4:15: error: `cases` is empty"),
        Mistake(spec: "{workload: {}}", message: "PolicyTest spec needs `cases`"),
        Mistake(
            spec: "{cases: [{path: /, expct: allow}]}",
            message: "unknown field `expct` in a case; did you mean `expect`?"
        ),
        Mistake(spec: "{cases: [{path: /}]}", message: "a case needs `expect`"),
        Mistake(spec: "{cases: [{expect: deny}]}", message: "a case needs `path`"),
        Mistake(spec: "{cases: [{path: /, expect: maybe}]}", message: "unknown value `maybe`"),
        Mistake(spec: "{cases: [{path: [], expect: deny}]}", message: "the list is empty"),
        Mistake(
            spec: "{cases: [{path: /, caller: 'a b', expect: deny}]}",
            message: "`a b` is neither `anonymous` nor a SPIFFE ID"
        ),
        Mistake(spec: "{cases: [{path: /, port: 0, expect: deny}]}", message: "expected a number from 1 to 65535"),
        Mistake(
            spec: "{cases: [{path: /, source: 10.0.0.0/8, expect: deny}]}",
            message: "`10.0.0.0/8` is no IP address"
        ),
        Mistake(spec: "{cases: [{path: /, rule: 'a[x]', expect: deny}]}", message: "`a[x]` names no rule"),
        Mistake(
            spec: "{cases: [{path: /, headers: {'a b': x}, expect: deny}]}",
            message: "`a b` is no name of a header"
        ),
        Mistake(
            spec: "{compatibility: istio, cases: [{path: /, expect: deny}]}",
            message: "`compatibility` goes with `workload`"
        ),
        Mistake(
            spec: "{gateway: g, workload: {}, cases: [{path: /, expect: deny}]}",
            message: "at most one of `gateway` and `workload`"
        ),
    ])
    func `a table with a mistake is refused with its place`(mistake: Mistake) throws {
        let documents = try ResourceLoader.parse(yaml: Self.head + "spec: \(mistake.spec)", file: "t.yaml")
        let error = #expect(throws: ResourceError.self) { try PolicyTest.load(documents) }
        #expect(error?.description.contains(mistake.message) == true, "\(String(describing: error))")
    }

    @Test func `a row stands for each combination, but for no flood of them`() throws {
        let test = try Self.table(
            "  - {caller: [anonymous, a/b], method: [GET, PUT], path: [/a, /b, /c], expect: deny}"
        )
        #expect(test.cases.count == 12)
        #expect(Set(test.cases.map(\.summary)).count == 12)
        let many = (0..<150).map { "/\($0)" }.joined(separator: ", ")
        #expect(throws: ResourceError.self) {
            try Self.table("  - {path: [\(many)], host: [\(many)], expect: deny}")
        }
    }

    @Test func `defaults fill what a row leaves open`() throws {
        let test = try Self.table(
            "  - {path: /a, headers: {x-a: own}}\n  - {path: /b, method: PUT, expect: allow, port: 80}",
            defaults: "{method: POST, port: 8443, headers: {x-a: default, X-B: [one, two]}, expect: deny, host: h}"
        )
        let first = test.cases[0].attributes
        #expect(first.method == "POST" && first.destination.port == 8443 && first.authority == "h")
        #expect(first.headers.map(\.name) == ["x-b", "x-b", "x-a"])
        #expect(first.headers.map(\.value) == ["one", "two", "own"])
        #expect(test.cases[1].attributes.method == "PUT" && test.cases[1].attributes.destination.port == 80)
        #expect(test.cases[1].outcome == .allow)
    }

    // MARK: - Running

    @Test func `a case passes, or says what is not as expected and why`() throws {
        let test = try Self.table(
            """
              - {path: /v1/predict, expect: allow, rule: "inference[0]"}
              - {path: //v1/predict, expect: allow, rule: "inference[1]"}
              - {path: /v1/models, expect: allow}
              - {path: "/v1/predict#x", expect: bad-request}
              - {path: /v1/predict, method: BREW, expect: deny}
              - {path: /v1/predict, expect: allow, audit: "ml-inference/watch[0]"}
              - {path: /v1/models, expect: deny, rule: none, audit: none}
            """,
            defaults: "{caller: cluster.local/ns/ml-api/sa/api-gateway, method: POST}"
        )
        let watch = Fixture.policy("{to: [{operation: {paths: [/v1/*]}}]}", action: "AUDIT", name: "watch")
        let results = try Self.runner(test, Fixture.reference, watch).run()
        #expect(results.map(\.isPassed) == [true, false, false, true, false, true, false])
        #expect(results[1].problems.map(\.expected) == ["by inference[1]"])
        #expect(results[2].problems.map(\.got) == ["deny: no_rule_matched"])
        #expect(results[2].explanation?.edit?.hasPrefix("add `/v1/models`") == true)
        #expect(results[4].problems.map(\.got) == ["bad-request: unknown_method"])
        #expect(results[6].problems.map(\.expected) == ["marked by none"])
    }

    @Test func `a row may have a token, and a CUSTOM policy may be what is expected`() throws {
        let policy = Fixture.policy("{when: [{key: 'request.auth.claims[a][b]', values: [x]}]}")
        let custom = Fixture.policy("{to: [{operation: {paths: [/ask]}}]}", action: "CUSTOM", name: "ask")
            .replacing("action: CUSTOM,", with: "action: CUSTOM, provider: {name: nobody},")
        let test = try Self.table(
            """
              - {path: /, claims: {a: {b: [y, x]}}, expect: allow}
              - {path: /, claims: {a: {b: 1}}, expect: deny}
              - {path: /, expect: deny}
              - {path: /ask, claims: {a: {b: x}}, expect: deny, rule: "ask[0]"}
            """
        )
        let runner = try Self.runner(test, policy, custom)
        #expect(runner.run().flatMap(\.problems).isEmpty)
        let asking = try Self.table("  - {path: /ask, expect: custom}")
        let engine = try PolicyEngine(
            policies: try PolicySet.load(try ResourceLoader.parse(yaml: custom, file: "policy.yaml")),
            workload: Fixture.workload,
            options: .init(providers: ["nobody"])
        )
        #expect(PolicyTestRunner(asking, engine: engine, screen: RequestScreen()).run().flatMap(\.problems).isEmpty)
        let named = try Self.table("  - {path: /ask, expect: custom}", target: "workload: {}\n  providers: [nobody]")
        guard case .workload(_, let options, _) = named.target else {
            Issue.record("the table describes a workload")
            return
        }
        #expect(options.providers == ["nobody"])
    }

    // MARK: - Coverage

    @Test func `what no case exercises is named`() throws {
        let policy = Fixture.policy(
            """
            {to: [{operation: {methods: [GET, PUT], notPaths: [/a, /b]}}]}, {from: [{source: {namespaces: [x]}}]}
            """
        )
        let test = try Self.table("  - {path: /c, expect: allow}\n  - {path: /a, expect: deny}")
        var coverage = PolicyCoverage()
        coverage.add(try Self.runner(test, policy))
        #expect(coverage.items.count == 7)
        #expect(coverage.exercised == 3)
        #expect(coverage.missing.map(\.value) == ["PUT", "/b", nil, "x"])
        #expect(coverage.missing.map(\.field).compactMap(\.self).first == "to[0].operation.methods")
        // A second table adds what it exercises to the same policies.
        let more = try Self.table(
            "  - {path: /c, method: PUT, expect: allow}\n  - {path: /b, caller: td/ns/x/sa/a, expect: allow}"
        )
        coverage.add(try Self.runner(more, policy))
        #expect(coverage.items.count == 7)
        #expect(coverage.missing.isEmpty && coverage.percent == 100)
    }

    // MARK: - Mutation

    @Test func `a mutant that no case notices is named, and one more case notices it`() throws {
        let defaults = "{caller: cluster.local/ns/ml-api/sa/api-gateway, method: POST, path: /v1/predict}"
        let few = try Self.table("  - {expect: allow}", defaults: defaults)
        let report = MutationReport([try Self.runner(few, Fixture.reference)])
        #expect(report.total > 15)
        let widened = report.survivors.filter { $0.kind == .widenValue }
        #expect(widened.contains { $0.text.contains("write `*` instead of `POST`") })
        #expect(widened.contains { $0.location.line == 10 })
        let more = try Self.table("  - {expect: allow}\n  - {method: GET, expect: deny}", defaults: defaults)
        let second = MutationReport([try Self.runner(more, Fixture.reference)])
        #expect(second.total == report.total)
        #expect(second.survivors.count < report.survivors.count)
        #expect(!second.survivors.contains { $0.text.contains("instead of `POST`") })
    }

    @Test func `every operator makes mutants, and none of them means the same`() throws {
        let policy = Fixture.policy(
            """
            {from: [{source: {principals: [a*], ipBlocks: [10.0.0.0/8]}}, {source: {namespaces: [n]}}],
             to: [{operation: {methods: [GET, LINK], paths: ['/a/{*}', /b]}}]}
            """
        )
        let set = try PolicySet.load(try ResourceLoader.parse(yaml: policy, file: "p.yaml"))
        let mutants = PolicyMutant.all(of: set.policies)
        #expect(Set(mutants.map(\.kind)) == Set(MutationOperator.allCases))
        for mutant in mutants {
            #expect(PolicyEdit.apply([mutant.edit], to: set.policies) != set.policies, "\(mutant.text)")
        }
        #expect(Set(mutants.map(\.text)).count == mutants.count)
        // Nothing that arrives ends with GET but GET; UNLINK ends with LINK.
        #expect(!mutants.contains { $0.text.contains("`*GET`") })
        #expect(mutants.contains { $0.text.contains("`*LINK`") })
    }

    @Test func `a failing table is not mutated, and policies on trial are not`() throws {
        let failing = try Self.table("  - {path: /, expect: allow}")
        let runner = try Self.runner(failing, Fixture.reference)
        #expect(PolicyTestReport([runner], mutates: true).mutation == nil)
        #expect(PolicyTestReport([runner], mutates: true).failed == 1)
        let trial = Fixture.policy("{}").replacing(
            "metadata: {",
            with: "metadata: {annotations: {istio.io/dry-run: 'true'}, "
        )
        let passing = try Self.table("  - {path: /, expect: deny}")
        let report = PolicyTestReport([try Self.runner(passing, trial)], mutates: true)
        #expect(report.mutation?.total == 0)
        #expect(report.mutation?.percent == 100)
    }

    // MARK: - Reports

    @Test func `the report is versioned JSON and JUnit's XML`() throws {
        let test = try Self.table("  - {path: '/<a&\"b>', expect: allow}\n  - {path: /c, expect: deny}")
        let report = PolicyTestReport([try Self.runner(test, Fixture.reference)])
        let data = try JSONEncoder().encode(report)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["format"] as? String == "lapwing-policy-test/1")
        #expect(object["failed"] as? Int == 1)
        #expect((object["coverage"] as? [String: Any])?["total"] as? Int == 5)
        let xml = report.junit
        #expect(xml.contains(#"tests="2" failures="1""#))
        #expect(xml.contains("GET /&lt;a&amp;&quot;b&gt; from anonymous"))
        #expect(!xml.contains("<a&"))
        #expect(xml.count(where: { $0 == "<" }) == xml.count(where: { $0 == ">" }))
    }
}
