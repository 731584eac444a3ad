import Authorization
import Resources
import Testing
import ZeroTrust

@Suite struct PolicyEngineTests {
    @Test func `the reference policy allows its caller and no other`() throws {
        let engine = try Fixture.engine(Fixture.reference)
        let decision = engine.evaluate(try Fixture.attributes())
        #expect(decision.outcome == .allow)
        #expect(decision.reason == .allowedByRule)
        #expect(decision.matchedPolicy == "ns[ml-inference]-policy[inference]-rule[0]")
        #expect(decision.rule?.location.line == 7)
        let refused = [
            try Fixture.attributes(caller: Caller(uris: ["spiffe://cluster.local/ns/ml-training/sa/trainer"])),
            try Fixture.attributes(caller: .anonymous), try Fixture.attributes(method: "GET"),
            try Fixture.attributes(path: "/v1/predict/"), try Fixture.attributes(path: "/v1/Predict"),
        ]
        for attributes in refused {
            let decision = engine.evaluate(attributes)
            #expect(decision.outcome == .deny)
            #expect(decision.reason == .noRuleMatched)
            #expect(decision.matchedPolicy == "none")
        }
    }

    @Test func `authorising a verified peer makes a permit that names its rule`() throws {
        let engine = try Fixture.engine(Fixture.reference)
        let peer = try Fixture.peer(Fixture.gateway)
        let exchange = Fixture.exchange()
        switch engine.authorize(peer, exchange) {
        case .allow(let permit):
            #expect(permit.peer == peer)
            #expect(permit.requestID == exchange.id)
            #expect(permit.rule?.policy == "inference")
            permit.redeem()
        case .deny(let denial): Issue.record("denied: \(denial.reason)")
        case .ask: Issue.record("asked")
        }
        switch engine.authorize(peer, Fixture.exchange(method: "GET")) {
        case .allow: Issue.record("allowed")
        case .ask: Issue.record("asked")
        case .deny(let denial):
            #expect(denial.reason == "no_rule_matched")
            #expect(denial.rule == nil)
            #expect(denial.message == "no rule of an ALLOW policy matches the request")
        }
    }

    // MARK: - Which policies apply, and in which order

    @Test func `without an ALLOW policy strict denies and istio allows`() throws {
        let deny = Fixture.policy("{to: [{operation: {methods: [DELETE]}}]}", action: "DENY")
        for policies in [[], [deny]] {
            let text = policies.joined()
            #expect(try Fixture.engine(text).evaluate(Fixture.attributes()).reason == .noAllowPolicy)
            let istio = try Fixture.engine(text, compatibility: .istio)
            #expect(istio.evaluate(try Fixture.attributes()).reason == .noAllowPolicyIstio)
        }
        let audit = try Fixture.engine(Fixture.policy("{}", action: "AUDIT"))
        #expect(audit.evaluate(try Fixture.attributes()).outcome == .deny)
        #expect(audit.evaluate(try Fixture.attributes()).auditedBy?.policy == "p")
    }

    @Test func `an ALLOW policy without rules denies everything`() throws {
        for spec in ["{}", "{rules: []}", "{action: ALLOW}"] {
            let policy = """
                apiVersion: security.istio.io/v1beta1
                kind: AuthorizationPolicy
                metadata: {name: nothing, namespace: ml-inference}
                spec: \(spec)
                """
            let engine = try Fixture.engine(policy, compatibility: .istio)
            #expect(engine.evaluate(try Fixture.attributes()).reason == .noRuleMatched)
            // Beside a policy that allows, it changes nothing.
            let both = try Fixture.engine(policy, Fixture.policy("{}"), compatibility: .istio)
            #expect(both.evaluate(try Fixture.attributes()).outcome == .allow)
        }
    }

