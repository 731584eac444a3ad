import Resources
import Testing
import ZeroTrust

@testable import Authorization

/// The smallest edit: what it is, and that it does what it says.
@Suite struct EditSearchTests {
    /// Policies, a request and what is proposed.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let policies: [String]
        var compatibility = Compatibility.strict
        var method = "POST"
        var path = "/v1/predict"
        var isAnonymous = false
        var hasCaution = false
        let edit: String
        var testDescription: String { name }
    }

    private static let stop = Fixture.policy("{to: [{operation: {paths: [/v1/*]}}]}", action: "DENY", name: "stop")

    static let rows = [
        Row(
            name: "a value is taken out of a list",
            policies: [Fixture.reference],
            edit: "remove `/v1/predict` from to[0].operation.paths at policy.yaml:10:44"
        ),
        Row(
            name: "the only value of a rule cannot be taken out, so an exception is added",
            policies: [Fixture.policy("{to: [{operation: {methods: [POST]}}]}")],
            edit: "add `notMethods: [\"POST\"]` to to[0].operation at policy.yaml:4:49"
        ),
        Row(
            name: "a rule without fields is removed",
            policies: [Fixture.policy("{}")],
            edit: "remove rule 0 of `ml-inference/p` at policy.yaml:4:31"
        ),
        Row(
            name: "a missing value is added",
            policies: [Fixture.reference],
            method: "GET",
            edit: "add `GET` to to[0].operation.methods at policy.yaml:10:28"
        ),
        Row(
            name: "two values of one rule",
            policies: [Fixture.reference],
            method: "GET",
            path: "/v1/models",
            edit: "add `GET` to to[0].operation.methods at policy.yaml:10:28; "
                + "and add `/v1/models` to to[0].operation.paths at policy.yaml:10:43"
        ),
        Row(
            name: "three failures are a rule of their own",
            policies: [Fixture.reference.replacing("ml-api/sa/api-gateway", with: "x/sa/y")],
            method: "GET",
            path: "/v1/models",
            edit: "add the rule `{from: [{source: {principals: [\"cluster.local/ns/ml-api/sa/api-gateway\"]}}], "
                + "to: [{operation: {methods: [\"GET\"], paths: [\"/v1/models\"]}}]}` to the ALLOW policy "
                + "`ml-inference/inference` at policy.yaml:1:1"
        ),
        Row(
            name: "an exception from a denial",
            policies: [Fixture.reference, stop],
            edit: "add `notPaths: [\"/v1/predict\"]` to to[0].operation at policy.yaml:15:48"
        ),
        Row(
            name: "a denied value that an exclusion names",
            policies: [Fixture.policy("{to: [{operation: {notMethods: [GET, POST]}}]}")],
            hasCaution: true,
            edit: "remove `POST` from to[0].operation.notMethods at policy.yaml:4:68"
        ),
        Row(
            name: "no ALLOW policy at all",
            policies: [Fixture.policy("{to: [{operation: {methods: [PUT]}}]}", action: "DENY")],
            edit: "add a policy with action ALLOW that selects the workload with the rule "
                + "`{from: [{source: {principals: [\"cluster.local/ns/ml-api/sa/api-gateway\"]}}], "
                + "to: [{operation: {methods: [\"POST\"], paths: [\"/v1/predict\"]}}]}`"
        ),
        Row(
            name: "allowed by default, a DENY rule comes near",
            policies: [Fixture.policy("{to: [{operation: {methods: [PUT]}}]}", action: "DENY")],
            compatibility: .istio,
            edit: "add `POST` to to[0].operation.methods at policy.yaml:4:58"
        ),
        Row(
            name: "a caller without identity",
            policies: [Fixture.reference],
            isAnonymous: true,
            hasCaution: true,
            edit: "remove from[0].source.principals at policy.yaml:8:28"
        ),
    ]

    @Test(arguments: rows)
    func `what is proposed is small and at its place`(row: Row) throws {
        let engine = try engine(row)
        let explanation = engine.explain(try attributes(row))
        #expect(explanation.edit == row.edit)
        #expect((explanation.proposal?.caution != nil) == row.hasCaution)
    }

    @Test(arguments: rows)
    func `what is proposed works in an engine of all the edited policies`(row: Row) throws {
        let engine = try engine(row)
        let attributes = try attributes(row)
        try expectFlip(engine, attributes)
    }

    /// Policies of every shape, and requests near to them and far from them.
    @Test func `what is proposed works over a grid of policies and requests`() throws {
        let rules = [
            "{}", "{from: [{source: {principals: ['*']}}]}",
            "{from: [{source: {namespaces: [ml-api, ml-batch]}}, {source: {ipBlocks: [10.0.0.0/8]}}]}",
            "{to: [{operation: {paths: ['/v1/{*}'], notMethods: [DELETE]}}, {operation: {methods: [GET]}}]}",
            "{when: [{key: source.ip, notValues: [10.0.0.7]}, {key: 'request.headers[x-team]', values: ['*']}]}",
            "{from: [{source: {notPrincipals: [cluster.local/ns/ml-api/sa/api-gateway]}}], to: [{operation: {hosts: [a, b]}}]}",
        ]
        var proposals = 0
        var total = 0
        for (index, first) in rules.enumerated() {
            for second in rules {
                for (allow, deny) in [("ALLOW", "DENY"), ("ALLOW", "ALLOW"), ("DENY", "DENY")] {
                    for compatibility in Compatibility.allCases {
                        let engine = try Fixture.engine(
                            Fixture.policy(first, action: allow, name: "a"),
                            Fixture.policy(second, action: deny, name: "b"),
                            compatibility: compatibility
                        )
                        for attributes in [
                            try Fixture.attributes(method: index.isMultiple(of: 2) ? "GET" : "DELETE"),
                            try Fixture.attributes(caller: .anonymous, path: "/", headers: [("x-team", "a")]),
                            try Fixture.attributes(path: "/v1/a*", authority: "A", source: "192.0.2.1"),
                        ] {
                            total += 1
                            if try expectFlip(engine, attributes) { proposals += 1 }
                        }
                    }
                }
            }
        }
        // A path that ends in `*` cannot be named, so that some requests have no small edit.
        #expect(proposals * 10 >= total * 9, "\(proposals) of \(total)")
    }

    @Test func `claims of a token and CUSTOM policies have their edits`() throws {
        let claims = try Fixture.engine(
            Fixture.policy("{when: [{key: 'request.auth.claims[group]', values: [ml]}]}")
        )
        var attributes = try Fixture.attributes()
        #expect(claims.explain(attributes).rules.first?.failure?.got == "no token")
        attributes.token = TokenClaims(["group": .list([.text("web"), .text("ops")])])
        #expect(claims.explain(attributes).rules.first?.failure?.got == "`web`, `ops`")
        #expect(
            claims.explain(attributes).edit
                == "add `web` to when[0] request.auth.claims[group] values at policy.yaml:4:83"
        )
        #expect(try expectFlip(claims, attributes))
        let custom = Fixture.policy("{to: [{operation: {paths: [/v1/*]}}]}", action: "CUSTOM", name: "ask")
            .replacing("action: CUSTOM,", with: "action: CUSTOM, provider: {name: nobody},")
        let asking = try Fixture.engine(Fixture.reference, custom)
        let explanation = asking.explain(try Fixture.attributes())
        #expect(explanation.reason == .unknownProvider)
        #expect(explanation.rules.first?.action == .custom)
        #expect(try expectFlip(asking, try Fixture.attributes()))
    }

    @Test func `a connection without HTTP is explained by the rules that apply to it`() throws {
        let destination = Exchange.Endpoint(address: IPAddress(v4: 0x0a00_0001), port: 5432)
        let caller = Caller(uris: [Fixture.gateway])
        let attributes = Attributes(connectionOf: caller, source: IPAddress(v4: 0x0a00_0007), destination: destination)
        let plain = try Fixture.engine(Fixture.policy("{to: [{operation: {ports: ['5433']}}]}"))
        #expect(plain.explain(attributes).edit == "add `5432` to to[0].operation.ports at policy.yaml:4:57")
        #expect(try expectFlip(plain, attributes))
        // A rule that needs HTTP does not apply, and no edit of it is proposed.
        let http = try Fixture.engine(Fixture.reference)
        let explanation = http.explain(attributes)
        #expect(explanation.outcome == .deny && explanation.rules.isEmpty && explanation.proposal == nil)
    }

    @discardableResult
    private func expectFlip(_ engine: PolicyEngine, _ attributes: Attributes) throws -> Bool {
        let explanation = engine.explain(attributes)
        guard let proposal = explanation.proposal else { return false }
        let edited = try PolicyEngine(
            applying: PolicyEdit.apply(proposal.edits, to: engine.policies),
            options: engine.options
        )
        let after = edited.evaluate(attributes)
        #expect(after.outcome != explanation.outcome, "\(explanation)")
        #expect(after.outcome == proposal.outcome && after.reason == proposal.reason, "\(explanation)")
        return true
    }

    private func engine(_ row: Row) throws -> PolicyEngine {
        let text = row.policies.joined(separator: "\n---\n")
        return try PolicyEngine(
            policies: try PolicySet.load(try ResourceLoader.parse(yaml: text, file: "policy.yaml")),
            workload: Fixture.workload,
            options: .init(compatibility: row.compatibility)
        )
    }

    private func attributes(_ row: Row) throws -> Attributes {
        row.isAnonymous
            ? try Fixture.attributes(caller: .anonymous, method: row.method, path: row.path)
            : try Fixture.attributes(method: row.method, path: row.path)
    }
}
