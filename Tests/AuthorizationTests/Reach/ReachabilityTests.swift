import Resources
import Testing
import ZeroTrust

@testable import Authorization

@Suite struct ReachabilityTests {
    private func reach(
        _ policies: String...,
        compatibility: Compatibility = .strict,
        options: Reachability.Options = Reachability.Options()
    ) throws -> Reachability {
        let documents = try ResourceLoader.parse(yaml: policies.joined(separator: "\n---\n"), file: "policy.yaml")
        let engine = try PolicyEngine(
            policies: try PolicySet.load(documents),
            workload: Fixture.workload,
            options: PolicyEngine.Options(compatibility: compatibility)
        )
        return try Reachability(engine, options: options)
    }

    @Test func `the reference scenario is one line`() throws {
        let allowed = try reach(Fixture.reference).allowed()
        let only = try #require(allowed.first)
        #expect(allowed.count == 1)
        #expect(only.callers == "cluster.local/ns/ml-api/sa/api-gateway")
        #expect(only.methods == "POST")
        #expect(only.paths == "/v1/predict, /v1/stream")
        #expect(only.hosts == "any")
        #expect(only.conditions.isEmpty)
        #expect(only.rule == "ns[ml-inference]-policy[inference]-rule[0]")
        #expect(only.witness.attributes.caller.name == Fixture.gateway)
        #expect(["/v1/stream", "/v1/predict"].contains(only.witness.attributes.path))
    }

    @Test func `where no policy allows, strict reaches nothing and istio everything`() throws {
        let deny = Fixture.policy("{to: [{operation: {paths: [\"/admin/*\"]}}]}", action: "DENY")
        let strict = try reach(deny).allowed()
        #expect(strict.isEmpty)
        let istio = try reach(deny, compatibility: .istio).allowed()
        let all = try #require(istio.first)
        #expect(istio.count == 1)
        #expect(all.callers == "any identity")
        #expect(all.paths == "any except /admin/*")
        #expect(all.rule == nil)
    }

    @Test func `a claim within another is there only where the other is an object`() throws {
        let both = """
            {when: [{key: "request.auth.claims[org]", values: [ml]}, {key: "request.auth.claims[org][team]", values: [ml]}]}
            """
        #expect(try reach(Fixture.policy(both), compatibility: .istio).allowed().isEmpty)
        let either = try reach(
            Fixture.policy("{when: [{key: \"request.auth.claims[org]\", values: [ml]}]}"),
            Fixture.policy("{when: [{key: \"request.auth.claims[org][team]\", values: [ml]}]}", name: "b"),
            Fixture.policy(
                "{when: [{key: \"request.auth.claims[org]\", notValues: [ml]}]}",
                action: "DENY",
                name: "d"
            ),
            compatibility: .istio
        )
        // The DENY takes the second away, and a token without the claim.
        let allowed = try either.allowed()
        #expect(allowed.map { $0.witness.attributes.token?.claim(at: ["org"]) } == [.text("ml")])
        func token(_ claims: [String: TokenClaims.Claim]) -> Attributes {
            var request = Reachability.Options.template
            request.caller = Caller(uris: ["spiffe://td/ns/a/sa/b"])
            request.token = TokenClaims(claims)
            return request
        }
        let open = try reach(
            Fixture.policy(both.replacing("values: [ml]}, ", with: "notValues: [ml]}, ")),
            compatibility: .istio
        )
        #expect(try open.allows(token(["iss": .text("a"), "org": .members(["team": .text("ml")])])) == true)
        #expect(try open.allows(token(["iss": .text("a"), "org": .text("ml")])) == false)
        let witness = try #require(try open.allowed().first).witness.attributes
        #expect(witness.token?.claim(at: ["org", "team"]) == .text("ml"))
    }

    @Test(arguments: [Reachability.Options.Callers.spiffe, .named])
    func `a witness is a caller that there can be, also where every caller will do`(
        _ callers: Reachability.Options.Callers
    ) throws {
        // Only callers without identity are denied, and there are none.
        let reach = try reach(
            Fixture.policy("{}"),
            Fixture.policy("{from: [{source: {notPrincipals: [\"*\"]}}]}", action: "DENY", name: "d"),
            compatibility: .istio,
            options: Reachability.Options(callers: callers)
        )
        let all = try #require(try reach.allowed().first)
        #expect(all.callers == "any identity")
        #expect(all.witness.attributes.caller.name != nil)
        #expect(try reach.allows(all.witness.attributes) == true)
    }

