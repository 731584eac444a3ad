import Testing
import ZeroTrust

@testable import Authorization

/// The ways around a policy that Istio leaves open: each attack succeeds under `istio` and fails under `strict`, and what
/// is meant to be allowed still is.
@Suite struct StrictModeTests {
    /// A request, as far as it differs from the reference scenario's.
    struct Request: Sendable {
        var caller = Caller(uris: [Fixture.gateway])
        var method = "POST"
        var path = "/v1/predict"
        var authority = "inference.example"
        var headers: [(String, String)] = []
        var forwardedFor: [String] = []
        var source = "10.0.0.7"
        var serverName: String?
        var token: String?

        func attributes(_ compatibility: Compatibility) throws -> Attributes {
            let address = try #require(IPAddress(source))
            let remote =
                compatibility == .istio
                ? Attributes.remoteAddress(forwardedFor: forwardedFor, source: address)
                : Attributes.remoteAddress(forwardedFor: forwardedFor, source: address, trustedHops: 0)
            var attributes = try Fixture.attributes(
                caller: caller,
                method: method,
                path: path,
                authority: authority,
                headers: headers,
                source: source,
                remote: "\(remote)",
                serverName: serverName
            )
            attributes.token = token.flatMap { TokenClaims(json: $0) }
            return attributes
        }
    }

    struct Attack: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// The number of the rule in the specification.
        let rule: Int
        /// Rules of an ALLOW policy.
        let allow: String
        /// Rules of a DENY policy, or nil.
        let deny: String?
        let attack: Request
        /// What is meant to be allowed, in both.
        let honest: Request?

