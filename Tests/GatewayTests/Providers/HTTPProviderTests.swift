import Foundation
import NIOCore
import Testing

@testable import Authorization
@testable import Gateway

/// CUSTOM policies whose provider speaks HTTP: what it is asked, what its answer does, and what it cannot do.
@Suite(.timeLimit(.minutes(2))) struct HTTPProviderTests {
    private typealias Answer = @Sendable (TestUpstream.Received, TestUpstream.Responder) -> Void

    private static func saying(_ text: String) -> Answer { { _, responder in responder.write(text) } }
    private static let yes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    @Test func `a request that the provider allows goes on, and the record names the provider`() async throws {
        try await ProviderWorld.withHTTP(
            """
            pathPrefix: /check
            includeRequestHeadersInCheck: [x-tenant, "x-trace-*"]
            includeAdditionalHeadersInCheck: { x-from: gateway, x-tenant-kind: known }
            """,
            answering: Self.saying(Self.yes)
        ) { gateway, upstream, provider in
            let client = try await gateway.client()
            let headers = "X-Tenant: blue\r\nX-Trace-A: 1\r\nX-Other: no\r\nAuthorization: Basic YQ==\r\nX-From: me\r\n"
            #expect(await client.request(TestGateway.post("/v1/predict?a=1", headers: headers)).statuses == [200])
            let check = try #require(provider.received.value.first)
            #expect(check.head.hasPrefix("POST /check/v1/predict?a=1 HTTP/1.1\r\n") && check.body.isEmpty)
            #expect(check.values("host") == ["inference.example"] && check.values("content-length") == ["0"])
            #expect(check.values("x-tenant") == ["blue"] && check.values("x-trace-a") == ["1"])
            #expect(check.values("authorization") == ["Basic YQ=="] && check.values("x-other").isEmpty)
            #expect(check.values("x-from") == ["gateway"] && check.values("x-tenant-kind") == ["known"])
            #expect(check.values("x-lapwing-spiffe-id") == ["spiffe://cluster.local/ns/ml-api/sa/api-gateway"])
            #expect(upstream.received.value.first?.body == "{}")
            let decisions = await gateway.log.records("decision", count: 1)
            #expect(decisions.count == 1)
            #expect(decisions.first?["decision.outcome"] == "allow")
            #expect(decisions.first?["decision.reason"] == "allowed_by_rule")
            #expect(decisions.first?["decision.provider.name"] == "judge")
            #expect(decisions.first?["decision.provider.answer"] == "allow")
            await client.close()
        }
    }

    @Test func `an allowed request still has to pass the other policies`() async throws {
        try await ProviderWorld.withHTTP(answering: Self.saying(Self.yes)) { gateway, upstream, provider in
            let client = try await gateway.client("/ns/ml-training/sa/trainer")
            #expect(await client.request(TestGateway.post()).statuses == [403])
            #expect(provider.received.value.count == 1 && upstream.received.value.isEmpty)
            let record = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(record["decision.reason"] == "no_rule_matched" && record["decision.provider.answer"] == "allow")
            await client.close()
        }
    }

    @Test func `what no CUSTOM rule matches is decided without the provider`() async throws {
        try await ProviderWorld.withHTTP(answering: Self.saying(Self.yes)) { gateway, upstream, provider in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post("/v1/small")).statuses == [200])
            #expect(provider.received.value.isEmpty && upstream.received.value.count == 1)
            #expect(await gateway.log.records("decision", count: 1).first?["decision.provider.name"] == nil)
            await client.close()
        }
    }

    @Test func `a refusal reaches the client as the provider wrote it, but for what is not the provider's to say`()
        async throws
    {
        let refusal =
            "HTTP/1.1 401 No\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nWWW-Authenticate: Basic\r\nX-Request-Id: forged\r\n"
            + "Alt-Svc: h2=\"evil:1\"\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\ngo away"
        try await ProviderWorld.withHTTP(answering: Self.saying(refusal)) { gateway, upstream, _ in
            let client = try await gateway.client()
            let heard = await client.request(TestGateway.post())
            await client.wait(for: "go away")
            #expect(heard.text.hasPrefix("HTTP/1.1 401 ") && upstream.received.value.isEmpty)
            let text = client.heard.value.text.lowercased()
            #expect(text.contains("set-cookie: a=1\r\nset-cookie: b=2\r\n"))
            #expect(text.contains("www-authenticate: basic\r\n") && text.hasSuffix("\r\n\r\ngo away"))
            #expect(!text.contains("forged") && !text.contains("alt-svc") && text.contains("x-request-id: "))
            let record = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(record["decision.reason"] == "denied_by_provider" && record["decision.provider.answer"] == "deny")
            #expect(record["decision.policy.name"] == "ask")
            // The connection carries the next request.
            #expect(await client.request(TestGateway.post("/v1/small"), responses: 2).statuses == [401, 200])
            await client.close()
        }
    }

    @Test func `a redirect is the client's to follow, and the list of headers holds`() async throws {
        let redirect =
            "HTTP/1.1 302 Found\r\nLocation: https://login.example/\r\nX-Secret: 1\r\nX-Told: 2\r\nContent-Length: 0\r\n\r\n"
        try await ProviderWorld.withHTTP("headersToDownstreamOnDeny: [x-told]", answering: Self.saying(redirect)) {
            gateway,
            upstream,
            provider in
            let client = try await gateway.client()
            let heard = await client.request(TestGateway.post())
            #expect(heard.text.hasPrefix("HTTP/1.1 302 Found\r\nlocation: https://login.example/\r\nx-told: 2\r\n"))
            #expect(!heard.text.contains("x-secret"))
            #expect(provider.received.value.count == 1 && upstream.received.value.isEmpty)
            await client.close()
        }
    }

    @Test func `the headers that a provider sets are seen by policy and upstream, and never those that say who calls`()
        async throws
    {
        let answer =
            "HTTP/1.1 200 OK\r\nX-Plan: gold\r\nX-Lapwing-Spiffe-Id: spiffe://evil/x\r\nX-Forwarded-Client-Cert: evil\r\n"
            + "X-Forwarded-For: 6.6.6.6\r\nHost: evil\r\nTransfer-Encoding: chunked\r\nX-Auth-Request-User: alice\r\n"
            + "X-Envoy-Auth-Headers-To-Remove: x-session, content-length\r\nX-Told: yes\r\n\r\n0\r\n\r\n"
        let byPlan = TestGateway.policy.replacing(
            "to:\n",
            with: "when: [{ key: \"request.headers[x-plan]\", values: [gold] },"
                + " { key: \"request.headers[x-auth-request-user]\", values: [alice] }]\n      to:\n"
        )
        try await ProviderWorld.withHTTP(
            """
            headersToUpstreamOnAllow: ["*"]
            headersToDownstreamOnAllow: [x-told, content-type, transfer-encoding]
            """,
            policy: ProviderWorld.custom + byPlan,
            answering: Self.saying(answer)
        ) { gateway, upstream, _ in
            let client = try await gateway.client()
            let headers = "X-Plan: free\r\nX_Plan: free\r\nX-Session: s\r\nX-Auth-Request-User: mallory\r\n"
            let heard = await client.request(TestGateway.post(headers: headers))
            #expect(heard.statuses == [200] && heard.text.contains("x-told: yes\r\n"))
            #expect(heard.text.contains("Content-Length: 5\r\n"), "the upstream's framing stays")
            let request = try #require(upstream.received.value.first)
            #expect(request.values("x-plan") == ["gold"] && request.values("x_plan").isEmpty)
            #expect(request.values("x-auth-request-user") == ["alice"])
            #expect(request.values("x-session").isEmpty && request.body == "{}")
            #expect(request.values("x-lapwing-spiffe-id") == ["spiffe://cluster.local/ns/ml-api/sa/api-gateway"])
            #expect(request.values("x-forwarded-client-cert").allSatisfy { !$0.contains("evil") })
            #expect(request.values("host") == ["inference.example"] && request.values("x-forwarded-for").isEmpty)
            #expect(request.values("content-length") == ["2"] && request.values("transfer-encoding").isEmpty)
            await client.close()
        }
    }

    // MARK: Providers that give no answer

    private static let hostile: [(name: String, answer: String?, reason: String)] = [
        ("says nothing", nil, "provider_timed_out"),
        ("hangs in the head", "HTTP/1.1 200 OK\r\nX-A: ", "provider_timed_out"),
        ("hangs in the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "provider_timed_out"),
        ("talks garbage", "\u{16}\u{3}\u{1}garbage garbage garbage\r\n\r\n", "provider_answer_invalid"),
        ("answers in HTTP/0.9", "<html>yes</html>\r\n\r\n", "provider_answer_invalid"),
        ("folds a header", "HTTP/1.1 200 OK\r\nX-A: 1\r\n X-B: 2\r\n\r\n", "provider_answer_invalid"),
        ("hides a line", "HTTP/1.1 200 OK\r\nX-A: 1\nX-Plan: gold\r\n\r\n", "provider_answer_invalid"),
        (
            "frames its answer twice",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "provider_answer_invalid"
        ),
        ("switches protocols", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "provider_answer_invalid"),
        (
            "has a huge header", "HTTP/1.1 200 OK\r\nX-A: \(String(repeating: "a", count: 40_000))\r\n\r\n",
            "provider_answer_too_large"
        ),
        (
            "has many headers", "HTTP/1.1 200 OK\r\n\(String(repeating: "X-A: a\r\n", count: 101))\r\n",
            "provider_answer_too_large"
        ),
        (
            "has a huge body", "HTTP/1.1 403 No\r\nContent-Length: 100000\r\n\r\n", "provider_answer_too_large"
        ),
        (
            "has an endless body",
            "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n11000\r\n\(String(repeating: "a", count: 0x11000))\r\n",
            "provider_answer_too_large"
        ),
        ("fails", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "provider_error"),
        (
            "sets a header that is too long",
            "HTTP/1.1 200 OK\r\nX-Plan: \(String(repeating: "a", count: 9_000))\r\nContent-Length: 0\r\n\r\n",
            "provider_answer_invalid"
        ),
        (
            "sets a header that is not ASCII", "HTTP/1.1 200 OK\r\nX-Plan: g\u{f6}ld\r\nContent-Length: 0\r\n\r\n",
            "provider_answer_invalid"
        ),
    ]

    @Test func `a provider that is slow, large, broken or lies gives no answer, and the request is refused`()
        async throws
    {
        var refused = 0
        for (name, answer, reason) in Self.hostile {
            try await ProviderWorld.withHTTP(
                "timeout: \(reason == "provider_timed_out" ? "100ms" : "5s")\nstatusOnError: \"503\"\nheadersToUpstreamOnAllow: [x-plan]",
                answering: { _, responder in if let answer { responder.write(answer) } }
            ) { gateway, upstream, _ in
                let client = try await gateway.client()
                let heard = await client.request(TestGateway.post())
                #expect(heard.statuses == [503], "\(name)")
                #expect(upstream.received.value.isEmpty, "\(name)")
                let records = await gateway.log.records("decision", count: 1)
                #expect(records.map { $0["decision.reason"] } == [reason], "\(name)")
                #expect(records.first?["decision.provider.answer"] == "failed", "\(name)")
                #expect(await gateway.log.records("completion", count: 1).count == 1, "\(name)")
                if heard.statuses == [503] { refused += 1 }
                await client.close()
            }
        }
        print("suite: \(refused) providers that give no answer refuse, \(Self.hostile.count - refused) do not")
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"])
    func `a provider that dies in the middle of its answer has given none`(beginning: String) async throws {
        try await ProviderWorld.withHTTP(answering: { _, responder in
            responder.channel.writeAndFlush(ByteBuffer(string: beginning)).whenComplete { _ in responder.close() }
        }) { gateway, upstream, _ in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [403])
            #expect(upstream.received.value.isEmpty)
            let record = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(record["decision.reason"] == "provider_unreachable")
            await client.close()
        }
    }

    @Test func `a provider that nobody is, or that was never named, refuses what its policy matches and no more`()
        async throws
    {
        try await TestGateway.with { gateway, upstream in
            let nobody = try await TestUpstream.start()
            await nobody.stop()
            let gone = ProviderWorld.indented(ProviderWorld.reached(nobody.transport))
            try await ProviderWorld.ask(
                ProviderWorld.providers("- name: judge\n  envoyExtAuthzHttp:\n\(gone)"),
                at: gateway
            )
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [403])
            #expect(await client.request(TestGateway.post("/v1/small"), responses: 2).statuses == [403, 200])
            try await ProviderWorld.ask(
                ProviderWorld.providers("- name: other\n  envoyExtAuthzGrpc:\n\(gone)"),
                at: gateway
            )
            #expect(await client.request(TestGateway.post(), responses: 3).statuses == [403, 200, 403])
            #expect(upstream.received.value.count == 1)
            let records = await gateway.log.records("decision", count: 3)
            #expect(
                records.map { $0["decision.reason"] } == [
                    "provider_unreachable", "allowed_by_rule", "unknown_provider",
                ]
            )
            await client.close()
        }
    }

    @Test func `of policies with several providers none is asked, and what they match is refused`() async throws {
        let second = ProviderWorld.custom.replacing("name: ask", with: "name: ask-too")
            .replacing("name: judge", with: "name: jury")
        try await TestGateway.with { gateway, upstream in
            let provider = try await TestUpstream.start(respond: Self.saying(Self.yes))
            let place = ProviderWorld.indented(ProviderWorld.reached(provider.transport))
            try await ProviderWorld.ask(
                ProviderWorld.providers(
                    "- name: judge\n  envoyExtAuthzHttp:\n\(place)\n- name: jury\n  envoyExtAuthzHttp:\n\(place)"
                ),
                by: ProviderWorld.custom + second + TestGateway.policy,
                at: gateway
            )
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [403])
            #expect(provider.received.value.isEmpty && upstream.received.value.isEmpty)
            #expect(await gateway.log.records("decision", count: 1).first?["decision.reason"] == "several_providers")
            await client.close()
            await provider.stop()
        }
    }

    @Test func `where the switch is named, a provider without an answer lets requests go on, and the record says so`()
        async throws
    {
        let broken = Self.saying("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n")
        try await ProviderWorld.withHTTP("fail-open: true", answering: broken) { gateway, upstream, _ in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [200])
            #expect(upstream.received.value.count == 1)
            let record = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(record["decision.outcome"] == "allow" && record["decision.provider.answer"] == "failed_open")
            await client.close()
        }
        // Istio's word alone does not open what is strict, whoever made the configuration.
        try await ProviderWorld.withHTTP("failOpen: true", answering: broken) { gateway, upstream, _ in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [403])
            #expect(upstream.received.value.isEmpty)
            await client.close()
        }
    }

    // MARK: The connection, the client, the body

    @Test func `a connection carries one check after the other, and is made anew when it was closed`() async throws {
        try await ProviderWorld.withHTTP(answering: Self.saying(Self.yes)) { gateway, upstream, provider in
            let client = try await gateway.client()
            for count in 1...5 {
                let heard = await client.request(TestGateway.post(), responses: count)
                #expect(heard.statuses.last == 200)
            }
            #expect(provider.connections.value == 1 && provider.received.value.count == 5)
            #expect(upstream.received.value.count == 5)
            await client.close()
        }
        // Closed by the provider while it was free.
        try await ProviderWorld.withHTTP(answering: { _, responder in
            responder.channel.writeAndFlush(ByteBuffer(string: Self.yes)).whenComplete { _ in responder.close() }
        }) { gateway, upstream, provider in
            let client = try await gateway.client()
            for count in 1...5 {
                let heard = await client.request(TestGateway.post(), responses: count)
                #expect(heard.statuses.last == 200)
            }
            #expect(provider.received.value.count == 5)
            await client.close()
        }
    }

    @Test func `a provider that has to prove who it is and is somebody else is not asked`() async throws {
        try await TestGateway.with { gateway, upstream in
            let provider = try await TestUpstream.start(
                identity: try TestGateway.identity(gateway.authority, "/ns/ml-auth/sa/judge"),
                respond: Self.saying(Self.yes)
            )
            let place = ProviderWorld.indented(ProviderWorld.reached(provider.transport))
            let client = try await gateway.client()
            try await ProviderWorld.ask(
                ProviderWorld.providers("- name: judge\n  envoyExtAuthzHttp:\n\(place)"),
                at: gateway
            )
            #expect(await client.request(TestGateway.post()).statuses == [200])
            try await ProviderWorld.ask(
                ProviderWorld.providers(
                    "- name: judge\n  envoyExtAuthzHttp:\n\(place.replacing("sa/judge", with: "sa/jury"))"
                ),
                at: gateway
            )
            #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 403])
            #expect(provider.received.value.count == 1 && upstream.received.value.count == 1)
            let records = await gateway.log.records("decision", count: 2)
            #expect(records.last?["decision.reason"] == "provider_unreachable")
            await client.close()
            await provider.stop()
        }
    }

    @Test func `a client that leaves while its provider is asked leaves one decision and one completion`() async throws
    {
        let responders = Observed<[TestUpstream.Responder]>([])
        try await ProviderWorld.withHTTP(
            "timeout: 60s",
            answering: { _, responder in responders.update { $0.append(responder) } }
        ) { gateway, upstream, provider in
            let client = try await gateway.client()
            client.send(TestGateway.post())
            await responders.wait { $0.count == 1 }
            await client.close()
            let completions = await gateway.log.records("completion", count: 1)
            // The check ends with the request, and an answer that comes all the same changes nothing.
            await provider.closed.wait { $0 == 1 }
            responders.value.first?.write(Self.yes)
            let stream = try await FrameClient.connect(to: gateway)
            stream.send(Frames.headers(1, Frames.request("GET")))
            await responders.wait { $0.count == 2 }
            await stream.close()
            _ = await gateway.log.records("completion", count: 2)
            let other = try await gateway.client()
            #expect(await other.request(TestGateway.post("/v1/small")).statuses == [200])
            let decisions = await gateway.log.records("decision", count: 3)
            #expect(decisions.count == 3 && completions.count == 1)
            for decision in decisions.prefix(2) {
                #expect(decision["decision.outcome"] == "deny" && decision["decision.reason"] == "client_left")
                #expect(decision["decision.provider.answer"] == "none")
            }
            #expect(upstream.received.value.count == 1)
            await other.close()
        }
    }

    @Test func `clients of HTTP/2 are asked about like any other`() async throws {
        try await ProviderWorld.withHTTP(
            "includeRequestBodyInCheck: { maxRequestBytes: 100 }",
            answering: { request, responder in
                let isFine = request.body == "fine" && request.values("x-envoy-auth-partial-body") == ["false"]
                responder.write(isFine ? Self.yes : "HTTP/1.1 418 No\r\nContent-Length: 2\r\n\r\nno")
            }
        ) { gateway, upstream, _ in
            let client = try await FrameClient.connect(to: gateway)
            let length = ("content-length", "4")
            let fine = await client.request(1, Frames.request("POST", with: [length]), body: "fine")
            #expect(fine.status == 200 && fine.body == "hello")
            let bad = await client.request(3, Frames.request("POST", with: [length]), body: "evil")
            #expect(bad.status == 418 && bad.body == "no")
            // Without a length it comes in pieces, and is whole when its stream ends.
            client.send(Frames.headers(5, Frames.request("POST"), ends: false) + Frames.data(5, "fi"))
            client.send(Frames.data(5, "ne", ends: true))
            #expect(await client.response(5).status == 200)
            #expect(upstream.received.value.map(\.body) == ["fine", "fine"])
            await client.close()
        }
    }

    @Test func `a provider that is to see the body sees as much as it may, and one that is too long is refused`()
        async throws
    {
        try await ProviderWorld.withHTTP(
            "includeRequestBodyInCheck: { maxRequestBytes: 10 }",
            answering: Self.saying(Self.yes)
        ) { gateway, upstream, provider in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post("/v1/predict", "0123456789")).statuses == [200])
            let chunked =
                "POST /v1/predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
            #expect(await client.request(chunked, responses: 2).statuses == [200, 200])
            #expect(provider.received.value.map(\.body) == ["0123456789", "abcdefg"])
            #expect(upstream.received.value.map(\.body) == ["0123456789", "abcdefg"])
            // Whoever waits to be told is told.
            client.send(
                "POST /v1/predict HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
            )
            await client.wait(for: "100 Continue")
            #expect(await client.request("xyz", responses: 4).statuses == [200, 200, 100, 200])
            let long = await client.request(TestGateway.post("/v1/predict", "0123456789a"), responses: 5)
            #expect(long.statuses.last == 413)
            #expect(provider.received.value.count == 3 && upstream.received.value.count == 3)
            let records = await gateway.log.records("decision", count: 4)
            #expect(records.last?["decision.reason"] == "body_too_large_to_check")
            #expect(await gateway.log.records("completion", count: 4).count == 4)
            await client.close()
        }
        try await ProviderWorld.withHTTP(
            "includeRequestBodyInCheck: { maxRequestBytes: 10, allowPartialMessage: true }",
            answering: Self.saying(Self.yes)
        ) { gateway, upstream, provider in
            let client = try await gateway.client()
            let body = String(repeating: "0123456789", count: 100_000)
            #expect(await client.request(TestGateway.post("/v1/predict", body)).statuses == [200])
            #expect(provider.received.value.map(\.body) == ["0123456789"])
            #expect(provider.received.value.first?.values("x-envoy-auth-partial-body") == ["true"])
            #expect(upstream.received.value.first?.body == body)
            await client.close()
        }
    }

    @Test func `a body in the smallest chunks reaches the provider as it does in large ones`() async throws {
        try await ProviderWorld.withHTTP(
            "includeRequestBodyInCheck: { maxRequestBytes: 10000 }",
            answering: Self.saying(Self.yes)
        ) { gateway, upstream, provider in
            let client = try await gateway.client()
            let chunks = String(repeating: "00000001\r\nx\r\n", count: 10_000)
            let head = "POST /v1/predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            #expect(await client.request(head + chunks + "0\r\n\r\n").statuses == [200])
            let body = String(repeating: "x", count: 10_000)
            #expect(provider.received.value.map(\.body) == [body] && upstream.received.value.map(\.body) == [body])
            await client.close()
        }
    }

    @Test func `a provider is asked over another connection once somebody is believed no longer`() async throws {
        try await ProviderWorld.withHTTP(answering: Self.saying(Self.yes)) { gateway, _, provider in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [200])
            #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 200])
            gateway.server.revisitConnections()
            #expect(await client.request(TestGateway.post(), responses: 3).statuses == [200, 200, 200])
            #expect(provider.connections.value == 2)
            await client.close()
        }
    }

    @Test func `a body that breaks while it is awaited for the provider leaves one decision and one completion`()
        async throws
    {
        try await ProviderWorld.withHTTP(
            "includeRequestBodyInCheck: { maxRequestBytes: 1000 }",
            answering: Self.saying(Self.yes)
        ) { gateway, upstream, provider in
            let client = try await gateway.client()
            let broken = "POST /v1/predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"
            #expect(await client.request(broken).statuses == [400])
            _ = await client.end()
            let decisions = await gateway.log.records("decision", count: 1)
            #expect(decisions.map { $0["decision.reason"] } == ["bad_chunk"])
            #expect(await gateway.log.records("completion", count: 1).count == 1)
            #expect(provider.received.value.isEmpty && upstream.received.value.isEmpty)
        }
    }
}