    @Test func `a DENY rule wins, and the first rule by name is the one reported`() throws {
        let engine = try Fixture.engine(
            Fixture.policy("{}", name: "b"),
            Fixture.policy(
                (0..<11).map { "{to: [{operation: {paths: [/x\($0 > 1 ? "" : "-")]}}]}" }.joined(separator: ", "),
                name: "a"
            ),
            Fixture.policy("{to: [{operation: {methods: [DELETE]}}]}", action: "DENY", name: "z")
        )
        let deleted = engine.evaluate(try Fixture.attributes(method: "DELETE", path: "/x"))
        #expect(deleted.reason == .deniedByRule)
        #expect(deleted.matchedPolicy == "ns[ml-inference]-policy[z]-rule[0]")
        // Rules 2 to 10 match; Envoy keeps them in a map, where `rule[10]` comes before `rule[2]`.
        let allowed = engine.evaluate(try Fixture.attributes(path: "/x"))
        #expect(allowed.matchedPolicy == "ns[ml-inference]-policy[a]-rule[10]")
        #expect(engine.evaluate(try Fixture.attributes()).matchedPolicy == "ns[ml-inference]-policy[b]-rule[0]")
    }

    @Test func `a policy on trial decides nothing and says what it would have said`() throws {
        func onTrial(_ policy: String) -> String {
            policy.replacing(
                "namespace: ml-inference}",
                with: "namespace: ml-inference, annotations: {istio.io/dry-run: \"true\"}}"
            )
        }
        let deny = onTrial(Fixture.policy("{}", action: "DENY", name: "deny"))
        let allow = onTrial(Fixture.policy("{to: [{operation: {paths: [/x]}}]}", name: "allow"))
        let engine = try Fixture.engine(deny, allow, compatibility: .istio)
        let decision = engine.evaluate(try Fixture.attributes())
        // An ALLOW policy on trial alone denies nothing by its absence of a match.
        #expect(decision.reason == .noAllowPolicyIstio)
        #expect(decision.dryRun?.deniedBy?.policy == "deny")
        #expect(decision.dryRun?.hasAllowPolicy == true)
        #expect(decision.dryRun?.allowedBy == nil)
        #expect(engine.evaluate(try Fixture.attributes(path: "/x")).dryRun?.allowedBy?.policy == "allow")
        #expect(try Fixture.engine(Fixture.reference).evaluate(Fixture.attributes()).dryRun == nil)
    }

    @Test(arguments: [
        ("ml-inference", "", true), ("istio-system", "", true), ("ml-api", "", false),
        ("ml-inference", "selector: {matchLabels: {app: inference-service}}", true),
        ("ml-inference", "selector: {matchLabels: {app: other}}", false),
        ("ml-inference", "selector: {matchLabels: {app: inference-service, tier: gpu}}", false),
        ("istio-system", "selector: {matchLabels: {app: other}}", false),
        ("ml-inference", "targetRefs: [{kind: Service, group: '', name: inference}]", false),
    ])
    func `a policy applies in its namespace, or everywhere from the root, to what it selects`(
        _ namespace: String,
        _ selection: String,
        _ applies: Bool
    ) throws {
        let policy = """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: p, namespace: \(namespace)}
            spec:
              rules: [{}]
              \(selection)
            """
        let engine = try Fixture.engine(policy)
        #expect(engine.policies.count == (applies ? 1 : 0))
        #expect(engine.evaluate(try Fixture.attributes()).outcome == (applies ? .allow : .deny))
    }

