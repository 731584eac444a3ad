import Foundation
import NIOCore
import TestIdentities
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct HTTP2ForwardingTests {
    @Test func `an allowed request goes upstream with the caller's identity, and leaves two records`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            let response = await client.request(
                1,
                Frames.request("POST", "/v1/predict?a=b", with: [("x-tenant", "blue"), ("content-length", "7")]),
                body: "{\"x\":1}"
            )
            #expect(response.status == 200 && response.body == "hello" && response.isEnded && response.reset == nil)
            #expect(response.fields["content-length"] == "5" && response.fields["content-type"] == "text/plain")
            let request = try #require(upstream.received.value.first)
            #expect(request.head.hasPrefix("POST /v1/predict?a=b HTTP/1.1\r\n"))
            #expect(request.body == "{\"x\":1}" && request.values("content-length") == ["7"])
            #expect(request.values("x-lapwing-spiffe-id") == ["spiffe://cluster.local/ns/ml-api/sa/api-gateway"])
            #expect(request.values("x-tenant") == ["blue"] && request.values("host") == ["inference.example"])
            let decisions = await gateway.log.records("decision", count: 1)
            let completions = await gateway.log.records("completion", count: 1)
            #expect(decisions.count == 1 && completions.count == 1)
            let id = try #require(decisions.first?["id"])
            #expect(completions.first?["id"] == id && completions.first?["ended"] == "complete")
            #expect(completions.first?["request.bytes"] == "7" && completions.first?["response.bytes"] == "5")
            #expect(request.values("x-request-id") == [id] && response.fields["x-request-id"] == id)
            #expect(decisions.first?["decision.outcome"] == "allow")
            #expect(decisions.first?["request.path"] == "/v1/predict?a=b")
            await client.close()
        }
    }

    @Test func `a denied request gets an id and nothing else, and the connection goes on`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            let denied = await client.request(1, Frames.request("DELETE"))
            let decision = try #require(await gateway.log.records("decision", count: 1).first)
            let id = try #require(decision["id"])
            #expect(denied.status == 403 && denied.body == "{\"request_id\":\"\(id)\"}\n")
            #expect(decision["decision.reason"] == "no_rule_matched")
            #expect(upstream.received.value.isEmpty)
            #expect(await client.request(3).status == 200)
            let stranger = try await FrameClient.connect(to: gateway, as: "/ns/ml-training/sa/trainer")
            #expect(await stranger.request(1).status == 403)
            #expect(upstream.received.value.count == 1)
            await stranger.close()
            await client.close()
        }
    }

    @Test func `requests of one connection are answered in any order`() async throws {
        let responders = Observed<[(String, TestUpstream.Responder)]>([])
        try await TestGateway.with({ request, responder in
            responders.update { $0.append((request.values("x-n").first ?? "", responder)) }
        }) { gateway, _ in
            let client = try await FrameClient.connect(to: gateway)
            for stream: UInt32 in [1, 3, 5] {
                client.send(Frames.headers(stream, Frames.request("GET", with: [("x-n", "\(stream)")])))
            }
            let waiting = await responders.wait { $0.count == 3 }
            for n in ["5", "1", "3"] {
                let responder = try #require(waiting.first { $0.0 == n }?.1)
                responder.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n#\(n)")
                #expect(await client.response(UInt32(n) ?? 0).body == "#\(n)")
            }
            await client.close()
        }
    }

    @Test func `a body without a length is chunked for the upstream, and its trailers go no further`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.headers(1, Frames.request(), ends: false) + Frames.data(1, "abc") + Frames.data(1, ""))
            client.send(Frames.data(1, "defgh") + Frames.headers(1, [("x-trailer", "1")]))
            #expect(await client.response(1).status == 200)
            let request = try #require(upstream.received.value.first)
            #expect(request.body == "abcdefgh" && request.values("transfer-encoding") == ["chunked"])
            #expect(request.values("x-trailer").isEmpty && !request.body.contains("x-trailer"))
            await client.close()
        }
    }

    @Test func `a declared body of nothing may end late`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            let fields = Frames.request("GET", with: [("content-length", "0")])
            client.send(Frames.headers(1, fields, ends: false))
            client.send(Frames.data(1, "", ends: true))
            #expect(await client.response(1).status == 200)
            client.send(Frames.headers(3, fields, ends: false) + Frames.headers(3, [("x-trailer", "1")]))
            #expect(await client.response(3).status == 200)
            #expect(upstream.received.value.count == 2)
            await client.close()
        }
    }

    @Test func `cookies become one line, and what a client says about identity does not pass`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            let response = await client.request(
                1,
                Frames.request(
                    "GET",
                    with: [
                        ("cookie", "a=b"), ("x-forwarded-for", "10.0.0.1"), ("cookie", "c=d"), ("te", "trailers"),
                        ("x-lapwing-spiffe-id", "spiffe://cluster.local/admin"), ("x-original-url", "/admin"),
                        ("x-http-method-override", "DELETE"), ("host", "INFERENCE.example"),
                    ]
                )
            )
            #expect(response.status == 200)
            let request = try #require(upstream.received.value.first)
            #expect(request.values("cookie") == ["a=b; c=d"] && request.values("host") == ["inference.example"])
            #expect(request.values("x-lapwing-spiffe-id") == ["spiffe://cluster.local/ns/ml-api/sa/api-gateway"])
            for name in ["x-forwarded-for", "x-original-url", "x-http-method-override", "te", "transfer-encoding"] {
                #expect(request.values(name).isEmpty, "\(name)")
            }
            await client.close()
        }
    }

    @Test func `HEAD, 204, a body that ends with its connection and interim answers read as in HTTP/1`() async throws {
        try await TestGateway.with({ request, responder in
            switch request.values("x-case").first {
            case "head": responder.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            case "204": responder.write("HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
            case "chunks":
                responder.write(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
                )
            default:
                responder.write("HTTP/1.0 200 OK\r\nServer: simple\r\n\r\nuntil the end")
                responder.close()
            }
        }) { gateway, _ in
            let client = try await FrameClient.connect(to: gateway)
            let head = await client.request(1, Frames.request("HEAD", with: [("x-case", "head")]))
            #expect(head.status == 200 && head.body.isEmpty && head.fields["content-length"] == "5" && head.isEnded)
            let empty = await client.request(3, Frames.request("GET", with: [("x-case", "204")]))
            #expect(empty.statuses == [204] && empty.isEnded)
            let chunks = await client.request(5, Frames.request("GET", with: [("x-case", "chunks")]))
            #expect(chunks.body == "abcde" && chunks.fields["transfer-encoding"] == nil)
            let simple = await client.request(7, Frames.request("GET", with: [("x-case", "close")]))
            #expect(simple.body == "until the end" && simple.fields["server"] == "simple" && simple.isEnded)
            #expect(simple.fields["connection"] == nil)
            await client.close()
        }
    }

    @Test func `a client that expects 100 Continue gets it once it may go on`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            let fields = Frames.request("POST", with: [("expect", "100-continue"), ("content-length", "2")])
            client.send(Frames.headers(1, fields, ends: false))
            await client.heard.wait { $0.responses[1]?.statuses == [100] }
            client.send(Frames.data(1, "ok", ends: true))
            #expect(await client.response(1).statuses == [100, 200])
            #expect(upstream.received.value.first?.body == "ok")
            await client.close()
        }
    }

    @Test func `a request that is answered before its end is told to stop, without an error`() async throws {
        try await TestGateway.with { gateway, _ in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.headers(1, Frames.request("POST", "/admin"), ends: false) + Frames.data(1, "some"))
            let heard = await client.heard.wait { $0.isClosed || $0.responses[1]?.reset != nil }
            #expect(heard.responses[1]?.status == 403 && heard.responses[1]?.reset == 0)
            #expect(await client.request(3).status == 200)
            await client.close()
        }
    }

    @Test func `a large answer comes at the pace that the client's windows allow`() async throws {
        let total = 4 << 20
        let sent = Observed(0)
        try await TestGateway.with({ _, responder in
            responder.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            StreamingTests.pour(total, into: responder.channel, sent)
        }) { gateway, _ in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.headers(1, Frames.request("GET", "/v1/stream")))
            let first = await client.heard.wait { ($0.responses[1]?.body.utf8.count ?? 0) >= 65_535 }
            #expect(first.responses[1]?.body.utf8.count == 65_535)
            client.send(Frames.windowUpdate(0, 1 << 30) + Frames.windowUpdate(1, 1 << 30))
            let response = await client.response(1)
            #expect(response.body.utf8.count == total && response.isEnded)
            await client.close()
        }
    }

    @Test func `a body beyond its route's limit is 413`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            let declared = Frames.request("POST", "/v1/small", with: [("content-length", "11")])
            #expect(await client.request(1, declared, body: "12345678901").status == 413)
            #expect(await client.request(3, Frames.request("POST", "/v1/small"), body: "12345678901").status == 413)
            #expect(await client.request(5, Frames.request("POST", "/v1/small"), body: "1234567890").status == 200)
            #expect(upstream.received.value.count == 1)
            await client.close()
        }
    }

    @Test func `a reset ends the upstream's work, and is recorded`() async throws {
        try await TestGateway.with({ _, _ in }) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.headers(1, Frames.request()))
            await upstream.received.wait { $0.count == 1 }
            client.send(Frames.reset(1))
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "client_left")
            await upstream.closed.wait { $0 == 1 }
            await client.close()
        }
    }

    @Test func `an answer that breaks off is reset, so that it does not look whole`() async throws {
        try await TestGateway.with({ _, responder in
            responder.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            responder.close()
        }) { gateway, _ in
            let client = try await FrameClient.connect(to: gateway)
            let response = await client.request(1)
            #expect(response.status == 200 && !response.isEnded && response.reset == 2)
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "upstream_died")
            await client.close()
        }
    }

    @Test func `a drain says which requests are taken, lets them end and closes`() async throws {
        let responders = Observed<[TestUpstream.Responder]>([])
        try await TestGateway.with({ _, responder in responders.update { $0.append(responder) } }) {
            gateway,
            upstream in
            let idle = try await FrameClient.connect(to: gateway)
            let busy = try await FrameClient.connect(to: gateway)
            busy.send(Frames.headers(1, Frames.request()))
            await upstream.received.wait { $0.count == 1 }
            let drained = Task { await gateway.server.drain(within: .seconds(30)) }
            let heard = await busy.heard.wait { $0.goAway != nil }
            #expect(heard.goAway?.code == 0 && heard.goAway?.last == 1)
            #expect(await idle.end().goAway?.code == 0)
            // What was sent before that was heard is in vain, and harms nobody.
            busy.send(Frames.headers(3, Frames.request(), ends: false) + Frames.data(3, "in vain", ends: true))
            busy.send(Frames.reset(3))
            responders.value.first?.write(TestUpstream.ok)
            let end = await busy.end()
            #expect(end.responses[1]?.status == 200 && end.responses[1]?.body == "hello")
            #expect(end.responses[3] == nil || end.responses[3]?.status == nil)
            await drained.value
            #expect(upstream.received.value.count == 1)
        }
    }

    @Test func `the last request that a connection may carry ends it`() async throws {
        try await TestGateway.with(limits: GatewayLimits(maximumRequestsPerConnection: 2)) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.headers(1, Frames.request()) + Frames.headers(3, Frames.request()))
            let heard = await client.end()
            #expect(heard.responses[1]?.status == 200 && heard.responses[3]?.status == 200)
            #expect(heard.goAway?.code == 0 && heard.goAway?.last == 3)
            #expect(upstream.received.value.count == 2)
        }
    }

    @Test func `a connection without requests is closed, pings or not`() async throws {
        try await TestGateway.with(limits: GatewayLimits(idleTimeout: .milliseconds(50))) { gateway, _ in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.ping())
            let heard = await client.end()
            #expect(heard.goAway?.code == 0 && heard.pings == 1)
        }
    }

    @Test func `HTTP/2 is spoken where both ends want it`() async throws {
        try await TestGateway.with { gateway, _ in
            for (protocols, expected) in [
                (["h2"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), ([], nil),
                (["h2c", "h3"], nil),
            ] as [([String], String?)] {
                let client = try await FrameClient.connect(to: gateway, protocols: protocols, begins: false)
                #expect(client.heard.value.applicationProtocol == expected, "\(protocols)")
                await client.close()
            }
        }
        try await TestGateway.with(configure: { $0.listeners[0].acceptsHTTP2 = false }) { gateway, _ in
            let client = try await FrameClient.connect(to: gateway, protocols: ["h2", "http/1.1"], begins: false)
            #expect(client.heard.value.applicationProtocol == "http/1.1")
            await client.close()
        }
    }

    @Test func `a request waits for its record`() async throws {
        let log = FakeLog(.held)
        try await TestGateway.with(log: log) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.headers(1, Frames.request()))
            await upstream.received.wait { $0.count == 1 }
            client.send(Frames.ping())
            #expect(await client.heard.wait { $0.pings == 1 }.responses[1] == nil)
            log.release()
            #expect(await client.response(1).status == 200)
            await client.close()
        }
    }

    @Test func `a connection ends with the certificate that opened it`() async throws {
        try await TestGateway.with { gateway, _ in
            let client = try await FrameClient.connect(to: gateway, lifetime: 2)
            #expect(await client.request(1).status == 200)
            #expect(await client.end().goAway?.code == 0)
        }
    }
}