        init(
            _ rule: Int,
            _ description: String,
            allow: String = "{}",
            deny: String? = nil,
            attack: Request,
            honest: Request? = Request()
        ) {
            (self.rule, testDescription, self.allow) = (rule, "rule \(rule): \(description)", allow)
            (self.deny, self.attack, self.honest) = (deny, attack, honest)
        }
    }

    private static func named(_ uris: String..., dns: String...) -> Request {
        Request(caller: Caller(uris: uris, dns: dns))
    }
    private static func path(_ path: String) -> Request { Request(path: path) }
    private static func source(_ fields: String) -> String { "{from: [{source: {\(fields)}}]}" }
    private static func operation(_ fields: String) -> String { "{to: [{operation: {\(fields)}}]}" }
    private static func when(_ fields: String) -> String { "{when: [{\(fields)}]}" }
    private static let plaintext = Request(caller: .anonymous)
    private static let denyAdmin = operation("paths: ['/admin/*']")
    private static let denyDelete = operation("paths: ['/v1/{*}/delete']")
    private static let spareDelete = operation("notPaths: ['/v1/{*}/delete']")

    static let attacks: [Attack] = [
        Attack(
            18,
            "a certificate with a DNS name only",
            allow: source("principals: ['*']"),
            attack: named(dns: "a.example")
        ),
        Attack(
            18,
            "a certificate with a DNS name only, not excluded",
            allow: source("notPrincipals: [cluster.local/ns/x/sa/y]"),
            attack: named(dns: "a.example")
        ),
        Attack(
            19,
            "a second URI name",
            allow: source("principals: [cluster.local/ns/ml-api/sa/api-gateway]"),
            attack: named("spiffe://cluster.local/ns/evil/sa/x", Fixture.gateway)
        ),
        Attack(
            19,
            "a second URI name before a DENY that spares one",
            deny: source("notPrincipals: [cluster.local/ns/ml-api/sa/api-gateway]"),
            attack: named("spiffe://cluster.local/ns/evil/sa/x", Fixture.gateway)
        ),
        Attack(
            20,
            "a namespace in the place of an account",
            allow: source("namespaces: [ml-api]"),
            attack: named("spiffe://cluster.local/ns/ml-training/sa/ns/ml-api/sa/x")
        ),
        Attack(
            20,
            "a namespace of another trust domain",
            allow: source("namespaces: [ml-api]"),
            attack: named("spiffe://evil.example/ns/ml-api/sa/api-gateway")
        ),
        Attack(
            20,
            "a wildcard that runs over parts of the name",
            allow: source("namespaces: ['ml-*-prod']"),
            attack: named("spiffe://cluster.local/ns/ml-dev/sa/x/ns/y-prod/z"),
            honest: named("spiffe://cluster.local/ns/ml-api-prod/sa/x")
        ),
        Attack(
            20,
            "a namespace that is not excluded in another trust domain",
            allow: source("notNamespaces: [evil]"),
            attack: named("spiffe://evil.example/ns/good/sa/x")
        ),
        Attack(
            21,
            "a service account of another trust domain",
            allow: source("serviceAccounts: [ml-api/api-gateway]"),
            attack: named("spiffe://evil.example/ns/ml-api/sa/api-gateway")
        ),
        Attack(
            21,
            "a service account with something after it",
            allow: source("serviceAccounts: [ml-api/api-gateway]"),
            attack: named("spiffe://cluster.local/ns/ml-api/x/sa/api-gateway/y")
        ),
        Attack(
            24,
            "plaintext is nobody excluded",
            allow: source("notPrincipals: [cluster.local/ns/x/sa/y]"),
            attack: plaintext
        ),
        Attack(24, "plaintext is in no excluded namespace", allow: source("notNamespaces: [evil]"), attack: plaintext),
        Attack(
            24,
            "plaintext is of no excluded trust domain",
            allow: source("notTrustDomains: [evil.example]"),
            attack: plaintext
        ),
        Attack(
            24,
            "plaintext in a condition",
            allow: when("key: source.principal, notValues: [cluster.local/ns/x/sa/y]"),
            attack: plaintext
        ),
        Attack(
            24,
            "no token is no excluded token",
            allow: source("notRequestPrincipals: ['https://issuer.example/mallory']"),
            attack: Request(),
            honest: Request(token: #"{"iss":"https://issuer.example","sub":"alice"}"#)
        ),
        Attack(
            40,
            "no claim is no excluded claim",
            allow: when("key: 'request.auth.claims[groups]', notValues: [banned]"),
            attack: Request(token: #"{"iss":"i","sub":"s"}"#),
            honest: Request(token: #"{"iss":"i","sub":"s","groups":["ml"]}"#)
        ),
        Attack(
            40,
            "a number is not the number that is excluded",
            allow: when("key: 'request.auth.claims[level]', notValues: ['0']"),
            attack: Request(token: #"{"iss":"i","sub":"s","level":0}"#),
            honest: Request(token: #"{"iss":"i","sub":"s","level":1}"#)
        ),
        Attack(
            25,
            "a subject with a slash is not denied",
            deny: source("requestPrincipals: [issuer/a/b]"),
            attack: Request(token: #"{"iss":"issuer","sub":"a/b"}"#),
            honest: Request(token: #"{"iss":"issuer","sub":"a"}"#)
        ),
        Attack(
            26,
            "an address that the client made up",
            allow: source("remoteIpBlocks: [192.0.2.0/24]"),
            attack: Request(forwardedFor: ["192.0.2.1"]),
            honest: Request(source: "192.0.2.7")
        ),
        Attack(
            26,
            "an address in its IPv6 form",
            deny: source("ipBlocks: [192.0.2.0/24]"),
            attack: Request(source: "::ffff:192.0.2.1")
        ),
        Attack(
            28,
            "a host with a port",
            deny: operation("hosts: [admin.example]"),
            attack: Request(authority: "admin.example:8080")
        ),
        Attack(
            28,
            "a host with a dot",
            deny: operation("hosts: [admin.example]"),
            attack: Request(authority: "Admin.example.")
        ),
        Attack(
            28,
            "a host with a port that is not excluded",
            allow: operation("notHosts: ['*.admin.example']"),
            attack: Request(authority: "a.admin.example:1")
        ),
        Attack(
            39,
            "a host in other case",
            deny: when("key: 'request.headers[:authority]', values: [admin.example]"),
            attack: Request(authority: "ADMIN.example")
        ),
        Attack(
            33,
            "a template that is not excluded with a slash at the end",
            allow: spareDelete,
            attack: path("/v1/m/delete/")
        ),
        Attack(
            33,
            "a template that is not excluded with two slashes",
            allow: spareDelete,
            attack: path("/v1/m//delete")
        ),
        Attack(
            33,
            "a template that is not excluded with parameters",
            allow: spareDelete,
            attack: path("/v1/m/delete;a")
        ),
        Attack(
            33,
            "a template that is not excluded with an escaped slash",
            allow: spareDelete,
            attack: path("/v1/m%2fdelete")
        ),
        Attack(33, "a template that is not excluded in other case", allow: spareDelete, attack: path("/v1/m/Delete")),
        Attack(33, "a template that is not denied with two slashes", deny: denyDelete, attack: path("/v1//m/delete")),
        Attack(
            31,
            "a template whose end has no segment before it",
            deny: operation("paths: ['/s/{**}/c']"),
            attack: path("/s/c"),
            honest: path("/s/d")
        ),
        Attack(
            31,
            "an allowed template with an escaped way out",
            allow: operation("paths: ['/v1/{*}/predict']"),
            attack: path("/v1/a%2f..%2f..%2fadmin/predict"),
            honest: path("/v1/m/predict")
        ),
        Attack(
            36,
            "an allowed prefix with an escaped way out",
            allow: operation("paths: ['/public/*', /v1/predict]"),
            attack: path("/public/..%2fadmin")
        ),
        Attack(
            36,
            "an allowed suffix that is a parameter",
            allow: operation("paths: ['*.json', /v1/predict]"),
            attack: path("/admin/x;.json")
        ),
        Attack(
            36,
            "a path that is not spared in truth",
            deny: operation("notPaths: ['/public/*', /v1/predict]"),
            attack: path("/public/..%5cadmin")
        ),
        Attack(
            36,
            "a prefix in a condition",
            deny: when("key: 'request.headers[:path]', values: ['/admin/*']"),
            attack: path("/admin%2fx")
        ),
        Attack(
            38,
            "a second header line",
            allow: when("key: 'request.headers[x-role]', values: [user]"),
            attack: Request(headers: [("x-role", "user"), ("x-role", "admin")]),
            honest: Request(headers: [("x-role", "user")])
        ),
        Attack(
            38,
            "a second element in a header line",
            deny: when("key: 'request.headers[x-role]', values: [admin]"),
            attack: Request(headers: [("x-role", "user, admin")]),
            honest: Request(headers: [("x-role", "user")])
        ),
        Attack(
            38,
            "a second element that is not excluded",
            allow: when("key: 'request.headers[x-role]', notValues: [admin]"),
            attack: Request(headers: [("x-role", "user,admin")])
        ),
        Attack(
            38,
            "a second line that a DENY spares",
            deny: when("key: 'request.headers[x-role]', notValues: [user]"),
            attack: Request(headers: [("x-role", "user"), ("x-role", "admin")]),
            honest: Request(headers: [("x-role", "user")])
        ),
        Attack(
            41,
            "no server name is no excluded one",
            allow: when("key: connection.sni, notValues: [internal.example]"),
            attack: Request(),
            honest: Request(serverName: "public.example")
        ),
        Attack(
            37,
            "what no filter notes here",
            deny: when("key: 'experimental.envoy.filters.network.mysql_proxy[db.table]', values: ['[secret]']"),
            attack: Request(),
            honest: nil
        ),
    ]

    @Test(arguments: attacks)
    func `a way around that istio leaves open is closed`(_ attack: Attack) throws {
        func outcome(_ compatibility: Compatibility, _ request: Request) throws -> Decision.Outcome {
            try Self.engine(allow: attack.allow, deny: attack.deny, compatibility)
                .evaluate(request.attributes(compatibility)).outcome
        }
        #expect(try outcome(.istio, attack.attack) == .allow, "the attack does not even succeed under istio")
        #expect(try outcome(.strict, attack.attack) == .deny)
        if let honest = attack.honest {
            #expect(try outcome(.istio, honest) == .allow)
            #expect(try outcome(.strict, honest) == .allow)
        }
    }

    private static func engine(
        allow: String,
        deny: String?,
        _ compatibility: Compatibility
    ) throws -> PolicyEngine {
        let texts = [Fixture.policy(allow)] + (deny.map { [Fixture.policy($0, action: "DENY", name: "d")] } ?? [])
        let engine = try Fixture.engine(texts.joined(separator: "\n---\n"))
        return try PolicyEngine(
            applying: engine.policies,
            options: .init(compatibility: compatibility, trustDomains: ["cluster.local"])
        )
    }

    @Test(arguments: [
        "/admin", "/admin/", "//admin/x", "/admin//x", "/admin%2Fx", "/%2fadmin/x", "/admin%5cx", "/Admin/x",
        "/ADMIN/x", "/admin;/x", "/admin;x=1/delete", "/x/%2e%2e/admin/x", "/x/..%2fadmin/x", "/%61dmin/x",
        "/admin%252fx", "/%25%36%31dmin/x", "/%c0%afadmin/x", "/admin%c0%afx", "/%e0%80%afadmin", "/./admin/x",
        "/x/../admin", "/x;/../admin/y", "/x/..;/admin/y", "/admin%20/x", "/%20admin/x", "/;x/admin/y", "/admin\\x",
    ])
    func `a denied prefix is denied in every form that a server may fold`(path: String) throws {
        let denied = try Self.engine(allow: "{}", deny: Self.denyAdmin, .strict)
        let spared = try Self.engine(allow: Self.operation("notPaths: ['/admin/*']"), deny: nil, .strict)
        #expect(try denied.evaluate(Self.path(path).attributes(.strict)).reason == .deniedByRule)
        #expect(try spared.evaluate(Self.path(path).attributes(.strict)).outcome == .deny)
    }

    @Test(arguments: [
        "/administrator", "/x/admin", "/v1/admin/x", "/admins", "/a/dmin", "/", "/x?/admin/", "/x?a=/../admin",
    ])
    func `a path that folds to another is not denied`(path: String) throws {
        let engine = try Self.engine(allow: "{}", deny: Self.denyAdmin, .strict)
        #expect(try engine.evaluate(Self.path(path).attributes(.strict)).outcome == .allow)
    }

    @Test func `rule 45: a workload of which nothing is said lets plaintext in under istio alone`() {
        func admits(_ compatibility: Compatibility) -> Bool {
            MutualTLSRequirement([], workload: Fixture.workload, compatibility: compatibility)
                .mode(onPort: 8080).admits(.plaintext)
        }
        #expect(admits(.istio))
        #expect(!admits(.strict))
    }

    @Test func `rule 1: a workload that no ALLOW policy selects lets everyone in under istio alone`() throws {
        for (compatibility, outcome) in [(Compatibility.istio, Decision.Outcome.allow), (.strict, .deny)] {
            let engine = try PolicyEngine(applying: [], options: .init(compatibility: compatibility))
            #expect(engine.evaluate(try Request().attributes(compatibility)).outcome == outcome)
        }
    }

    @Test func `asking for callers without an identity is still possible, in so many words`() throws {
        for excluded in ["notPrincipals: ['*']", "notNamespaces: ['*']"] {
            let engine = try Self.engine(allow: Self.source(excluded), deny: nil, .strict)
            #expect(try engine.evaluate(Self.plaintext.attributes(.strict)).outcome == .allow)
            #expect(try engine.evaluate(Request().attributes(.strict)).outcome == .deny)
            let foreign = Self.named("spiffe://evil.example/ns/x/sa/y")
            #expect(try engine.evaluate(foreign.attributes(.strict)).outcome == .deny)
        }
        let engine = try Self.engine(allow: Self.source("notRequestPrincipals: ['*']"), deny: nil, .strict)
        #expect(try engine.evaluate(Request().attributes(.strict)).outcome == .allow)
        let token = Request(token: #"{"iss":"i","sub":"s"}"#)
        #expect(try engine.evaluate(token.attributes(.strict)).outcome == .deny)
    }

    @Test func `another trust domain counts where the policy names it`() throws {
        let partner = Self.named("spiffe://partner.example/ns/ml-api/sa/x")
        for rule in [
            Self.source("namespaces: [ml-api], trustDomains: [partner.example]"),
            "{from: [{source: {namespaces: [ml-api]}}], when: [{key: source.trustDomain, values: [partner.example]}]}",
            "{from: [{source: {trustDomains: [partner.example]}}], when: [{key: source.namespace, values: [ml-api]}]}",
        ] {
            let engine = try Self.engine(allow: rule, deny: nil, .strict)
            #expect(try engine.evaluate(partner.attributes(.strict)).outcome == .allow, "\(rule)")
            #expect(try engine.evaluate(Request().attributes(.strict)).outcome == .deny, "\(rule)")
        }
    }

    @Test(arguments: [
        ("/v1/..;/admin", BadRequest.ambiguousDotSegment), ("/..;x=1/v1/predict", .ambiguousDotSegment),
        ("/v1/.;/predict", .ambiguousDotSegment), ("/v1/%2e%2e;/predict", .ambiguousDotSegment),
        ("/v1/..%3b/predict", .ambiguousDotSegment), ("/v1\\..;/predict", .ambiguousDotSegment),
        ("/v1/%zz", .malformedEscape), ("/v1/%2", .malformedEscape), ("/v1/%u002f", .malformedEscape),
        ("/v1/%0d%0aX:1", .encodedControl), ("/v1/%00", .encodedNUL), ("/v1/%7f", .encodedControl),
    ])
    func `rule 35: a path that nobody can tell the meaning of is refused`(target: String, reason: BadRequest) {
        for normalization in PathNormalization.allCases {
            let screen = RequestScreen(normalization: normalization)
            #expect(screen.check(method: "GET", target: target, authority: "h.example") == .refused(reason))
        }
    }

    @Test func `rule 35: istio takes a way back with parameters for a way back`() {
        let screen = RequestScreen(normalization: .base, compatibility: .istio)
        guard case .accepted(let request) = screen.check(method: "GET", target: "/v1/..;/admin", authority: "h") else {
            Issue.record("the request was refused")
            return
        }
        #expect(request.path == "/admin")
    }

    @Test(arguments: ["/a;b", "/a/...;x", "/a/.well-known;x", "/a%20b", "/a/%E2%82%AC", "/a?x=%zz&y=..;", "/a/x..;y"])
    func `rule 35: what is odd and clear is not refused`(target: String) {
        let screen = RequestScreen(normalization: .base)
        guard case .accepted = screen.check(method: "GET", target: target, authority: "h") else {
            Issue.record("\(target) was refused")
            return
        }
    }

    @Test(
        arguments: [
            (["1.1.1.1"], 1, "1.1.1.1"), (["9.9.9.9, 1.1.1.1"], 1, "1.1.1.1"),
            (["9.9.9.9, 1.1.1.1, 2.2.2.2"], 2, "1.1.1.1"),
            (["9.9.9.9", "1.1.1.1"], 1, "1.1.1.1"), (["1.1.1.1"], 2, "10.0.0.7"), (["1.1.1.1"], 0, "10.0.0.7"),
            (["1.1.1.1:80"], 1, "10.0.0.7"), ([], 1, "10.0.0.7"), (["1.1.1.1, "], 1, "10.0.0.7"),
        ] as [([String], Int, String)]
    )
    func `rule 26: only as many elements are believed as there are trusted hops`(
        lines: [String],
        hops: Int,
        address: String
    ) throws {
        let source = try #require(IPAddress("10.0.0.7"))
        let remote = Attributes.remoteAddress(forwardedFor: lines, source: source, trustedHops: hops)
        #expect("\(remote)" == address)
    }
}