    @Test func `two policies of one name are refused`() throws {
        let error = #expect(throws: ResourceError.self) {
            try Fixture.engine(Fixture.policy("{}"), Fixture.policy("{}"))
        }
        #expect(
            error?.description.contains("policy.yaml:6:1: error: the policy `ml-inference/p` was declared before")
                == true
        )
    }

    @Test func `the headers that policies look at are known`() throws {
        let engine = try Fixture.engine(
            Fixture.policy(
                "{when: [{key: \"request.headers[X-Team]\", values: [a]}, {key: \"request.headers[:path]\", values: [b]}, "
                    + "{key: \"request.headers[Host]\", notValues: [c]}]}"
            )
        )
        #expect(engine.consultedHeaders == ["x-team"])
    }

    // MARK: - Fields

    struct FieldRow: CustomTestStringConvertible, Sendable {
        let rule: String
        let matching: [Request]
        let others: [Request]

        init(_ rule: String, _ matching: [Request], not others: [Request]) {
            (self.rule, self.matching, self.others) = (rule, matching, others)
        }

        var testDescription: String { rule }
    }

    struct Request: CustomTestStringConvertible, Sendable {
        var uris: [String] = [Fixture.gateway]
        var dns: [String] = []
        var method = "POST"
        var path = "/v1/predict"
        var authority = "inference.example"
        var headers: [(String, String)] = []
        var source = "10.0.0.7"
        var remote: String?
        var port: UInt16 = 8080
        var serverName: String?

        static func from(_ ids: String...) -> Request { Request(uris: ids.map { "spiffe://\($0)" }) }
        static func path(_ path: String) -> Request { Request(path: path) }
        static func host(_ host: String) -> Request { Request(authority: host) }
        static func method(_ method: String) -> Request { Request(method: method) }
        static func team(_ values: String...) -> Request { Request(headers: values.map { ("x-team", $0) }) }
        static func source(_ source: String) -> Request { Request(source: source) }
        static func serverName(_ name: String?) -> Request { Request(serverName: name) }
        static let plaintext = Request(uris: [])

        func attributes() throws -> Attributes {
            try Fixture.attributes(
                caller: uris.isEmpty && dns.isEmpty ? .anonymous : Caller(uris: uris, dns: dns),
                method: method,
                path: path,
                authority: authority,
                headers: headers,
                source: source,
                remote: remote,
                port: port,
                serverName: serverName
            )
        }

        var testDescription: String { "\(method) \(authority)\(path) from \(uris + dns) \(headers)" }
    }

    static func source(_ fields: String) -> String { "{from: [{source: {\(fields)}}]}" }
    static func operation(_ fields: String) -> String { "{to: [{operation: {\(fields)}}]}" }
    static func when(_ key: String, _ values: String) -> String { "{when: [{key: \"\(key)\", \(values)}]}" }

    static let fieldRows = [
        FieldRow(
            source("principals: [td/ns/a/sa/x]"),
            [.from("td/ns/a/sa/x"), .from("o/y", "td/ns/a/sa/x")],
            not: [.from("td/ns/a/sa/xy"), .from("TD/ns/a/sa/x"), .plaintext]
        ),
        FieldRow(
            source("principals: [td/ns/a/*]"),
            [.from("td/ns/a/sa/x"), .from("td/ns/a/")],
            not: [.from("td/ns/b/sa/x")]
        ),
        FieldRow(
            source("principals: ['*/sa/x']"),
            [.from("td/ns/a/sa/x"), .from("/sa/x")],
            not: [.from("td/ns/a/sa/xx"), Request(uris: [], dns: ["a/sa/x"]), .plaintext]
        ),
        FieldRow(source("principals: ['*']"), [.from("x"), Request(uris: [], dns: ["a.example"])], not: [.plaintext]),
        FieldRow(source("principals: ['spiffe://td/ns/a/sa/x']"), [], not: [.from("td/ns/a/sa/x")]),
        FieldRow(
            source("notPrincipals: [td/ns/a/sa/x]"),
            [.from("td/ns/a/sa/y"), .plaintext],
            not: [.from("td/ns/a/sa/x"), .from("o/y", "td/ns/a/sa/x")]
        ),
        FieldRow(
            source("namespaces: [a]"),
            [
                .from("td/ns/a/sa/x"), .from("other/ns/a/sa/x"), .from("td/ns/b/sa/ns/a/sa/x"),
                .from("td/c/1/ns/a/z/sa/x"),
            ],
            not: [.from("td/ns/ab/sa/x"), .from("td/ns/a"), .plaintext]
        ),
        FieldRow(
            source("namespaces: ['ml-*ing']"),
            [.from("td/ns/ml-training/sa/x")],
            not: [.from("td/ns/ml-eval/sa/x")]
        ),
        FieldRow(source("notNamespaces: [a]"), [.from("td/ns/b/sa/x"), .plaintext], not: [.from("td/ns/a/sa/x")]),
        FieldRow(
            source("serviceAccounts: [a/x, y]"),
            [
                .from("td/ns/a/sa/x"), .from("td/ns/a/sa/x/more"), .from("td/c/1/ns/a/p/q/sa/x"),
                .from("td/ns/ml-inference/sa/y"),
            ],
            not: [
                .from("td/ns/a/sa/y"), .from("td/ns/a/sa/xx"), .from("td/ns/a/sa/x/"), .from("td/ns/b/sa/x"),
                .from("/ns/a/sa/x"), .plaintext,
            ]
        ),
        FieldRow(
            source("trustDomains: [td, 'new-*', '*.io']"),
            [.from("td/x"), .from("new-td/x"), .from("a.io/y")],
            not: [.from("td.evil/x"), .from("td"), .from("x/new-td/y"), .from("io/x")]
        ),
        FieldRow(
            source("ipBlocks: [10.0.0.0/29, '2001:db8::/32']"),
            [.source("10.0.0.7"), .source("2001:db8::1")],
            not: [.source("10.0.0.8"), .source("::ffff:10.0.0.7")]
        ),
        FieldRow(
            source("remoteIpBlocks: [192.0.2.1]"),
            [Request(remote: "192.0.2.1")],
            not: [Request(remote: "192.0.2.2"), Request()]
        ),
        FieldRow(
            source("principals: [td/a], notIpBlocks: [10.0.0.7]"),
            [Request(uris: ["spiffe://td/a"], source: "10.0.0.8")],
            not: [.from("td/a"), .source("10.0.0.8")]
        ),
        FieldRow(
            operation("hosts: [Example.com, '*.example.org', pre.*]"),
            [.host("example.COM"), .host("a.EXAMPLE.org"), .host("PRE."), .host(".example.org")],
            not: [.host("example.com:80"), .host("example.com."), .host("example.org"), .host("")]
        ),
        FieldRow(operation("hosts: ['*']"), [.host("x"), .host("")], not: []),
        FieldRow(operation("notHosts: [a.example]"), [.host("b.example")], not: [.host("A.example")]),
        FieldRow(
            operation("methods: [GET, 'P*', '*E']"),
            [.method("GET"), .method("PUT"), .method("TRACE")],
            not: [.method("HEAD")]
        ),
        FieldRow(
            operation("paths: [/a, /pre*, '*.json', '*/suf']"),
            [.path("/a"), .path("/a?x"), .path("/pre"), .path("/prefix/y"), .path("/x.json?y"), .path("/x;/suf")],
            not: [.path("/a/"), .path("/x?y.json"), .path("/xsuf"), .path("/")]
        ),
        FieldRow(operation("paths: ['/a/*/b', '**']"), [.path("/a/*/b"), .path("/zz*")], not: [.path("/a/x/b")]),
        FieldRow(
            operation("paths: ['/v1/*'], notPaths: ['/v1/{*}/delete', /v1/secret]"),
            [.path("/v1/m"), .path("/v1//delete"), .path("/v1/m/delete/")],
            not: [.path("/v1/m/delete"), .path("/v1/m/delete?x"), .path("/v1/secret"), .path("/v2")]
        ),
        FieldRow(operation("ports: ['8080']"), [Request()], not: [Request(port: 80)]),
        FieldRow(operation("notPorts: ['8080']"), [Request(port: 80)], not: [Request()]),
        FieldRow(
            when("request.headers[X-Team]", "values: [blue, gr*, '*n-x']"),
            [.team("blue"), .team("green"), .team("man-x"), .team("red", "blue")],
            not: [Request(), .team("Blue"), .team("blue, red"), .team("")]
        ),
        FieldRow(when("request.headers[x-team]", "values: ['*']"), [.team("x"), .team("")], not: [Request()]),
        FieldRow(
            when("request.headers[x-team]", "notValues: [red]"),
            [Request(), .team("RED")],
            not: [.team("blue", "red")]
        ),
        FieldRow(
            when("request.headers[x-team]", "values: ['*'], notValues: [red]"),
            [.team("blue")],
            not: [Request(), .team("red")]
        ),
        FieldRow(
            when("request.headers[:authority]", "values: [a.example]"),
            [.host("a.example")],
            not: [.host("A.example")]
        ),
        FieldRow(when("request.headers[:path]", "values: [/a]"), [.path("/a")], not: [.path("/a?x")]),
        FieldRow(when("request.headers[:method]", "values: [GET]"), [.method("GET")], not: [.method("POST")]),
        FieldRow(when("source.ip", "notValues: [10.0.0.0/8]"), [.source("11.0.0.1")], not: [Request()]),
        FieldRow(when("remote.ip", "values: [192.0.2.0/24]"), [Request(remote: "192.0.2.9")], not: [Request()]),
        FieldRow(when("source.namespace", "values: [a]"), [.from("td/ns/a/sa/x")], not: [.from("td/ns/b/sa/x")]),
        FieldRow(when("source.principal", "values: ['*']"), [.from("td/x")], not: [.plaintext]),
        FieldRow(when("source.serviceAccount", "values: [a/x]"), [.from("td/ns/a/sa/x")], not: [.from("td/ns/a/sa/y")]),
        FieldRow(when("source.trustDomain", "values: [td]"), [.from("td/x")], not: [.from("tdx/x")]),
        FieldRow(when("destination.ip", "values: [10.0.0.1]"), [Request()], not: []),
        FieldRow(when("destination.ip", "values: [10.0.0.2]"), [], not: [Request()]),
        FieldRow(when("destination.port", "notValues: ['9090']"), [Request()], not: [Request(port: 9090)]),
        FieldRow(
            when("connection.sni", "values: [a.example, '*.local']"),
            [.serverName("a.example"), .serverName("x.local")],
            not: [.serverName("b.example"), .serverName(nil)]
        ),
        FieldRow(when("connection.sni", "values: ['*']"), [.serverName("x")], not: [.serverName(nil)]),
        FieldRow(
            when("connection.sni", "notValues: [a.example]"),
            [.serverName(nil), .serverName("b")],
            not: [.serverName("a.example")]
        ),
        FieldRow(
            "{from: [{source: {principals: [td/a]}}, {source: {namespaces: [n]}}], to: [{operation: {methods: [GET]}}, {operation: {paths: [/w]}}]}",
            [Request(uris: ["spiffe://td/a"], method: "GET"), Request(uris: ["spiffe://td/ns/n/sa/x"], path: "/w")],
            not: [.from("td/a"), .method("GET"), .path("/w")]
        ),
        FieldRow("{}", [Request(), .plaintext], not: []),
    ]

    @Test(arguments: fieldRows)
    func `a field matches what Istio's does`(_ row: FieldRow) throws {
        let allow = try Fixture.engine(Fixture.policy(row.rule), compatibility: .istio)
        let deny = try Fixture.engine(Fixture.policy(row.rule, action: "DENY"), compatibility: .istio)
        for request in row.matching {
            #expect(allow.evaluate(try request.attributes()).outcome == .allow, "\(request.testDescription)")
            #expect(deny.evaluate(try request.attributes()).outcome == .deny, "\(request.testDescription)")
        }
        for request in row.others {
            #expect(allow.evaluate(try request.attributes()).outcome == .deny, "\(request.testDescription)")
            #expect(deny.evaluate(try request.attributes()).outcome == .allow, "\(request.testDescription)")
        }
    }

    @Test(arguments: [
        ("cluster.local/ns/a/sa/x", ["new", "old"], ["new", "old"], ["cluster.local", "other"]),
        ("old/ns/a/sa/x", ["new", "old"], ["new", "old"], ["cluster.local"]),
        ("other/ns/a/sa/x", ["new", "old"], ["other"], ["new"]),
        ("*/ns/a/sa/x", ["new"], ["new", "other"], []),
        ("cluster.local/ns/a/sa/x", [], ["cluster.local"], ["new"]),
        ("cluster.local/x", ["new"], [], ["new"]),
    ])
    func `a principal of the mesh stands for all of its names`(
        _ principal: String,
        _ trustDomains: [String],
        _ matching: [String],
        _ others: [String]
    ) throws {
        let documents = try ResourceLoader.parse(
            yaml: Fixture.policy(Self.source("principals: ['\(principal)']")),
            file: "policy.yaml"
        )
        let engine = try PolicyEngine(
            policies: try PolicySet.load(documents),
            workload: Fixture.workload,
            options: PolicyEngine.Options(trustDomains: trustDomains)
        )
        for (domains, outcome) in [(matching, Decision.Outcome.allow), (others, .deny)] {
            for domain in domains {
                let caller = Caller(uris: ["spiffe://\(domain)/ns/a/sa/x"])
                #expect(engine.evaluate(try Fixture.attributes(caller: caller)).outcome == outcome, "\(domain)")
            }
        }
    }
}
