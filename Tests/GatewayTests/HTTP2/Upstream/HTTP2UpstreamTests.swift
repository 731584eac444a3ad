import Foundation
import MutualTLS
import NIOCore
import TestIdentities
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct HTTP2UpstreamTests {
    @Test func `a request of HTTP/1 becomes frames, and the answer HTTP/1 again`() async throws {
        try await FrameUpstream.with { gateway, upstream in
            let client = try await gateway.client()
            let heard = await client.request(
                TestGateway.post("/v1/predict?a=b", "{\"x\":1}", headers: "X-Tenant: blue\r\nCookie: a=b\r\n")
            )
            #expect(heard.text.hasPrefix("HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n"))
            await client.wait(for: "5\r\nhello\r\n0\r\n\r\n")
            let request = await upstream.request(1, where: \.isEnded)
            #expect(request.body == "{\"x\":1}" && request.values("content-length") == ["7"])
            #expect(request.fields.prefix(4).map(\.0) == [":method", ":scheme", ":authority", ":path"])
            #expect(request.values(":method") == ["POST"] && request.values(":path") == ["/v1/predict?a=b"])
            #expect(request.values(":scheme") == ["http"] && request.values(":authority") == ["inference.example"])
            #expect(request.values("x-tenant") == ["blue"] && request.values("cookie") == ["a=b"])
            #expect(request.values("x-lapwing-spiffe-id") == ["spiffe://cluster.local/ns/ml-api/sa/api-gateway"])
            for name in ["host", "te", "connection", "transfer-encoding"] { #expect(request.values(name).isEmpty) }
            let decision = try #require(await gateway.log.records("decision", count: 1).first)
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(decision["id"] == completion["id"] && completion["ended"] == "complete")
            #expect(completion["request.bytes"] == "7" && completion["response.bytes"] == "5")
            #expect(completion["timings.upstream_body_ns"] != nil)
            #expect(request.values("x-request-id") == [decision["id"]])
            // The connection of the client goes on, and so does that of the upstream.
            #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 200])
            #expect(upstream.heard.value.count == 1 && upstream.heard.value[0].settings[2] == 0)
            await client.close()
        }
    }

    @Test func `over mutual TLS an upstream has to agree on HTTP/2, and to be who it should be`() async throws {
        let authority = try TestAuthority.root("cluster.local", now: Date())
        let identity = try TestGateway.identity(authority, "/ns/ml-inference/sa/model")
        let upstream = try await FrameUpstream.start(identity: identity)
        let older = try await TestUpstream.start(identity: identity)
        let gateway = try await TestGateway.start(upstream: nil, authority: authority) { configuration in
            configuration.upstreams = [
                Upstream(name: "inference", transport: upstream.transport, http2: HTTP2Upstream()),
                Upstream(name: "older", transport: older.transport, http2: HTTP2Upstream()),
            ]
            configuration.routes.append(Route(name: "older", path: .exact("/v1/stream"), upstream: "older"))
        }
        let client = try await gateway.client()
        #expect(await client.request(TestGateway.post()).statuses == [200])
        #expect(await upstream.request(1).values(":scheme") == ["https"])
        #expect(await client.request(TestGateway.post("/v1/stream"), responses: 2).statuses == [200, 502])
        #expect(older.received.value.isEmpty)
        await client.close()
        await gateway.stop()
        await upstream.stop()
        await older.stop()
    }

    @Test func `an upstream that speaks HTTP/1 where HTTP/2 was agreed beforehand is unreachable`() async throws {
        let upstream = try await TestUpstream.start()
        let gateway = try await TestGateway.start(upstream: upstream) { configuration in
            configuration.upstreams[0].http2 = HTTP2Upstream()
            configuration.upstreams[0].connectTimeout = .milliseconds(100)
        }
        let client = try await gateway.client()
        #expect(await client.request(TestGateway.post()).statuses.first.map { $0 == 502 || $0 == 504 } == true)
        #expect(upstream.received.value.isEmpty)
        await client.close()
        await gateway.stop()
    }

    @Test func `requests share a connection, and are answered in any order`() async throws {
        let streams = Observed<[(FrameUpstream.Connection, UInt32, String)]>([])
        try await FrameUpstream.with({ event in
            guard case .whole(let connection, let stream, let request) = event else { return }
            streams.update { $0.append((connection, stream, request.values("x-n").first ?? "")) }
        }) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            for stream: UInt32 in [1, 3, 5] {
                client.send(Frames.headers(stream, Frames.request("GET", with: [("x-n", "\(stream)")])))
            }
            let waiting = await streams.wait { $0.count == 3 }
            for n in ["5", "1", "3"] {
                let (connection, stream, _) = try #require(waiting.first { $0.2 == n })
                connection.answer(stream, "#\(n)", with: [("content-length", "2")])
                let response = await client.response(UInt32(n) ?? 0)
                #expect(response.body == "#\(n)" && response.fields["content-length"] == "2")
            }
            #expect(upstream.heard.value.count == 1)
            await client.close()
        }
    }

    @Test(arguments: [1, 2]) func `no more requests are in flight than the upstream takes`(connections: Int)
        async throws
    {
        let streams = Observed<[(FrameUpstream.Connection, UInt32)]>([])
        try await FrameUpstream.with(
            { event in
                guard case .whole(let connection, let stream, _) = event else { return }
                streams.update { $0.append((connection, stream)) }
            },
            settings: [(3, 1)],
            configure: { $0.upstreams[0].maximumConnections = connections }
        ) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            let all: [UInt32] = [1, 3, 5, 7]
            for stream in all { client.send(Frames.headers(stream, Frames.request("GET"))) }
            for count in all.indices {
                let (connection, stream) = await streams.wait { $0.count > count }[count]
                #expect(streams.value.count <= count + connections)
                connection.answer(stream)
            }
            for stream in all { #expect(await client.response(stream).status == 200) }
            #expect(upstream.heard.value.count == connections)
            await client.close()
        }
    }

    @Test func `trailers go to those who read them, as frames or behind the last chunk`() async throws {
        try await FrameUpstream.with({ event in
            guard case .whole(let connection, let stream, _) = event else { return }
            connection.send(
                Frames.headers(stream, [(":status", "200"), ("content-type", "application/grpc")], ends: false)
                    + Frames.data(stream, "abc")
                    + Frames.headers(
                        stream,
                        [("grpc-status", "0"), ("set-cookie", "a=b"), ("x-forwarded-for", "1"), ("x-note", "ä")]
                    )
            )
        }) { gateway, upstream in
            let two = try await FrameClient.connect(to: gateway)
            let told = await two.request(1, Frames.request("POST", with: [("te", "trailers")]))
            #expect(told.status == 200 && told.body == "abc" && told.isEnded)
            #expect(told.fields["grpc-status"] == "0" && told.fields["x-note"] == "ä")
            #expect(told.fields["set-cookie"] == nil && told.fields["x-forwarded-for"] == nil)
            #expect(await upstream.request(1).values("te") == ["trailers"])
            let untold = await two.request(3)
            #expect(untold.body == "abc" && untold.fields["grpc-status"] == nil && untold.isEnded)
            #expect(await upstream.request(3).values("te").isEmpty)
            let one = try await gateway.client()
            one.send(TestGateway.post(headers: "TE: deflate;q=0.5, trailers\r\nConnection: te\r\n"))
            await one.wait(for: "3\r\nabc\r\n0\r\ngrpc-status: 0\r\nx-note: ä\r\n\r\n")
            one.send(TestGateway.post())
            let heard = await one.wait(for: "3\r\nabc\r\n0\r\n\r\n")
            #expect(heard.statuses == [200, 200])
            await one.close()
            await two.close()
        }
    }

    @Test func `trailers that come before the record wait with the rest`() async throws {
        let log = FakeLog(.held)
        try await FrameUpstream.with(
            { event in
                guard case .whole(let connection, let stream, _) = event else { return }
                connection.send(
                    Frames.headers(stream, [(":status", "200")], ends: false) + Frames.data(stream, "abc")
                        + Frames.headers(stream, [("grpc-status", "7")])
                )
            },
            log: log
        ) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.headers(1, Frames.request("POST", with: [("te", "trailers")])))
            _ = await upstream.request(1, where: \.isEnded)
            #expect(client.heard.value.responses[1] == nil, "no answer leaves before its record")
            log.release()
            let response = await client.response(1)
            #expect(response.status == 200 && response.body == "abc" && response.fields["grpc-status"] == "7")
            await client.close()
        }
    }

    @Test func `answers without a body, and interim ones, read as in HTTP/1`() async throws {
        try await FrameUpstream.with({ event in
            guard case .whole(let connection, let stream, let request) = event else { return }
            switch request.values("x-case").first {
            case "head": connection.send(Frames.headers(stream, [(":status", "200"), ("content-length", "5")]))
            case "204":
                connection.send(
                    Frames.headers(stream, [(":status", "103"), ("link", "a")], ends: false)
                        + Frames.headers(stream, [(":status", "204")])
                )
            case "304":
                connection.send(Frames.headers(stream, [(":status", "304"), ("content-length", "9")], ends: false))
                connection.send(Frames.data(stream, "", ends: true))
            case "only": connection.send(Frames.headers(stream, [(":status", "200"), ("grpc-status", "5")]))
            default: connection.answer(stream, "", with: [("content-length", "0")])
            }
        }) { gateway, _ in
            let client = try await FrameClient.connect(to: gateway)
            func request(_ stream: UInt32, _ method: String, _ name: String) async -> FrameClient.Response {
                await client.request(stream, Frames.request(method, with: [("x-case", name)]))
            }
            let head = await request(1, "HEAD", "head")
            #expect(head.status == 200 && head.fields["content-length"] == "5" && head.isEnded)
            let empty = await request(3, "GET", "204")
            #expect(empty.statuses == [204] && empty.isEnded && empty.fields["link"] == nil)
            let unchanged = await request(5, "GET", "304")
            #expect(unchanged.status == 304 && unchanged.isEnded && unchanged.body.isEmpty)
            let only = await request(7, "POST", "only")
            #expect(only.status == 200 && only.fields["grpc-status"] == "5" && only.isEnded)
            let zero = await request(9, "GET", "zero")
            #expect(zero.status == 200 && zero.isEnded && zero.fields["content-length"] == "0")
            let old = try await gateway.client()
            let heard = await old.request(
                "HEAD /v1/predict HTTP/1.1\r\nHost: a\r\nX-Case: head\r\n\r\n"
                    + "GET /v1/predict HTTP/1.1\r\nHost: a\r\nX-Case: only\r\n\r\n",
                responses: 2
            )
            #expect(heard.statuses == [200, 200] && heard.text.contains("content-length: 0\r\n"))
            await old.close()
            await client.close()
        }
    }

    @Test func `a body without a length becomes DATA, at the pace that the upstream's windows allow`() async throws {
        let total = 1 << 20
        try await FrameUpstream.with({ event in
            // Nothing is said about the window until the test says so.
            guard case .whole(let connection, let stream, let request) = event else { return }
            connection.answer(stream, "\(request.body.utf8.count)")
        }) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.headers(1, Frames.request("POST"), ends: false) + Frames.data(1, "abc"))
            client.send(Frames.data(1, "defgh", ends: true))
            #expect(await client.response(1).body == "8")
            #expect(await upstream.request(1).values("content-length").isEmpty)
            let one = try await gateway.client()
            one.send("POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
            one.pour(total, Observed(0))
            // The first 8 bytes used up some of the connection's window.
            let stuck = await upstream.request(3) { $0.body.utf8.count == 65_535 - 8 }
            #expect(!stuck.isEnded)
            // A stream that is stuck holds up its own request alone: one without a body gets through.
            #expect(await client.request(3, Frames.request("GET")).status == 200)
            connectionOf(upstream)?.send(Frames.windowUpdate(0, 1 << 30) + Frames.windowUpdate(3, 1 << 30))
            await one.wait(for: "\(total)")
            #expect(one.heard.value.statuses == [200])
            await one.close()
            await client.close()
        }
    }

    /// The connection that the upstream has at the moment.
    private func connectionOf(_ upstream: FrameUpstream) -> FrameUpstream.Connection? {
        upstream.connections.value.last
    }

    @Test func `a client that does not read holds up its own answer, and no more than a window of it`() async throws {
        let streams = Observed<[(FrameUpstream.Connection, UInt32)]>([])
        try await FrameUpstream.with({ event in
            guard case .whole(let connection, let stream, let request) = event else { return }
            guard request.values(":path") == ["/v1/stream"] else { return connection.answer(stream) }
            streams.update { $0.append((connection, stream)) }
            connection.send(Frames.headers(stream, [(":status", "200")], ends: false))
            for _ in 0..<4 { connection.send(Frames.data(stream, String(repeating: "x", count: 16_000))) }
        }) { gateway, upstream in
            // The client's window is of one byte: nothing of the body can go on.
            let slow = try await FrameClient.connect(to: gateway, settings: [(4, 1)])
            let quick = try await FrameClient.connect(to: gateway)
            for stream: UInt32 in [1, 3, 5, 7] {
                slow.send(Frames.headers(stream, Frames.request("GET", "/v1/stream")))
            }
            await streams.wait { $0.count == 4 }
            for stream: UInt32 in [1, 3, 5] { #expect(await quick.request(stream).status == 200) }
            // Four times 64,000 bytes have come, and none of the streams has been told to send more than what could be
            // passed on to where answers wait.
            let heard = upstream.heard.value[0]
            let more = [1, 3, 5, 7].map { heard.requests[$0]?.windowUpdates ?? 0 }
            #expect(more.allSatisfy { $0 <= 3 }, "\(more)")
            slow.send(Frames.windowUpdate(0, 1 << 30))
            for stream: UInt32 in [1, 3, 5, 7] {
                slow.send(Frames.windowUpdate(stream, 1 << 30))
                await slow.heard.wait { $0.responses[stream]?.body.utf8.count == 64_000 }
            }
            for (connection, stream) in streams.value { connection.send(Frames.data(stream, "", ends: true)) }
            for stream: UInt32 in [1, 3, 5, 7] { #expect(await slow.response(stream).isEnded) }
            await slow.close()
            await quick.close()
        }
    }

    @Test func `a client that leaves has its stream reset, and the connection goes on`() async throws {
        try await FrameUpstream.with({ event in
            guard case .whole(let connection, let stream, let request) = event else { return }
            if request.values(":path") == ["/v1/predict"] { connection.answer(stream) }
        }) { gateway, upstream in
            let client = try await gateway.client()
            client.send(TestGateway.post("/v1/stream"))
            _ = await upstream.request(1, where: \.isEnded)
            await client.close()
            #expect(await upstream.request(1, where: { $0.reset != nil }).reset == 8)
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "client_left")
            let two = try await FrameClient.connect(to: gateway)
            two.send(Frames.headers(1, Frames.request("GET", "/v1/stream")))
            _ = await upstream.request(3, where: \.isEnded)
            two.send(Frames.reset(1))
            #expect(await upstream.request(3, where: { $0.reset != nil }).reset == 8)
            #expect(await two.request(3).status == 200)
            #expect(upstream.heard.value.count == 1 && !upstream.heard.value[0].isClosed)
            await two.close()
        }
    }

    @Test func `a stream that the upstream resets is 502, or cut off where it was being answered`() async throws {
        // What has been answered in half.
        let halves = Observed<[(FrameUpstream.Connection, UInt32)]>([])
        try await FrameUpstream.with({ event in
            guard case .whole(let connection, let stream, let request) = event else { return }
            switch request.values(":path").first {
            case "/v1/first": connection.send(Frames.reset(stream, code: 2))
            case "/v1/stream":
                connection.send(
                    Frames.headers(stream, [(":status", "200")], ends: false) + Frames.data(stream, "half")
                )
                halves.update { $0.append((connection, stream)) }
            default: connection.answer(stream)
            }
        }) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            #expect(await client.request(1, Frames.request("POST", "/v1/first")).status == 502)
            client.send(Frames.headers(3, Frames.request("POST", "/v1/stream")))
            await client.heard.wait { $0.isClosed || $0.responses[3]?.body == "half" }
            let first = try #require(halves.value.first)
            first.0.send(Frames.reset(first.1, code: 2))
            let half = await client.response(3)
            #expect(half.reset != nil && !half.isEnded)
            let one = try await gateway.client()
            one.send(TestGateway.post("/v1/stream"))
            await one.wait(for: "half")
            let second = try #require(halves.value.last)
            second.0.send(Frames.reset(second.1, code: 2))
            let cut = await one.end()
            #expect(cut.text.contains("\r\n0\r\n\r\n") == false && cut.statuses == [200])
            #expect(await client.request(5).status == 200)
            let completions = await gateway.log.records("completion", count: 4)
            #expect(completions.filter { $0["ended"] == "upstream_died" }.count == 3)
            #expect(upstream.heard.value.count == 1)
            await client.close()
        }
    }

    @Test func `an answer that breaks before the decision is on disk was never begun`() async throws {
        let log = FakeLog(.held)
        try await FrameUpstream.with(
            { event in
                guard case .whole(let connection, let stream, _) = event else { return }
                connection.send(
                    Frames.headers(stream, [(":status", "200")], ends: false) + Frames.data(stream, "half")
                        + Frames.reset(stream, code: 2)
                )
            },
            log: log,
            configure: { $0.admin = .init(port: 0) }
        ) { gateway, _ in
            let client = try await gateway.client()
            client.send(TestGateway.post())
            let failed = "lapwing_upstream_failures_total 1\n"
            while try await !TestGateway.admin(gateway, "/metrics").text.contains(failed) {
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(client.heard.value.text == "")
            log.release()
            // Nothing of it had left, so that an answer of ours stands in its place.
            let heard = await client.wait(for: "\r\n\r\n")
            #expect(heard.statuses == [502] && !heard.isClosed && !heard.text.contains("half"))
            await client.close()
        }
    }

    @Test func `a request that the upstream did not look at is sent again once, where it can be repeated exactly`()
        async throws
    {
        let refusals = Observed(0)
        try await FrameUpstream.with({ event in
            guard case .whole(let connection, let stream, let request) = event else { return }
            let refuses = request.values("x-refuse").first.flatMap(Int.init) ?? 0
            if refusals.value < refuses {
                refusals.update { $0 += 1 }
                connection.send(Frames.reset(stream, code: 7))
            } else {
                connection.answer(stream, request.body)
            }
        }) { gateway, upstream in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post(headers: "X-Refuse: 1\r\n")).statuses == [200])
            #expect(refusals.value == 1 && upstream.heard.value[0].requests.count == 2)
            refusals.update { $0 = 0 }
            let again = await client.request(TestGateway.post(headers: "X-Refuse: 2\r\n"), responses: 2)
            #expect(again.statuses == [200, 502])
            #expect(refusals.value == 2 && upstream.heard.value[0].requests.count == 4)
            // What came in pieces is not kept, and cannot be sent again.
            refusals.update { $0 = 0 }
            let two = try await FrameClient.connect(to: gateway)
            two.send(Frames.headers(1, Frames.request("POST", with: [("x-refuse", "1")]), ends: false))
            _ = await upstream.request(9)
            two.send(Frames.data(1, "later", ends: true))
            #expect(await two.response(1).status == 502)
            let completions = await gateway.log.records("completion", count: 3)
            #expect(completions.count == 3 && upstream.heard.value[0].requests.count == 5)
            await two.close()
            await client.close()
        }
    }

    @Test func `a connection that goes away ends with what it carries, and what it passes over goes elsewhere`()
        async throws
    {
        let streams = Observed<[(FrameUpstream.Connection, UInt32, String)]>([])
        try await FrameUpstream.with({ event in
            guard case .whole(let connection, let stream, let request) = event else { return }
            if connection.number > 0 { return connection.answer(stream, "elsewhere") }
            streams.update { $0.append((connection, stream, request.values("x-n").first ?? "")) }
        }) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            for n: UInt32 in [1, 3] {
                client.send(Frames.headers(n, Frames.request("GET", with: [("x-n", "\(n)")])))
                await streams.wait { $0.count >= (n + 1) / 2 }
            }
            let connection = try #require(streams.value.first?.0)
            // It has looked at stream 1 alone.
            connection.send(Frames.frame(0x7, [0, 0, 0, 1, 0, 0, 0, 0]))
            #expect(await client.response(3).body == "elsewhere")
            #expect(await client.request(5).body == "elsewhere")
            connection.answer(1, "here")
            #expect(await client.response(1).body == "here")
            await upstream.heard.wait { $0[0].isClosed }
            #expect(upstream.heard.value.count == 2)
            await client.close()
        }
    }

    @Test func `a connection to what is configured away carries what it has begun, and then ends`() async throws {
        let streams = Observed<[(FrameUpstream.Connection, UInt32)]>([])
        let other = try await FrameUpstream.start()
        try await FrameUpstream.with({ event in
            guard case .whole(let connection, let stream, _) = event else { return }
            streams.update { $0.append((connection, stream)) }
        }) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.headers(1, Frames.request("GET")))
            let (connection, stream) = try #require(await streams.wait { !$0.isEmpty }.first)
            var next = gateway.server.configuration
            next.upstreams[0] = Upstream(
                name: next.upstreams[0].name,
                transport: other.transport,
                http2: HTTP2Upstream()
            )
            try await gateway.server.update(
                configuration: next,
                policy: TestGateway.snapshot(TestGateway.policy, digest: "next")
            )
            // What comes now goes to the other; what was begun is answered where it was, over a connection that stays
            // for it alone.
            #expect(await client.request(3).body == "hello")
            #expect(other.heard.value.count == 1 && upstream.heard.value[0].requests.count == 1)
            #expect(!upstream.heard.value[0].isClosed)
            connection.answer(stream, "late")
            #expect(await client.response(1).body == "late")
            await upstream.heard.wait { $0[0].isClosed }
            #expect(upstream.heard.value.count == 1)
            await client.close()
        }
        await other.stop()
    }

    @Test func `an upstream that is silent is asked whether it is there`() async throws {
        try await FrameUpstream.with(
            { _ in },
            configure: { configuration in
                configuration.upstreams[0].http2 = HTTP2Upstream(keepalive: .milliseconds(60))
                configuration.admin = .init(port: 0)
            }
        ) { gateway, upstream in
            let client = try await gateway.client()
            // It does not answer PING either.
            #expect(await client.request(TestGateway.post()).statuses == [502])
            #expect(upstream.heard.value[0].pings == 1)
            await upstream.heard.wait { $0[0].isClosed }
            let metrics = try await TestGateway.admin(gateway, "/metrics").text
            #expect(metrics.contains("lapwing_upstream_connection_errors_total{reason=\"http2_no_answer\"} 1\n"))
            await client.close()
        }
    }

    @Test func `a connection without requests is closed when it is old, and when the gateway stops`() async throws {
        try await FrameUpstream.with(configure: { $0.upstreams[0].idleTimeout = .milliseconds(60) }) {
            gateway,
            upstream in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [200])
            await upstream.heard.wait { $0[0].isClosed }
            #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 200])
            #expect(upstream.heard.value.count == 2)
            await client.close()
            await gateway.server.drain(within: .seconds(5))
            await upstream.heard.wait { $0[1].isClosed }
        }
    }

    @Test func `an upstream that does not answer is 504, and its stream is reset`() async throws {
        try await FrameUpstream.with(
            { event in
                guard case .whole(let connection, let stream, let request) = event else { return }
                if request.values(":path") != ["/v1/predict"] { connection.answer(stream) }
            },
            configure: { $0.routes[0].responseTimeout = .milliseconds(60) }
        ) { gateway, upstream in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [504])
            #expect(await upstream.request(1, where: { $0.reset != nil }).reset == 8)
            #expect(await client.request(TestGateway.post("/v1/first"), responses: 2).statuses == [504, 200])
            await client.close()
        }
    }
}