    @Test func `a tunnel is among the answers where one is offered, with its host and port and no path`() throws {
        let tunnels = Reachability.Options(offersTunnels: true)
        let named = Fixture.policy(
            "{to: [{operation: {methods: [CONNECT], hosts: [\"db.internal:5432\"]}}]}"
        )
        let told = try reach(named, options: tunnels).allowed()
        #expect(told.map(\.methods) == ["CONNECT"] && told.map(\.hosts) == ["db.internal:5432"])
        #expect(told.first?.paths == "none" && told.first?.mayIncludeUnusualPaths == false)
        #expect(told.first?.witness.description.hasPrefix("CONNECT db.internal:5432, from ") == true)
        // Where none is offered there is nothing to tell.
        #expect(try reach(named).allowed().isEmpty)
        // A rule that asks for nothing allows both, and a path is none of a tunnel.
        let both = try reach(Fixture.policy("{}"), options: tunnels).allowed()
        #expect(both.map(\.methods) == ["any", "CONNECT"], "\(both)")
        #expect(both.last?.witness.attributes.authority == "localhost:443")
        for rule in [
            "{to: [{operation: {paths: [\"/a\", \"/b/*\", \"*\"]}}]}", "{to: [{operation: {hosts: [db.internal]}}]}",
        ] {
            #expect(try !reach(Fixture.policy(rule), options: tunnels).allowed().contains { $0.methods == "CONNECT" })
        }
    }

    @Test func `what a DENY rule takes away is taken away exactly`() throws {
        let reach = try reach(
            Fixture.policy("{to: [{operation: {methods: [GET], paths: [\"/a/*\"]}}]}"),
            Fixture.policy(
                "{from: [{source: {namespaces: [bad]}}], to: [{operation: {paths: [\"/a/x\"]}}]}",
                action: "DENY",
                name: "d"
            )
        )
        let bad = Caller(uris: ["spiffe://td/ns/bad/sa/b"])
        let good = Caller(uris: ["spiffe://td/ns/good/sa/b"])
        let cases: [(Caller, String, Bool)] = [
            (bad, "/a/x", false), (bad, "/a/x?q", false), (bad, "/a/xx", true), (bad, "/a/", true),
            (good, "/a/x", true), (good, "/b", false),
        ]
        for (caller, path, isAllowed) in cases {
            let request = try Fixture.attributes(caller: caller, method: "GET", path: path)
            let says = try reach.allows(request)
            #expect(says == isAllowed, "\(caller.names) \(path)")
        }
        let lines = try reach.allowed()
        #expect(lines.count == 2, "those outside the namespace, and those inside on the other paths")
    }

    @Test func `one caller alone can be asked about`() throws {
        let reach = try reach(Fixture.reference)
        let own = try reach.allowed(from: Fixture.gateway)
        #expect(own.count == 1)
        let other = try reach.allowed(from: "spiffe://cluster.local/ns/ml-training/sa/pipeline")
        #expect(other.isEmpty)
        let impossible = try reach.allowed(from: "spiffe://Cluster.Local/x")
        #expect(impossible.isEmpty, "no such SPIFFE ID")
    }

    @Test func `a region within another is not a line of its own`() throws {
        let lines = try reach(
            Fixture.policy("{to: [{operation: {paths: [\"/a/b\"]}}]}, {to: [{operation: {paths: [\"/a/*\"]}}]}")
        ).allowed()
        #expect(lines.map(\.paths) == ["/a/*"])
    }

    @Test func `several lines of one header can meet several conditions`() throws {
        let policy = Fixture.policy(
            "{when: [{key: \"request.headers[x-team]\", values: [blue], notValues: [red]}, "
                + "{key: \"request.headers[x-team]\", values: [\"g*\"]}]}"
        )
        // Under `strict` a header in several lines matches no ALLOW rule.
        #expect(try reach(policy).allowed().isEmpty)
        let lines = try reach(policy, compatibility: .istio).allowed()
        let headers = try #require(lines.first).witness.attributes.headers
        #expect(Set(headers.map(\.value)) == ["blue", "g"])
        #expect(lines.first?.conditions.first?.attribute == "x-team:")
    }

