import Resources
import Testing

@testable import Authorization

@Suite struct ReachAssertionTests {
    private func findings(
        _ assertions: String,
        policies: String = Fixture.reference,
        limits: ReachLimits = ReachLimits()
    ) throws -> [ReachFinding] {
        let loaded = try ReachAssertion.load(try ResourceLoader.parse(yaml: document(assertions), file: "reach.yaml"))
        let engine = try Fixture.engine(policies)
        let reach = try Reachability(engine, options: Reachability.Options(limits: limits))
        return loaded.map { reach.check($0) }
    }

    private func document(_ assertions: String) -> String {
        """
        apiVersion: lapwing.dev/v1alpha1
        kind: ReachAssertions
        metadata: {name: inference, namespace: ml-inference}
        spec: {assertions: [\(assertions)]}
        """
    }

    private static let predict = "requests: {to: [{operation: {methods: [POST], paths: [/v1/predict]}}]}"
    private static let gateway = "{source: {principals: [cluster.local/ns/ml-api/sa/api-gateway]}}"

    @Test(arguments: [
        ("\(predict), onlyFrom: [\(gateway)]", ReachFinding.Outcome.holds),
        ("\(predict), onlyFrom: [{source: {namespaces: [ml-training]}}]", .violated),
        ("\(predict), expect: DENY", .violated),
        ("\(predict), expect: ALLOW", .violated),
        (
            "requests: {from: [\(gateway)], to: [{operation: {methods: [POST], paths: [/v1/predict]}}]}, expect: ALLOW",
            .holds
        ),
        ("requests: {to: [{operation: {paths: [\"/admin/*\", /admin]}}]}, expect: DENY", .holds),
        ("requests: {to: [{operation: {methods: [GET]}}]}, expect: DENY", .holds),
        ("requests: {to: [{operation: {paths: [\"/a?b\"]}}]}, expect: DENY", .vacuous),
    ])
    func `an assertion holds, or a request speaks against it`(
        _ assertion: String,
        _ outcome: ReachFinding.Outcome
    ) throws {
        let finding = try #require(try findings("{name: a, \(assertion)}").first)
        #expect(finding.outcome == outcome, "\(finding)")
        #expect((finding.counterexample != nil) == (outcome == .violated))
    }

    @Test func `the counterexample is decided as the finding says, and by whom`() throws {
        let denied = try #require(try findings("{name: a, \(Self.predict), expect: DENY}").first)
        let request = try #require(denied.counterexample)
        #expect(request.attributes.path == "/v1/predict")
        #expect(request.attributes.caller.name == Fixture.gateway)
        #expect(denied.rule == "ns[ml-inference]-policy[inference]-rule[0]")
        #expect(denied.location == "reach.yaml:4:21")
        let allowed = try #require(try findings("{name: a, \(Self.predict), expect: ALLOW}").first)
        #expect(allowed.counterexample?.attributes.caller.name != Fixture.gateway)
        #expect(allowed.rule == "none")
    }

    @Test func `a second way in is found`() throws {
        let open = Fixture.policy(
            "{from: [{source: {namespaces: [\"ml-*\"]}}], to: [{operation: {paths: [\"/v1/*\"]}}]}",
            name: "open"
        )
        let finding = try #require(
            try findings("{name: a, \(Self.predict), onlyFrom: [\(Self.gateway)]}", policies: open).first
        )
        #expect(finding.outcome == .violated)
        #expect(finding.rule == "ns[ml-inference]-policy[open]-rule[0]")
        #expect(finding.counterexample?.attributes.caller.name?.contains("/ns/ml-") ?? false)
    }

    @Test func `what cannot be found out is no pass`() throws {
        let finding = try #require(
            try findings(
                "{name: a, \(Self.predict), expect: DENY}",
                limits: ReachLimits(regions: 0)
            ).first
        )
        #expect(finding.outcome == .unknown)
        #expect(finding.message?.hasPrefix("unknown: ") ?? false)
    }

    @Test(arguments: [
        ("{requests: {}, expect: DENY}", "an assertion needs `name`"),
        ("{name: a, requests: {}}", "needs either `onlyFrom` or `expect: ALLOW` or `expect: DENY`"),
        ("{name: a, requests: {}, expect: DENY, onlyFrom: [{source: {namespaces: [a]}}]}", "needs either"),
        ("{name: a, requests: {}, expect: deny}", "unknown value `deny`"),
        ("{name: a, requests: {to: [{operation: {path: [/a]}}]}, expect: DENY}", "unknown field `path`"),
        ("{name: a, expect: DENY}", "needs `requests`"),
        ("{name: a, requests: {}, expekt: DENY}", "unknown field `expekt`"),
    ])
    func `what is wrong with an assertion is said with its place`(_ assertion: String, _ message: String) throws {
        do {
            _ = try findings(assertion)
            Issue.record("`\(assertion)` was read")
        } catch let error as ResourceError {
            #expect(error.description.contains(message), "\(error)")
            #expect(error.description.contains("reach.yaml:4:"), "\(error)")
        }
    }
}
