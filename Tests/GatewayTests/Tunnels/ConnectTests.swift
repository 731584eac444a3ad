import Authorization
import Foundation
import MutualTLS
import NIOCore
import Resources
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct ConnectTests {
    static let target = "db.internal:5432"
    static let established = "HTTP/1.1 200 Connection established\r\n\r\n"
    static let policy = TestGateway.policy(
        #"{ methods: ["CONNECT"], hosts: ["db.internal:5432", "*.pool.internal:1", "*.pool.internal:65535"] }"#,
        #"{ methods: ["GET", "POST"], paths: ["/v1/predict"] }"#
    )

    static func ask(_ target: String = ConnectTests.target, host: String? = nil, headers: String = "") -> String {
        "CONNECT \(target) HTTP/1.1\r\nHost: \(host ?? target)\r\n\(headers)\r\n"
    }

    /// Runs a test with a route that lets a CONNECT to two kinds of host become a tunnel.
    static func with(
        _ answer: String? = ConnectTests.established,
        log: FakeLog = FakeLog(),
        policy: String = ConnectTests.policy,
        configure: @escaping (inout GatewayConfiguration) -> Void = { _ in },
        _ body: (TestGateway, TunnelUpstream) async throws -> Void
    ) async throws {
        let upstream = try await TunnelUpstream.start(answer)
        let gateway = try await TestGateway.start(
            upstream: nil,
            transport: upstream.transport,
            log: log,
            policy: policy
        ) {
            $0.routes.append(
                Route(
                    name: "tunnels",
                    hosts: ["db.internal", "*.pool.internal"],
                    upstream: "inference",
                    allowsConnect: true
                )
            )
            configure(&$0)
        }
        do { try await body(gateway, upstream) } catch {
            await gateway.stop()
            await upstream.stop()
            throw error
        }
        await gateway.stop()
        await upstream.stop()
    }

    @Test func `a CONNECT is decided on and recorded, and then bytes go through both ways`() async throws {
        let answer =
            "HTTP/1.1 200 Sure\r\nVia: 1.1 far\r\nConnection: x-hop\r\nX-Hop: 1\r\nAlt-Svc: h3=\":1\"\r\n\r\nearly"
        try await Self.with(answer) { gateway, upstream in
            let client = try await gateway.client()
            client.send(
                Self.ask(
                    headers: "X-Forwarded-For: 1\r\nProxy-Authorization: Basic eA==\r\nX-Tenant: blue\r\n"
                        + "Proxy-Connection: keep-alive\r\n"
                )
            )
            let heard = await client.wait(for: "early")
            #expect(heard.text.hasPrefix("HTTP/1.1 200 Sure\r\nVia: 1.1 far\r\nx-request-id: "), "\(heard.text)")
            #expect(heard.text.hasSuffix("\r\n\r\nearly"))
            for name in ["content-length", "transfer-encoding", "connection", "x-hop", "alt-svc"] {
                #expect(!heard.text.lowercased().contains("\n\(name):"), "\(name)")
            }
            let head = try #require(upstream.heard.value.first)
            #expect(head.hasPrefix("CONNECT db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\n"), "\(head)")
            #expect(head.contains("X-Tenant: blue\r\n"))
            #expect(head.contains("x-lapwing-spiffe-id: spiffe://cluster.local/ns/ml-api/sa/api-gateway\r\n"))
            #expect(!head.contains("X-Forwarded-For") && !head.contains("Proxy-") && !head.contains("pgrade"))
            let decision = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(decision["decision.outcome"] == "allow" && decision["request.method"] == "CONNECT")
            #expect(decision["request.path"] == "" && decision["request.authority"] == Self.target)
            #expect(decision["route"] == "tunnels")
            client.send("\u{1}GET /v1/predict HTTP/1.1\r\n\r\n")
            await upstream.heard.wait { $0[0].hasSuffix("\u{1}GET /v1/predict HTTP/1.1\r\n\r\n") }
            upstream.send("back")
            await client.wait(for: "earlyback")
            upstream.close()
            #expect(await client.end().text.hasSuffix("earlyback"))
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(completion["ended"] == "complete" && completion["response.status"] == "200")
            #expect(completion["request.bytes"] == "29" && completion["response.bytes"] == "9")
            #expect(gateway.log.entries.value.count { $0["kind"] == "decision" } == 1)
            #expect(upstream.heard.value.count == 1)
        }
    }

    @Test func `what the client sends before the answer is held until the tunnel stands`() async throws {
        try await Self.with(nil) { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask() + "hello")
            await upstream.heard.wait { !$0.isEmpty }
            client.send(" again")
            try await Task.sleep(for: .milliseconds(50))
            #expect(upstream.heard.value[0].hasSuffix("\r\n\r\n"), "nothing but the head has come")
            upstream.send(Self.established)
            await upstream.heard.wait { $0[0].hasSuffix("\r\n\r\nhello again") }
            await client.close()
            await upstream.closed.wait { $0 == 1 }
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(completion["ended"] == "client_left" && completion["request.bytes"] == "11")
        }
    }

    @Test func `no more is held than is read of any request, and all of it goes on`() async throws {
        let total = 32 << 20
        try await Self.with(nil) { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask())
            await upstream.heard.wait { !$0.isEmpty }
            let sent = Observed(0)
            client.pour(total, sent)
            let held = try await StreamingTests.settled(sent, gateway)
            #expect(held < total / 2, "\(held) of \(total) bytes left the client")
            #expect(upstream.heard.value[0].hasSuffix("\r\n\r\n"))
            upstream.send(Self.established)
            await sent.wait { $0 == total }
            await upstream.heard.wait { $0[0].utf8.count > total }
            await client.close()
        }
    }

    @Test func `nothing of the answer leaves before the record`() async throws {
        let log = FakeLog(.held)
        try await Self.with(Self.established + "early", log: log) { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask())
            await upstream.heard.wait { !$0.isEmpty }
            try await Task.sleep(for: .milliseconds(30))
            #expect(client.heard.value.text.isEmpty)
            log.release()
            await client.wait(for: "early")
            await client.close()
        }
    }

    static let refused: [(String, String, status: Int, reason: String)] = [
        ("a path", ask("/v1/predict", host: "db.internal:5432"), 400, "bad_target"),
        ("a path alone", ask("/", host: "db.internal:5432"), 400, "bad_target"),
        ("a URL", ask("http://db.internal:5432/", host: "db.internal:5432"), 400, "bad_target"),
        ("a URL without a path", ask("https://db.internal:5432", host: "db.internal:5432"), 400, "bad_target"),
        ("an asterisk", ask("*", host: "db.internal:5432"), 400, "bad_target"),
        ("no port", ask("db.internal"), 400, "bad_target"),
        ("an empty port", ask("db.internal:", host: "db.internal"), 400, "bad_target"),
        ("port 0", ask("db.internal:0"), 400, "bad_target"),
        ("a port with a zero before it", ask("db.internal:05432"), 400, "bad_target"),
        ("a port that is too large", ask("db.internal:65536"), 400, "bad_target"),
        ("a port with a sign", ask("db.internal:+5432"), 400, "bad_target"),
        ("a port in words", ask("db.internal:postgres"), 400, "bad_target"),
        ("two ports", ask("db.internal:5432:5432"), 400, "bad_target"),
        ("no host", ask(":5432", host: "db.internal:5432"), 400, "bad_target"),
        ("user information", ask("u@db.internal:5432", host: "db.internal:5432"), 400, "bad_target"),
        ("user information and password", ask("u:p@db.internal:5432", host: "db.internal:5432"), 400, "bad_target"),
        ("a path behind the port", ask("db.internal:5432/x", host: "db.internal:5432"), 400, "bad_target"),
        ("a query behind the port", ask("db.internal:5432?x", host: "db.internal:5432"), 400, "bad_target"),
        ("an escape", ask("db%2einternal:5432", host: "db.internal:5432"), 400, "bad_target"),
        ("a comma", ask("db.internal:5432,evil:1", host: "db.internal:5432"), 400, "bad_target"),
        ("another Host", ask(host: "other.internal:5432"), 400, "authority_mismatch"),
        ("another port in Host", ask(host: "db.internal:22"), 400, "authority_mismatch"),
        ("no port in Host", ask(host: "db.internal"), 400, "authority_mismatch"),
        ("two Hosts", ask(headers: "Host: db.internal:5432\r\n"), 400, "duplicate_host"),
        ("no Host", "CONNECT db.internal:5432 HTTP/1.1\r\n\r\n", 400, "missing_host"),
        ("HTTP/1.0", "CONNECT db.internal:5432 HTTP/1.0\r\nHost: db.internal:5432\r\n\r\n", 505, "unsupported_version"),
        ("another case", "connect db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\n\r\n", 400, "unknown_method"),
        ("a length", ask(headers: "Content-Length: 5\r\n") + "hello", 400, "unexpected_body"),
        ("a length of nothing", ask(headers: "Content-Length: 0\r\n"), 400, "unexpected_body"),
        ("chunks", ask(headers: "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400, "unexpected_body"),
        (
            "a length beside chunks", ask(headers: "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400,
            "content_length_with_transfer_encoding"
        ),
        ("Expect", ask(headers: "Expect: 100-continue\r\n"), 400, "unexpected_body"),
        (
            "an upgrade", ask(headers: "Connection: Upgrade\r\nUpgrade: websocket\r\n"), 501, "unsupported_upgrade"
        ),
        ("a folded line", ask(headers: "X: a\r\n b\r\n"), 400, "folded_field"),
        ("a route without tunnels", ask("inference.example:443"), 501, "unsupported_method"),
        ("a host that only looks like one", ask("evil.db.internal:5432"), 501, "unsupported_method"),
        ("a suffix without its dot", ask("evilpool.internal:5432"), 501, "unsupported_method"),
        ("a dot at the end", ask("db.internal.:5432"), 501, "unsupported_method"),
        ("an address", ask("127.0.0.1:5432"), 501, "unsupported_method"),
        ("an address in brackets", ask("[::1]:5432"), 501, "unsupported_method"),
        (
            "another method with such a target", "GET db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\n\r\n", 400,
            "bad_target"
        ),
        ("a port that policy does not name", ask("db.internal:22"), 403, "no_rule_matched"),
    ]

    @Test func `what is no good CONNECT is refused, and nothing behind it is a request or reaches the upstream`()
        async throws
    {
        try await Self.with { gateway, upstream in
            for (name, text, status, reason) in Self.refused {
                let client = try await gateway.client()
                let heard = await client.request(text + SmugglingCase.hidden)
                await client.close()
                #expect(heard.statuses == [status] && heard.text.contains("connection: close\r\n"), "\(name): \(heard)")
                let decision = gateway.log.entries.value.last { $0["kind"] == "decision" }
                #expect(decision?["decision.reason"] == reason, "\(name): \(decision?["decision.reason"] ?? "")")
                #expect(decision?["decision.outcome"] == "deny", "\(name)")
            }
            #expect(upstream.heard.value.isEmpty)
            #expect(await gateway.log.records("completion", count: Self.refused.count).count == Self.refused.count)
        }
    }

    @Test func `the host of the target chooses the route, whatever its case`() async throws {
        try await Self.with { gateway, upstream in
            for target in ["DB.Internal:5432", "a.pool.internal:1", "a.b.pool.internal:65535"] {
                let client = try await gateway.client()
                #expect(await client.request(Self.ask(target)).statuses == [200], "\(target)")
                await client.close()
                #expect(upstream.heard.value.last?.hasPrefix("CONNECT \(target) HTTP/1.1\r\n") == true, "\(target)")
            }
        }
    }

    @Test func `a GET that names the same host before does not lend its route to a CONNECT`() async throws {
        try await Self.with(nil) { gateway, upstream in
            let client = try await gateway.client()
            client.send("GET http://db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\n\r\n")
            #expect(await client.wait(for: "\r\n\r\n").statuses == [403])
            client.send(Self.ask())
            await upstream.heard.wait { !$0.isEmpty }
            #expect(upstream.heard.value[0].hasPrefix("CONNECT db.internal:5432 HTTP/1.1\r\n"))
            #expect(await gateway.log.records("decision", count: 2).map { $0["request.path"] } == ["/", ""])
            await client.close()
        }
    }

    @Test func `a route for tunnels takes other requests as well, where policy lets them`() async throws {
        try await Self.with("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") { gateway, upstream in
            let client = try await gateway.client()
            let text = "GET /v1/predict HTTP/1.1\r\nHost: db.internal\r\n\r\n"
            #expect(await client.request(text).text.hasSuffix("ok"))
            await client.close()
            #expect(upstream.heard.value[0].hasPrefix("GET /v1/predict HTTP/1.1\r\n"))
        }
    }

    /// What an upstream may answer that opens no tunnel, and what the client then gets.
    static let answers: [(String, String, status: Int, ended: String)] = [
        ("a refusal", "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", 403, "complete"),
        (
            "a refusal in chunks", "HTTP/1.1 502 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", 502,
            "complete"
        ),
        ("a redirect", "HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", 302, "complete"),
        ("not modified", "HTTP/1.1 304 Not Modified\r\n\r\n", 304, "complete"),
        (
            "another protocol", "HTTP/1.1 101 Sure\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nearly", 502,
            "upstream_died"
        ),
        ("an answer with a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly", 502, "upstream_died"),
        ("an answer without content", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 502, "upstream_died"),
        (
            "an answer in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n0\r\n\r\n", 502,
            "upstream_died"
        ),
        ("no HTTP", "SSH-2.0-early\r\n\r\n", 502, "upstream_died"),
    ]

    @Test func `any other answer is an answer, and nothing behind the request is one`() async throws {
        for (name, answer, status, ended) in Self.answers {
            try await Self.with(answer) { gateway, upstream in
                let client = try await gateway.client()
                client.send(Self.ask() + SmugglingCase.hidden)
                let heard = await client.end()
                #expect(heard.statuses == [status] && heard.text.contains("connection: close\r\n"), "\(name): \(heard)")
                #expect(!heard.text.contains("early"), "\(name)")
                let completion = await gateway.log.records("completion", count: 1).first
                #expect(completion?["ended"] == ended && completion?["response.status"] == "\(status)", "\(name)")
                #expect(completion?["request.bytes"] == "0", "\(name)")
                await upstream.closed.wait { $0 == 1 }
                #expect(upstream.heard.value.count == 1 && upstream.heard.value[0].hasSuffix("\r\n\r\n"), "\(name)")
                #expect(!upstream.heard.value[0].contains("smuggled"), "\(name)")
                #expect(gateway.log.entries.value.count { $0["kind"] == "decision" } == 1, "\(name)")
            }
        }
    }

    @Test func `interim answers are passed over, any 2xx opens the tunnel, and HTTP 1.0 may say it`() async throws {
        for answer in [
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.0 200 Connection established\r\n\r\n", "HTTP/1.1 299 \r\n\r\n",
        ] {
            try await Self.with(answer) { gateway, upstream in
                let client = try await gateway.client()
                let heard = await client.request(Self.ask())
                #expect(heard.statuses.count == 1 && (200...299).contains(heard.statuses[0]), "\(answer): \(heard)")
                client.send("through")
                await upstream.heard.wait { $0[0].hasSuffix("through") }
                await client.close()
            }
        }
    }

    @Test func `an upstream that goes away before it answers is 502, and one that is silent 504`() async throws {
        try await Self.with(nil) { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask())
            await upstream.heard.wait { !$0.isEmpty }
            upstream.close()
            #expect(await client.end().statuses == [502])
        }
        let configure: (inout GatewayConfiguration) -> Void = {
            $0.routes[$0.routes.count - 1].responseTimeout = .milliseconds(60)
        }
        try await Self.with(nil, configure: configure) { gateway, _ in
            let client = try await gateway.client()
            client.send(Self.ask() + "early")
            #expect(await client.end().statuses == [504])
        }
    }

    @Test func `without such a route the method is refused at its line`() async throws {
        try await Self.with(configure: { $0.routes[$0.routes.count - 1].allowsConnect = false }) { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask())
            #expect(await client.end().statuses == [501])
            #expect(await gateway.log.records("decision", count: 1).first?["request.method"] == "")
            #expect(upstream.heard.value.isEmpty)
        }
    }

    @Test func `a tunnel ends when nobody says anything for as long as its route allows`() async throws {
        let configure: (inout GatewayConfiguration) -> Void = {
            $0.routes[$0.routes.count - 1].streamTimeout = .milliseconds(80)
        }
        try await Self.with(configure: configure) { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask())
            #expect(await client.end().statuses == [200])
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "timed_out")
            await upstream.closed.wait { $0 == 1 }
        }
    }

    @Test func `a reload ends the tunnels that it would not open, and no other`() async throws {
        try await Self.with { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask())
            await client.wait(for: "\r\n\r\n")
            try await gateway.replace(policy: TestGateway.snapshot(Self.policy, digest: "digest-2"))
            client.send("still here")
            await upstream.heard.wait { $0.contains { $0.hasSuffix("still here") } }
            let other = Self.policy.replacing("db.internal:5432", with: "db.internal:5433")
            try await gateway.replace(policy: TestGateway.snapshot(other, digest: "digest-3"))
            _ = await client.end()
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "policy_changed")
            await upstream.closed.wait { $0 == 1 }
        }
        try await Self.with { gateway, _ in
            let client = try await gateway.client()
            client.send(Self.ask())
            await client.wait(for: "\r\n\r\n")
            var configuration = gateway.server.configuration
            configuration.routes[configuration.routes.count - 1].allowsConnect = false
            try await gateway.server.update(
                configuration: configuration,
                policy: TestGateway.snapshot(Self.policy)
            )
            _ = await client.end()
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "policy_changed")
        }
    }

    @Test func `a tunnel ends when its caller is revoked`() async throws {
        try await Self.with { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask())
            await client.wait(for: "\r\n\r\n")
            let id = try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway")
            gateway.identity.revoke(RevocationSet(ids: [id]))
            gateway.server.revisitConnections()
            _ = await client.end()
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "revoked")
            await upstream.closed.wait { $0 == 1 }
        }
    }

    @Test func `a tunnel ends when the token that it stands on is withdrawn`() async throws {
        let issuer = try TokenIssuer("cluster.local")
        let keys = TokenKeyStore()
        keys.replace(try issuer.bundle, until: .distantFuture)
        let rule = """

            ---
            apiVersion: security.istio.io/v1
            kind: RequestAuthentication
            metadata: { name: workloads, namespace: ml-inference }
            spec: { jwtRules: [{ issuer: "spiffe://cluster.local", audiences: [inference] }] }
            """
        let expiry = Int(Date().timeIntervalSince1970) + 300
        let token = try issuer.token(
            payload: #"{"sub":"spiffe://cluster.local/job","aud":"inference","exp":\#(expiry),"jti":"0a1"}"#
        )
        try await Self.with { gateway, upstream in
            try await gateway.replace(policy: TestGateway.snapshot(Self.policy + rule, keys: keys))
            let client = try await gateway.client()
            client.send(Self.ask(headers: "Authorization: Bearer \(token)\r\n"))
            await client.wait(for: "\r\n\r\n")
            keys.revoke(RevocationSet(serialNumbers: ["b2"]))
            client.send("still here")
            await upstream.heard.wait { $0.contains { $0.hasSuffix("still here") } }
            keys.revoke(RevocationSet(serialNumbers: ["a1"]))
            _ = await client.end()
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "revoked")
            await upstream.closed.wait { $0 == 1 }
        }
    }

    @Test func `a provider over HTTP cannot be asked about a tunnel, which is denied`() async throws {
        let provider = try await TestUpstream.start()
        try await Self.with { gateway, upstream in
            let place = ProviderWorld.indented(ProviderWorld.reached(provider.transport))
            try await ProviderWorld.ask(
                ProviderWorld.providers("- name: judge\n  envoyExtAuthzHttp:\n\(place)"),
                by: ProviderWorld.custom + Self.policy,
                at: gateway
            )
            let client = try await gateway.client()
            client.send(Self.ask())
            #expect(await client.end().statuses == [403])
            let decision = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(decision["decision.reason"] == "tunnel_not_asked_about" && decision["decision.outcome"] == "deny")
            #expect(provider.received.value.isEmpty && upstream.heard.value.isEmpty)
        }
        await provider.stop()
    }

    @Test func `a guardrail or an upstream of HTTP 2 leaves a route without tunnels`() throws {
        var configuration = GatewayConfiguration(
            name: "g",
            workload: .init(namespace: "n"),
            listeners: [],
            upstreams: [Upstream(name: "a", transport: .unixSocket("/a"))],
            routes: [Route(name: "r", hosts: ["h"], upstream: "a", allowsConnect: true)]
        )
        #expect(RouteTable(configuration).allowsConnect)
        #expect(RouteTable(configuration).findTunnel(to: "h:1")?.route.name == "r")
        configuration.upstreams[0].http2 = HTTP2Upstream()
        #expect(!RouteTable(configuration).allowsConnect)
        #expect(RouteTable(configuration).findTunnel(to: "h:1") == nil)
    }

    @Test func `a host with routes lends from no other`() {
        let configuration = GatewayConfiguration(
            name: "g",
            workload: .init(namespace: "n"),
            listeners: [],
            upstreams: [Upstream(name: "a", transport: .unixSocket("/a"))],
            routes: [
                Route(name: "wild", hosts: ["*.example"], upstream: "a", allowsConnect: true),
                Route(name: "plain", hosts: ["web.example"], path: .prefix("/v1"), upstream: "a"),
                Route(name: "first", hosts: ["db.example"], upstream: "a", allowsConnect: true),
                Route(name: "second", hosts: ["db.example"], upstream: "a", allowsConnect: true),
            ]
        )
        let table = RouteTable(configuration)
        #expect(table.findTunnel(to: "a.example:1")?.route.name == "wild")
        #expect(table.findTunnel(to: "web.example:1") == nil)
        #expect(table.findTunnel(to: "db.example:1")?.route.name == "first")
        #expect(table.findTunnel(to: "example:1") == nil)
    }
}
