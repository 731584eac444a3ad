import AuditLog
import Foundation
import MutualTLS
import NIOCore
import SPIFFE
import Testing
import ZeroTrust

@testable import Gateway

/// No answer leaves before its record is durable, and every request leaves exactly two records.
@Suite(.timeLimit(.minutes(1))) struct RecordTests {
    @Test func `the upstream works while the record is written, and its answer waits for it`() async throws {
        let log = FakeLog(.held)
        try await TestGateway.with(log: log) { gateway, upstream in
            let client = try await gateway.client()
            client.send(TestGateway.post())
            await upstream.received.wait { $0.count == 1 }
            // Another request on another connection goes through the same loop, so that the answer had its time.
            let other = try await gateway.client("/ns/ml-training/sa/trainer")
            other.send(TestGateway.post())
            #expect(await log.records("decision", count: 2).count == 2)
            #expect(client.heard.value.text.isEmpty && other.heard.value.text.isEmpty)
            log.release()
            #expect(await client.wait(for: "hello").statuses == [200])
            #expect(await other.wait(for: "}\n").statuses == [403])
            await client.close()
            await other.close()
        }
    }

    @Test func `each record tells of its own request, however like it is to the one before`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await gateway.client()
            let trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
            let paths = [
                "/v1/predict", "/v1/predict", "/v1/predict", "/admin", "/admin", "/admin", "/v1/predict?a=b",
                "/v1/predict", "/v1/predict", "/v1/predict",
            ]
            for (number, path) in paths.enumerated() {
                let headers = number == 8 ? trace : ""
                let heard = await client.request(TestGateway.post(path, headers: headers), responses: number + 1)
                #expect(heard.statuses.last == (path == "/admin" ? 403 : 200))
            }
            let decisions = await gateway.log.records("decision", count: paths.count)
            let completions = await gateway.log.records("completion", count: paths.count)
            #expect(decisions.map { $0["request.path"] } == paths)
            #expect(decisions.map { $0["decision.outcome"] } == paths.map { $0 == "/admin" ? "deny" : "allow" })
            #expect(decisions.map { $0["traceparent"] != nil } == paths.indices.map { $0 == 8 })
            #expect(completions.map { $0["id"] } == decisions.map { $0["id"] })
            #expect(Set(decisions.map { $0["id"] }).count == paths.count)
            #expect(completions.map { $0["response.status"] } == paths.map { $0 == "/admin" ? "403" : "200" })
            for entry in decisions + completions {
                // Read back and encoded anew it is the same, so that nothing of it is out of place.
                let record = try AuditRecord(entry: Array(entry.text.utf8))
                #expect(String(decoding: record.encoded(), as: UTF8.self) == entry.text)
            }
            let times = decisions.compactMap { $0["time"] }
            #expect(times == times.sorted() && times.count == paths.count)
            await client.close()
        }
    }

    @Test func `each record tells of its own connection, whoever else calls by turns`() async throws {
        try await TestGateway.with { gateway, upstream in
            let one = try TestGateway.identity(gateway.authority, "/ns/ml-api/sa/api-gateway")
            let other = try TestGateway.identity(gateway.authority, "/ns/ml-training/sa/trainer")
            var clients: [TestClient] = []
            for identity in [one, other, one, one, other] {
                clients.append(
                    try await TestClient.connect(
                        to: gateway.server.ports["mtls"] ?? 0,
                        as: identity,
                        expecting: gateway.id
                    )
                )
            }
            var expected: [[String?]] = []
            for round in 1...6 {
                for (number, client) in clients.enumerated() {
                    let path = ["/v1/predict", "/v1/stream", "/admin"][(round + number) % 3]
                    _ = await client.request(TestGateway.post(path), responses: round)
                    let caller = [1, 4].contains(number) ? other : one
                    expected.append(["\(client.port)", path, caller.svid.id.description])
                }
            }
            let decisions = await gateway.log.records("decision", count: expected.count)
            #expect(decisions.map { [$0["source.port"], $0["request.path"], $0["caller.spiffe_id"]] } == expected)
            #expect(Set(decisions.map { $0["caller.svid_sha256"] }).count == 2)
            for client in clients { await client.close() }
        }
    }

    @Test func `what a request waits for is measured from when its head was whole, and its times by one clock`() {
        let progress = Pipeline.Progress(startedAt: .uptimeNanoseconds(1), now: .uptimeNanoseconds(9))
        #expect(progress.last == .uptimeNanoseconds(9) && progress.startedAt == .uptimeNanoseconds(1))
        let time = progress.time(at: .uptimeNanoseconds(9)).nanoseconds
        #expect(progress.time(at: .uptimeNanoseconds(500_000_009)).nanoseconds == time + 500_000_000)
        #expect(progress.time(at: .uptimeNanoseconds(2)).nanoseconds == time)
        // Later than that the system's clock is asked again.
        #expect(progress.time(at: .uptimeNanoseconds(1_000_000_000_000_000)).nanoseconds < time + 900_000_000_000_000)
    }

    @Test func `where the record comes first, the upstream is called after it`() async throws {
        let log = FakeLog(.held)
        try await TestGateway.with(log: log) { gateway, upstream in
            let client = try await gateway.client()
            client.send(TestGateway.post("/v1/first", "body"))
            _ = await log.records("decision", count: 1)
            let other = try await gateway.client()
            other.send(TestGateway.post("/v1/predict"))
            await upstream.received.wait { $0.count == 1 }
            #expect(upstream.received.value.first?.head.hasPrefix("POST /v1/predict ") == true)
            log.release()
            #expect(await client.wait(for: "hello").statuses == [200])
            #expect(upstream.received.value.last?.head.hasPrefix("POST /v1/first ") == true)
            #expect(upstream.received.value.last?.body == "body")
            await client.close()
            await other.close()
        }
    }

    @Test(arguments: ["/v1/predict", "/v1/first", "/admin"])
    func `a decision that cannot be recorded is not served`(_ path: String) async throws {
        try await TestGateway.with(log: FakeLog(.failing)) { gateway, upstream in
            let client = try await gateway.client()
            let heard = await client.request(TestGateway.post(path))
            #expect(heard.statuses == [503])
            #expect(!heard.text.contains("hello"))
            if path == "/v1/first" { #expect(upstream.received.value.isEmpty) }
            #expect(gateway.server.checks.contains { $0.name == "log" && $0.problem != nil })
            await client.close()
        }
    }

    @Test func `a client that leaves in the middle is recorded, and its upstream call ended`() async throws {
        try await TestGateway.with({ _, responder in
            responder.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst")
        }) { gateway, upstream in
            let client = try await gateway.client()
            client.send(TestGateway.post())
            await client.wait(for: "first")
            await client.close()
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(completion["ended"] == "client_left" && completion["response.status"] == "200")
            #expect(completion["response.bytes"] == "5")
            await upstream.closed.wait { $0 == 1 }
            #expect(gateway.log.entries.value.count == 2)
        }
    }

    @Test func `a client that leaves in the middle of its own body is recorded`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await gateway.client()
            client.send("POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nfirst")
            _ = await gateway.log.records("decision", count: 1)
            await client.close()
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(completion["ended"] == "client_left" && completion["request.bytes"] == "5")
            #expect(upstream.received.value.isEmpty)
        }
    }

    @Test func `an upstream that dies before its head is 502, and in its body the end of the connection`() async throws
    {
        try await TestGateway.with({ request, responder in
            if request.body == "head" { return responder.close() }
            responder.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            responder.channel.eventLoop.execute { responder.close() }
        }) { gateway, _ in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post("/v1/predict", "head")).statuses == [502])
            client.send(TestGateway.post("/v1/predict", "body"))
            let heard = await client.end()
            #expect(!heard.text.hasSuffix("\r\n0\r\n\r\n"))
            let completions = await gateway.log.records("completion", count: 2)
            #expect(completions.map { $0["ended"] } == ["upstream_died", "upstream_died"])
            #expect(gateway.log.entries.value.count == 4)
        }
    }

    @Test func `an upstream that is not there is 502`() async throws {
        let gateway = try await TestGateway.start(upstream: nil, transport: .unixSocket("/nonexistent/lapwing.sock"))
        let client = try await gateway.client()
        #expect(await client.request(TestGateway.post()).statuses == [502])
        #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "upstream_unreachable")
        await client.close()
        await gateway.stop()
    }

    @Test func `a handshake that fails leaves an aggregate record`() async throws {
        try await TestGateway.with { gateway, _ in
            let stranger = try await TestGateway.stranger(gateway)
            #expect(await stranger.end().text.isEmpty)
            let plain = try await TestGateway.plaintext(gateway, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await plain.end().text.isEmpty)
            let records = await gateway.log.records("refusals", count: 2)
            #expect(Set(records.compactMap { $0["reason"] }) == ["unknown_authority", "plaintext"])
            #expect(records.allSatisfy { $0["source"] != nil })
        }
    }
}
