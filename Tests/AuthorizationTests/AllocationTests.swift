import Authorization
import CAllocationCounter
import Testing
import ZeroTrust

@Suite struct AllocationTests {
    @Test func `the counter sees an allocation`() {
        let count = Self.allocations { Self.use([Int](repeating: 1, count: Int.random(in: 100...200))) }
        #expect(count > 0)
    }

    @Test(arguments: [10, 10_000])
    func `allowing a request allocates nothing`(ruleCount: Int) throws {
        let engine = try ManyRules.engine(count: ruleCount)
        let peer = try Fixture.peer(ManyRules.caller(ruleCount / 2))
        let exchange = Fixture.exchange(path: ManyRules.path(ruleCount / 2) + "?trace=1")
        var allowed = 0
        func authorize() {
            switch engine.authorize(peer, exchange) {
            case .allow(let permit):
                permit.redeem()
                allowed += 1
            case .deny: break
            case .ask: break
            }
        }
        // The first call lets the runtime build its metadata.
        authorize()
        let count = Self.allocations { for _ in 0..<100 { authorize() } }
        #expect(count == 0)
        #expect(allowed == 101)
    }

    @Test func `every kind of field is evaluated without an allocation`() throws {
        let engine = try Fixture.engine(
            Fixture.policy(
                """
                {from: [{source: {notPrincipals: ["*/sa/other"], namespaces: ["ml-*"], trustDomains: ["cluster.*"],
                                  ipBlocks: [10.0.0.0/8], notRemoteIpBlocks: [192.0.2.0/24]}}],
                 to: [{operation: {hosts: ["*.example"], methods: ["P*"], paths: ["/v1/{*}"], notPaths: ["*.json"],
                                   ports: ["8080"]}}],
                 when: [{key: "request.headers[x-team]", values: [blue]}, {key: "connection.sni", notValues: [x]},
                        {key: "request.auth.principal", values: ["https://issuer.example/*"]},
                        {key: "request.auth.audiences", values: [inference]},
                        {key: "request.auth.presenter", values: ["p*"]},
                        {key: "request.auth.claims[scope]", values: [read]},
                        {key: "request.auth.claims[org][team]", notValues: [red]}]}
                """
            ),
            Fixture.policy("{to: [{operation: {paths: [/admin/*, '/v1/{*}/delete']}}]}", action: "DENY", name: "deny"),
            Fixture.policy("{from: [{source: {requestPrincipals: [a/b/c]}}]}", action: "DENY", name: "deny-token"),
            Fixture.policy("{}", action: "AUDIT", name: "audit")
        )
        var attributes = try Fixture.attributes(
            headers: [("x-other", "a header value that is not small"), ("x-team", "blue")],
            serverName: "inference.ml-inference.svc.cluster.local"
        )
        attributes.token = Self.token
        #expect(engine.evaluate(attributes).outcome == .allow)
        let count = Self.allocations { for _ in 0..<100 { Self.use(engine.evaluate(attributes)) } }
        #expect(count == 0)
    }

    @Test(
        arguments: [
            "from: [{source: {requestPrincipals: ['https://issuer.example/*']}}]",
            "from: [{source: {notRequestPrincipals: ['x/y/z']}}]",
            "when: [{key: request.auth.audiences, values: [inference]}]",
            "when: [{key: request.auth.presenter, values: ['p*']}]",
            "when: [{key: 'request.auth.claims[scope]', values: [read]}]",
            "when: [{key: 'request.auth.claims[org][team]', values: [blue]}]",
            "when: [{key: 'request.auth.claims[org][team]', notValues: [red]}]",
        ],
        Compatibility.allCases
    )
    func `what a token says is looked at without an allocation`(rule: String, compatibility: Compatibility) throws {
        let engine = try Fixture.engine(Fixture.policy("{\(rule)}"), compatibility: compatibility)
        var attributes = try Fixture.attributes()
        attributes.token = Self.token
        #expect(engine.evaluate(attributes).outcome == .allow)
        #expect(Self.allocations { for _ in 0..<100 { Self.use(engine.evaluate(attributes)) } } == 0)
    }

    private static let token = TokenClaims(
        json: """
            {"iss": "https://issuer.example", "sub": "a subject that is not small", "aud": ["x", "inference"],
             "azp": "portal", "scope": "write read", "org": {"team": "blue"}}
            """
    )

    @Test func `a canonical path is returned without an allocation`() {
        let path = "/v1/models/llama-3.1-70b/versions/3?trace=1"
        func normalize() { Self.use(PathNormalization.decodeAndMergeSlashes.normalize(path)) }
        normalize()
        #expect(Self.allocations { for _ in 0..<100 { normalize() } } == 0)
    }

    /// How often this thread allocates memory during a piece of work.
    static func allocations(during work: () -> Void) -> Int {
        allocation_counter_start()
        work()
        return allocation_counter_stop()
    }

    @inline(never) static func use<Value>(_ value: Value) {}
}
