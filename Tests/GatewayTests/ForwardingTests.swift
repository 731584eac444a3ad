import Foundation
import Testing
import ZeroTrust

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct ForwardingTests {
    @Test func `an allowed request goes upstream with the caller's identity, and leaves two records`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await gateway.client()
            let heard = await client.request(
                TestGateway.post("/v1/predict?a=b", "{\"x\":1}", headers: "X-Tenant: blue\r\n")
            )
            #expect(heard.statuses == [200])
            #expect(heard.text.hasSuffix("\r\n\r\nhello"))
            let request = try #require(upstream.received.value.first)
            #expect(request.head.hasPrefix("POST /v1/predict?a=b HTTP/1.1\r\n"))
            #expect(request.body == "{\"x\":1}")
            #expect(request.values("x-lapwing-spiffe-id") == ["spiffe://cluster.local/ns/ml-api/sa/api-gateway"])
            #expect(request.values("x-tenant") == ["blue"])
            #expect(request.values("host") == ["inference.example"])
            let decisions = await gateway.log.records("decision", count: 1)
            let completions = await gateway.log.records("completion", count: 1)
            #expect(decisions.count == 1 && completions.count == 1)
            let id = try #require(decisions.first?["id"])
            #expect(completions.first?["id"] == id)
            #expect(request.values("x-request-id") == [id])
            #expect(heard.text.contains("x-request-id: \(id)\r\n"))
            #expect(decisions.first?["decision.outcome"] == "allow")
            #expect(decisions.first?["decision.policy.name"] == "inference")
            #expect(decisions.first?["request.path"] == "/v1/predict?a=b")
            #expect(decisions.first?["caller.spiffe_id"] == "spiffe://cluster.local/ns/ml-api/sa/api-gateway")
            await client.close()
        }
    }

    @Test(
        arguments: [
            ("another caller", "/ns/ml-training/sa/trainer", TestGateway.post()),
            ("another path", "/ns/ml-api/sa/api-gateway", TestGateway.post("/admin")),
            ("another method", "/ns/ml-api/sa/api-gateway", "DELETE /v1/predict HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("an encoded path", "/ns/ml-api/sa/api-gateway", TestGateway.post("/v1%2fpredict")),
            ("a path in another case", "/ns/ml-api/sa/api-gateway", TestGateway.post("/V1/predict")),
        ]
    ) func `a denied request gets an id and nothing else, and never goes upstream`(
        _ name: String,
        _ caller: String,
        _ request: String
    ) async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await gateway.client(caller)
            let heard = await client.request(request)
            #expect(heard.statuses == [403])
            let decision = try #require(await gateway.log.records("decision", count: 1).first)
            let id = try #require(decision["id"])
            await client.wait(for: "\r\n\r\n{\"request_id\":\"\(id)\"}\n")
            #expect(client.heard.value.text.contains("{\"request_id\":\"\(id)\"}\n"))
            #expect(decision["decision.outcome"] == "deny" && decision["decision.reason"] == "no_rule_matched")
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(
                completion["ended"] == "refused" && completion["response.status"] == "403" && completion["id"] == id
            )
            #expect(upstream.received.value.isEmpty)
            // The connection can still be used.
            if caller.hasSuffix("api-gateway") {
                #expect(await client.request(TestGateway.post(), responses: 2).statuses == [403, 200])
            }
            await client.close()
        }
    }

    @Test func `what a client says about identity and hops does not pass`() async throws {
        try await TestGateway.with { gateway, upstream in
            let forged = [
                "X-Lapwing-Spiffe-Id: spiffe://cluster.local/ns/ml-training/sa/trainer", "x_lapwing_spiffe_id: forged",
                "X-Forwarded-Client-Cert: URI=spiffe://cluster.local/admin", "X-Forwarded-For: 10.0.0.1",
                "X_Forwarded_For: 10.0.0.1", "Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1", "X-Request-Id: mine",
                "X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-HTTP-Method-Override: DELETE",
                "X-Envoy-Internal: true",
                "X-SPIFFE-ID: forged", "Proxy: http://evil.example", "Keep-Alive: timeout=5", "TE: trailers",
                "Connection: keep-alive, X-Hop", "X-Hop: 1", "Traceparent: broken", "Tracestate: a=b", "X-Kept: 1",
            ].joined(separator: "\r\n")
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post(headers: forged + "\r\n")).statuses == [200])
            let request = try #require(upstream.received.value.first)
            #expect(request.values("x-lapwing-spiffe-id") == ["spiffe://cluster.local/ns/ml-api/sa/api-gateway"])
            let certificate = request.values("x-forwarded-client-cert")
            #expect(certificate.count == 1)
            #expect(certificate.first?.hasSuffix(";URI=spiffe://cluster.local/ns/ml-api/sa/api-gateway") == true)
            let names = Set(
                request.head.split(separator: "\r\n").dropFirst().map { $0.prefix { $0 != ":" }.lowercased() }
            )
            #expect(
                names == [
                    "host", "content-length", "x-kept", "x-lapwing-spiffe-id", "x-forwarded-client-cert",
                    "x-request-id",
                ]
            )
            #expect(request.values("x-request-id") != ["mine"])
            await client.close()
        }
    }

    @Test func `a valid trace context passes and is recorded`() async throws {
        try await TestGateway.with { gateway, upstream in
            let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            let client = try await gateway.client()
            _ = await client.request(TestGateway.post(headers: "traceparent: \(trace)\r\ntracestate: a=b\r\n"))
            #expect(upstream.received.value.first?.values("traceparent") == [trace])
            #expect(upstream.received.value.first?.values("tracestate") == ["a=b"])
            #expect(await gateway.log.records("decision", count: 1).first?["traceparent"] == trace)
            await client.close()
        }
    }

    static let smuggled = [
        "POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n",
        "POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "POST /v1/predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\nhello",
        "POST /v1/predict HTTP/1.1\r\nHost : a\r\n\r\n", "POST /v1/predict HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "POST /v1/predict HTTP/1.1\nHost: a\n\n", "POST /v1/predict HTTP/1.1\r\n\r\n",
        "POST /v1/predict HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST http://b/v1/predict HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /v1/predict HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", "post /v1/predict HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /v1/predict#x HTTP/1.1\r\nHost: a\r\n\r\n", "POST /v1/%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    @Test(arguments: smuggled.indices)
    func `what could be read in two ways gets 400, one record and the end of the connection`(_ index: Int) async throws
    {
        try await TestGateway.with { gateway, upstream in
            let client = try await gateway.client()
            client.send(Self.smuggled[index])
            let heard = await client.end()
            #expect(heard.statuses == [400])
            #expect(heard.text.contains("connection: close\r\n"))
            let decisions = await gateway.log.records("decision", count: 1)
            let completions = await gateway.log.records("completion", count: 1)
            #expect(decisions.count == 1 && completions.count == 1)
            #expect(decisions.first?["decision.outcome"] == "deny")
            #expect(decisions.first?["caller.spiffe_id"] == "spiffe://cluster.local/ns/ml-api/sa/api-gateway")
            #expect(completions.first?["ended"] == "bad_request")
            #expect(upstream.received.value.isEmpty)
        }
    }

    @Test(
        arguments: [
            ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501), ("GET / HTTP/1.0\r\nHost: a\r\n\r\n", 505),
            ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", 501),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n", 417),
            ("GET /" + String(repeating: "a", count: 9000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n", 431),
            (TestGateway.post("/v1/small", "12345678901"), 413),
        ]
    ) func `what is not offered, or is too large, is refused by its own status`(_ request: String, _ status: Int)
        async throws
    {
        try await TestGateway.with { gateway, upstream in
            let client = try await gateway.client()
            client.send(request)
            #expect(await client.end().statuses == [status])
            #expect(await gateway.log.records("decision", count: 1).count == 1)
            #expect(upstream.received.value.isEmpty)
        }
    }

    @Test func `a chunked body beyond its route's limit is cut off`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await gateway.client()
            client.send("POST /v1/small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n")
            client.send("8\r\n12345678\r\n0\r\n\r\n")
            #expect(await client.end().statuses == [413])
            #expect(upstream.received.value.isEmpty)
        }
    }

    @Test func `requests on one connection are handled one by one, also when they come at once`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await gateway.client()
            let all = TestGateway.post() + TestGateway.post("/admin", "dropped") + TestGateway.post("/v1/stream")
            let heard = await client.request(all, responses: 3)
            #expect(heard.statuses == [200, 403, 200])
            #expect(upstream.received.value.map { $0.head.prefix(12) } == ["POST /v1/pre", "POST /v1/str"])
            #expect(upstream.connections.value == 1)
            #expect(await gateway.log.records("completion", count: 3).count == 3)
            await client.close()
        }
    }

    @Test func `a chunked request is passed on as it is, without extensions and trailers`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await gateway.client()
            client.send("POST /v1/predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n")
            client.send("2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n")
            #expect(await client.heard.wait { $0.text.hasSuffix("hello") }.statuses == [200])
            #expect(upstream.received.value.first?.body == "abcde")
            #expect(upstream.received.value.first?.values("transfer-encoding") == ["chunked"])
            #expect(await gateway.log.records("completion", count: 1).first?["request.bytes"] == "5")
            await client.close()
        }
    }

    @Test func `a client that expects 100 Continue gets it once it may go on`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await gateway.client()
            let head = "Host: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            client.send("POST /v1/predict HTTP/1.1\r\n" + head)
            await client.wait(for: "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("ok")
            await client.wait(for: "hello")
            #expect(client.heard.value.statuses == [100, 200])
            #expect(upstream.received.value.first?.values("expect") == [])
            client.send("POST /admin HTTP/1.1\r\n" + head)
            #expect(await client.end().statuses == [100, 200, 403])
        }
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 502),
            ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 502), ("hello", 502), ("SSH-2.0-OpenSSH_9.2\r\n", 502),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", 502),
            ("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204),
        ]
    ) func `an upstream's answer is read as strictly`(_ answer: String, _ status: Int) async throws {
        try await TestGateway.with({ _, responder in
            responder.write(answer)
            if !answer.hasPrefix("HTTP/1.1") { responder.close() }
        }) { gateway, _ in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [status])
            await client.close()
        }
    }

    @Test func `an upstream's hop fields and detours stay behind`() async throws {
        try await TestGateway.with({ _, responder in
            responder.write(
                "HTTP/1.1 200 OK\r\nServer: x\r\nAlt-Svc: h3=\":443\"\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive, X-Hop\r\n"
                    + "X-Hop: 1\r\nX-Request-Id: theirs\r\nX-Lapwing-Spiffe-Id: theirs\r\nContent-Length: 2\r\n\r\nok"
            )
        }) { gateway, _ in
            let client = try await gateway.client()
            let heard = await client.request(TestGateway.post())
            for line in ["alt-svc", "keep-alive", "x-hop", "theirs"] {
                #expect(!heard.text.lowercased().contains(line), "\(line)")
            }
            #expect(heard.text.contains("Server: x\r\n"))
            await client.close()
        }
    }

    @Test func `a body that ends with its connection is chunked for the client`() async throws {
        try await TestGateway.with({ _, responder in
            responder.write("HTTP/1.0 200 OK\r\nServer: simple\r\n\r\nuntil ")
            responder.write("the end")
            responder.close()
        }) { gateway, _ in
            let client = try await gateway.client()
            client.send(TestGateway.post())
            let heard = await client.wait(for: "\r\n0\r\n\r\n")
            #expect(heard.text.contains("transfer-encoding: chunked\r\n"))
            #expect(Reading.response(Array(heard.text.utf8)).messages.last?.body == Array("until the end".utf8))
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "complete")
            #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 200])
            await client.close()
        }
    }

    @Test func `HEAD has no body, in either direction`() async throws {
        try await TestGateway.with({ request, responder in
            responder.write(
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + (request.head.hasPrefix("HEAD") ? "" : "hello")
            )
        }) { gateway, _ in
            let client = try await gateway.client()
            _ = await client.request("HEAD /v1/predict HTTP/1.1\r\nHost: a\r\n\r\n")
            let heard = await client.request(TestGateway.post(), responses: 2)
            #expect(heard.statuses == [200, 200])
            await client.close()
        }
    }

    @Test func `a policy that is replaced decides from the next request on`() async throws {
        try await TestGateway.with { gateway, _ in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [200])
            let other = TestGateway.policy.replacingOccurrences(of: "\"POST\", ", with: "")
            try await gateway.replace(policy: TestGateway.snapshot(other, digest: "digest-2"))
            #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 403])
            let decisions = await gateway.log.records("decision", count: 2)
            #expect(decisions.map { $0["decision.snapshot"] } == ["digest-1", "digest-2"])
            await client.close()
        }
    }
}
