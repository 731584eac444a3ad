import Foundation
import NIOCore
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct WebSocketTests {
    /// The key of RFC 6455 §1.3, and what answers it.
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    static func ask(
        _ path: String = "/v1/stream",
        method: String = "GET",
        connection: String = "Upgrade",
        upgrade: String = "websocket",
        version: String = "13",
        key: String = WebSocketTests.key,
        headers: String = ""
    ) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: inference.example\r\nConnection: \(connection)\r\nUpgrade: \(upgrade)\r\n"
            + "Sec-WebSocket-Version: \(version)\r\nSec-WebSocket-Key: \(key)\r\n\(headers)\r\n"
    }

    static func agree(_ accept: String = WebSocketTests.accept, headers: String = "") -> String {
        "HTTP/1.1 101 Sure\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n"
            + "\(headers)\r\n"
    }

    /// Runs a test with a route that allows WebSockets, before an upstream that answers the first head with a text and
    /// keeps all that comes on each of its connections.
    static func with(
        _ answer: String? = WebSocketTests.agree(),
        log: FakeLog = FakeLog(),
        configure: @escaping (inout GatewayConfiguration) -> Void = { _ in },
        _ body: (TestGateway, TunnelUpstream) async throws -> Void
    ) async throws {
        let upstream = try await TunnelUpstream.start(answer)
        let gateway = try await TestGateway.start(upstream: nil, transport: upstream.transport, log: log) {
            $0.routes[0].allowsWebSocket = true
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

    @Test func `a WebSocket is decided on and recorded, and then bytes go through both ways`() async throws {
        try await Self.with(Self.agree(headers: "Sec-WebSocket-Protocol: b\r\n") + "early") { gateway, upstream in
            let client = try await gateway.client()
            client.send(
                Self.ask(headers: "Sec-WebSocket-Protocol: a, b\r\nX-Forwarded-For: 1\r\nX-Tenant: blue\r\n")
            )
            let heard = await client.wait(for: "early")
            #expect(heard.statuses == [101])
            #expect(heard.text.contains("connection: upgrade\r\nupgrade: websocket\r\n"))
            #expect(heard.text.contains("Sec-WebSocket-Accept: \(Self.accept)\r\n"))
            #expect(heard.text.contains("Sec-WebSocket-Protocol: b\r\n") && heard.text.hasSuffix("\r\n\r\nearly"))
            let head = try #require(upstream.heard.value.first)
            #expect(head.hasPrefix("GET /v1/stream HTTP/1.1\r\n"))
            #expect(head.contains("connection: upgrade\r\nupgrade: websocket\r\n") && head.contains("X-Tenant: blue"))
            #expect(head.contains("x-lapwing-spiffe-id: spiffe://cluster.local/ns/ml-api/sa/api-gateway\r\n"))
            #expect(!head.contains("X-Forwarded-For"))
            #expect(await gateway.log.records("decision", count: 1).first?["decision.outcome"] == "allow")
            client.send("\u{1}frame")
            await upstream.heard.wait { $0[0].hasSuffix("\u{1}frame") }
            upstream.send("back")
            await client.wait(for: "earlyback")
            upstream.close()
            #expect(await client.end().text.hasSuffix("earlyback"))
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(completion["ended"] == "complete" && completion["response.status"] == "101")
            #expect(completion["request.bytes"] == "6" && completion["response.bytes"] == "9")
            #expect(upstream.heard.value.count == 1)
        }
    }

    @Test func `nothing of the answer leaves before the record, and a client that leaves ends the tunnel`() async throws
    {
        let log = FakeLog(.held)
        try await Self.with(Self.agree() + "early", log: log) { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask())
            await upstream.heard.wait { !$0.isEmpty }
            #expect(client.heard.value.text.isEmpty)
            log.release()
            await client.wait(for: "early")
            await client.close()
            await upstream.closed.wait { $0 == 1 }
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "client_left")
        }
    }

    static let badRequests: [(String, String, status: Int, reason: String)] = [
        ("no token in Connection", ask(connection: "keep-alive"), 400, "bad_websocket_handshake"),
        ("another method", ask(method: "POST"), 400, "bad_websocket_handshake"),
        ("another protocol", ask(upgrade: "h2c"), 501, "unsupported_upgrade"),
        ("several protocols", ask(upgrade: "websocket, h2c"), 501, "unsupported_upgrade"),
        ("a protocol with a version", ask(upgrade: "websocket/13"), 501, "unsupported_upgrade"),
        ("two lines", ask(headers: "Upgrade: h2c\r\n"), 501, "unsupported_upgrade"),
        ("an old version", ask(version: "8"), 426, "unsupported_websocket_version"),
        ("two versions", ask(headers: "Sec-WebSocket-Version: 8\r\n"), 426, "unsupported_websocket_version"),
        ("a short key", ask(key: "c2hvcnQ="), 400, "bad_websocket_handshake"),
        ("a key that is not base64", ask(key: "!!!!!!!!!!!!!!!!!!!!!!=="), 400, "bad_websocket_handshake"),
        ("two keys", ask(headers: "Sec-WebSocket-Key: \(key)\r\n"), 400, "bad_websocket_handshake"),
        (
            "an answer in the request", ask(headers: "Sec-WebSocket-Accept: \(accept)\r\n"), 400,
            "bad_websocket_handshake"
        ),
        ("a body", ask(headers: "Content-Length: 5\r\n") + "hello", 400, "bad_websocket_handshake"),
        ("chunks", ask(headers: "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400, "bad_websocket_handshake"),
        ("Expect", ask(headers: "Expect: 100-continue\r\n"), 400, "bad_websocket_handshake"),
        (
            "the same subprotocol twice", ask(headers: "Sec-WebSocket-Protocol: a, a\r\n"), 400,
            "bad_websocket_handshake"
        ),
        ("an empty subprotocol", ask(headers: "Sec-WebSocket-Protocol: a,,b\r\n"), 400, "bad_websocket_handshake"),
        ("a route that does not name it", ask("/v1/first"), 501, "unsupported_upgrade"),
        (
            "CONNECT", "CONNECT inference.example:443 HTTP/1.1\r\nHost: inference.example:443\r\n\r\n", 501,
            "unsupported_method"
        ),
    ]

    @Test func `what is no good handshake is refused before policy, and ends the connection`() async throws {
        try await Self.with { gateway, upstream in
            for (name, text, status, reason) in Self.badRequests {
                let client = try await gateway.client()
                let heard = await client.request(text + SmugglingCase.hidden)
                await client.close()
                #expect(heard.statuses == [status] && heard.text.contains("connection: close\r\n"), "\(name): \(heard)")
                if status == 426 { #expect(heard.text.contains("sec-websocket-version: 13\r\n"), "\(name)") }
                let decision = gateway.log.entries.value.last { $0["kind"] == "decision" }
                #expect(decision?["decision.reason"] == reason, "\(name)")
            }
            #expect(upstream.heard.value.isEmpty)
            let denied = try await gateway.client()
            #expect(await denied.request(Self.ask("/admin")).statuses == [403])
            await denied.close()
        }
    }

    /// What an upstream may answer wrongly.
    static let badAnswers: [(String, String)] = [
        ("another key's answer", agree("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
        ("two answers", agree(headers: "Sec-WebSocket-Accept: \(accept)\r\n")),
        ("no answer", "HTTP/1.1 101 Sure\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
        ("another protocol", agree().replacing("Upgrade: WebSocket", with: "Upgrade: h2c")),
        ("no token in Connection", agree().replacing(", Upgrade", with: "")),
        ("a length", agree(headers: "Content-Length: 5\r\n")),
        ("chunks", agree(headers: "Transfer-Encoding: chunked\r\n")),
        ("a subprotocol that was not offered", agree(headers: "Sec-WebSocket-Protocol: z\r\n")),
        ("two subprotocols", agree(headers: "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n")),
        ("an extension that was not offered", agree(headers: "Sec-WebSocket-Extensions: x-other\r\n")),
    ]

    @Test func `an upstream that agrees to something else gets no tunnel`() async throws {
        for (name, answer) in Self.badAnswers {
            try await Self.with(answer + "early") { gateway, upstream in
                let client = try await gateway.client()
                client.send(Self.ask(headers: "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: deflate\r\n"))
                let heard = await client.end()
                #expect(heard.statuses == [502] && !heard.text.contains("early"), "\(name): \(heard)")
                #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "upstream_died")
                await upstream.closed.wait { $0 == 1 }
            }
        }
    }

    @Test func `where the upstream does not agree nothing behind the request is one`() async throws {
        let no = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"
        try await Self.with(no) { gateway, upstream in
            let client = try await gateway.client()
            // The client believes in its tunnel already, or would have others believe in it.
            client.send(Self.ask() + SmugglingCase.hidden)
            let heard = await client.end()
            #expect(heard.statuses == [200] && heard.text.contains("connection: close\r\n"), "\(heard)")
            #expect(upstream.heard.value.count == 1 && !upstream.heard.value[0].contains("smuggled"))
            // A later request goes on another connection of the client, and is read as what it is.
            let next = try await gateway.client()
            #expect(await next.request(TestGateway.post()).statuses == [200])
            await next.close()
        }
    }

    @Test func `what comes before the upstream has agreed is neither a request nor part of the tunnel`() async throws {
        try await Self.with(nil) { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask() + SmugglingCase.hidden)
            await upstream.heard.wait { !$0.isEmpty }
            upstream.send(Self.agree())
            let heard = await client.end()
            #expect(heard.statuses == [400], "\(heard)")
            await upstream.closed.wait { $0 == 1 }
            #expect(!upstream.heard.value[0].contains("smuggled"))
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "bad_request")
        }
    }

    @Test func `an upstream that switches without being asked is refused`() async throws {
        try await Self.with { gateway, upstream in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post("/v1/stream")).statuses == [502])
            await upstream.closed.wait { $0 == 1 }
            await client.close()
        }
    }

    @Test func `a tunnel ends when nobody says anything for as long as its route allows`() async throws {
        try await Self.with(configure: { $0.routes[0].streamTimeout = .milliseconds(80) }) { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.ask())
            await client.wait(for: "\r\n\r\n")
            #expect(await client.end().statuses == [101])
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "timed_out")
            await upstream.closed.wait { $0 == 1 }
        }
    }

    @Test func `a reload ends the tunnels that it would not open, and no other`() async throws {
        try await Self.with { gateway, upstream in
            let other = try await gateway.client()
            other.send(Self.ask(headers: "X-Tenant: red\r\n"))
            await other.wait(for: "\r\n\r\n")
            let client = try await gateway.client()
            client.send(Self.ask(headers: "X-Tenant: blue\r\n"))
            await client.wait(for: "\r\n\r\n")
            // The same again, then a policy that looks at a header that the first one did not.
            try await gateway.replace(policy: TestGateway.snapshot(TestGateway.policy, digest: "digest-2"))
            let blue = TestGateway.policy.replacing(
                "      to:\n",
                with: "      when: [{ key: \"request.headers[x-tenant]\", values: [blue] }]\n      to:\n"
            )
            #expect(blue != TestGateway.policy)
            try await gateway.replace(policy: TestGateway.snapshot(blue, digest: "digest-3"))
            _ = await other.end()
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "policy_changed")
            await upstream.closed.wait { $0 == 1 }
            client.send("still here")
            await upstream.heard.wait { $0.contains { $0.hasSuffix("still here") } }
            upstream.send("so am I")
            await client.wait(for: "so am I")
            // It lives until its caller is denied.
            let none = TestGateway.policy.replacing("sa/api-gateway", with: "sa/another")
            try await gateway.replace(policy: TestGateway.snapshot(none, digest: "digest-4"))
            _ = await client.end()
            #expect(await gateway.log.records("completion", count: 2).last?["ended"] == "policy_changed")
            await upstream.closed.wait { $0 == 2 }
        }
    }

    @Test func `a reload that takes the upgrade from a route, or changes its upstream, ends its tunnels`() async throws
    {
        let changes: [(String, (inout GatewayConfiguration) -> Void)] = [
            ("no upgrade", { $0.routes[0].allowsWebSocket = false }),
            ("another upstream", { $0.upstreams[0].connectTimeout = .milliseconds(1234) }),
        ]
        for (name, change) in changes {
            try await Self.with { gateway, upstream in
                let client = try await gateway.client()
                client.send(Self.ask())
                await client.wait(for: "\r\n\r\n")
                var configuration = gateway.server.configuration
                change(&configuration)
                try await gateway.server.update(
                    configuration: configuration,
                    policy: TestGateway.snapshot(TestGateway.policy)
                )
                _ = await client.end()
                let ended = await gateway.log.records("completion", count: 1).first?["ended"]
                #expect(ended == "policy_changed", "\(name)")
                await upstream.closed.wait { $0 == 1 }
            }
        }
    }
}