    @Test func `an answer that would be too large is no answer`() throws {
        let options = Reachability.Options(limits: ReachLimits(states: 20, regions: 1000))
        #expect(throws: ReachError.self) { try reach(Fixture.reference, options: options).allowed() }
        let many = (0..<12).map {
            "{from: [{source: {namespaces: [n\($0)]}}], to: [{operation: {ports: [\"\($0 + 1)\"]}}]}"
        }
        let denied = Fixture.policy(many.joined(separator: ", "), action: "DENY")
        let few = Reachability.Options(limits: ReachLimits(regions: 5))
        do {
            _ = try reach(denied, compatibility: .istio, options: few).allowed()
            Issue.record("an answer beyond its limit")
        } catch let error as ReachError {
            #expect(error.code == .tooLarge)
            #expect(error.message.hasPrefix("unknown: "))
        }
    }

    @Test func `what is not analysed is said to be unknown, with its place`() throws {
        let policy = Fixture.policy(
            "{when: [{key: \"request.auth.claims[sub][x]\", values: [a]}]}"
        )
        do {
            _ = try reach(policy).allowed()
            Issue.record("a condition on what is in a text was answered")
        } catch let error as ReachError {
            #expect(error.code == .unsupported)
            #expect(error.message.contains("policy.yaml:4:"), "\(error.message)")
        }
    }

    @Test func `what a token has to claim is told exactly, with a token that shows it`() throws {
        let rule = """
            {from: [{source: {requestPrincipals: ["https://issuer.example/*"]}}], when: [
              {key: "request.auth.claims[groups]", values: [ml, data]},
              {key: "request.auth.claims[org][team]", notValues: [guests]}]}
            """
        let line = try #require(try reach(Fixture.policy(rule)).allowed().first)
        let token = try #require(line.witness.attributes.token)
        #expect(token.issuer == "https://issuer.example" && token.subject?.isEmpty == false)
        #expect(["ml", "data"].contains(token.claim(at: ["groups"])?.text))
        #expect(token.claim(at: ["org", "team"]) != nil, "strict wants the claim to be there")
        #expect(
            line.conditions.map(\.attribute) == ["token issuer", "token subject", "claim groups", "claim org.team"]
        )
        #expect(line.conditions[2].values.contains("data, ml"))
    }

    @Test func `where no token is verified nobody gets in by one, and an issuer that is not trusted lets nobody in`()
        throws
    {
        let rule = "{from: [{source: {requestPrincipals: [\"a/*\"]}}]}"
        func allowed(_ issuers: [String]?) throws -> Int {
            try reach(Fixture.policy(rule), options: Reachability.Options(issuers: issuers)).allowed().count
        }
        #expect(try allowed(nil) == 1)
        #expect(try allowed(["a", "b"]) == 1)
        #expect(try allowed(["b"]) == 0)
        #expect(try allowed([]) == 0)
    }

    @Test func `what changes between two policies is told exactly, both ways`() throws {
        func engine(_ paths: String) throws -> PolicyEngine {
            let policy = Fixture.policy("{to: [{operation: {methods: [POST], paths: [\(paths)]}}]}")
            return try PolicyEngine(
                applying: PolicySet.load(ResourceLoader.parse(yaml: policy, file: "p.yaml")).policies,
                options: PolicyEngine.Options()
            )
        }
        let old = try engine("/v1/predict, /v1/stream")
        #expect(try Reachability.changes(from: old, to: engine("/v1/stream, /v1/predict")).isEmpty)
        let changes = try Reachability.changes(from: old, to: engine("/v1/predict, /v1/embed"))
        #expect(changes.map(\.kind) == [.allowed, .denied])
        #expect(changes.map(\.requests.witness.attributes.path) == ["/v1/embed", "/v1/stream"])
    }

    @Test func `a hundred policies are answered`() throws {
        var documents: [String] = []
        for index in 0..<90 {
            documents.append(
                Fixture.policy(
                    "{from: [{source: {principals: [cluster.local/ns/n\(index % 7)/sa/s\(index)]}}], "
                        + "to: [{operation: {methods: [GET, POST], paths: [\"/v1/m\(index)/*\", \"/v2/{*}/m\(index)\"]}}]}",
                    name: "a\(index)"
                )
            )
        }
        for index in 0..<10 {
            documents.append(
                Fixture.policy(
                    "{to: [{operation: {paths: [\"*/secret\(index)\"]}}]}",
                    action: "DENY",
                    name: "d\(index)"
                )
            )
        }
        let engine = try PolicyEngine(
            policies: try PolicySet.load(
                try ResourceLoader.parse(yaml: documents.joined(separator: "\n---\n"), file: "many.yaml")
            ),
            workload: Fixture.workload
        )
        let lines = try Reachability(engine).allowed()
        #expect(lines.count == 90)
        #expect(lines.allSatisfy { $0.paths.contains("except */secret0") })
    }
}
