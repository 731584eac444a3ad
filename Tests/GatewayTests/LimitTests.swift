import Foundation
import MutualTLS
import NIOCore
import SPIFFE
import TestIdentities
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct LimitTests {
    static let short = Duration.milliseconds(60)

    @Test func `a head that never ends is 408`() async throws {
        try await TestGateway.with(limits: GatewayLimits(headTimeout: Self.short)) { gateway, _ in
            let client = try await gateway.client()
            client.send("POST /v1/predict HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            #expect(await client.end().statuses == [408])
            #expect(await gateway.log.records("decision", count: 1).first?["decision.reason"] == "head_timeout")
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "timed_out")
        }
    }

    @Test func `a body that stops is 408, and its upstream call ends`() async throws {
        try await TestGateway.with(limits: GatewayLimits(bodyTimeout: Self.short)) { gateway, upstream in
            let client = try await gateway.client()
            client.send("POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nslow")
            #expect(await client.end().statuses == [408])
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "timed_out")
            await upstream.closed.wait { $0 == 1 }
        }
    }

    @Test func `a body that trickles is 408, however steadily`() async throws {
        let limits = GatewayLimits(bodyTimeout: .milliseconds(200), minimumBodyRate: 1_000_000)
        try await TestGateway.with(limits: limits) { gateway, _ in
            let client = try await gateway.client()
            client.send("POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
            let trickle = client.trickle()
            #expect(await client.end().statuses == [408])
            trickle.cancel()
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "timed_out")
        }
    }

    @Test func `a connection ends with the certificate that opened it`() async throws {
        try await TestGateway.with { gateway, _ in
            let svid = try gateway.authority.svid("/ns/ml-api/sa/api-gateway") { $0.notAfter = Date() + 2 }
            let identity = try TLSIdentity(
                svid: svid,
                bundles: [gateway.authority.trustDomain: gateway.authority.bundle]
            )
            let port = gateway.server.ports["mtls"] ?? 0
            let client = try await TestClient.connect(to: port, as: identity, expecting: gateway.id)
            #expect(await client.request(TestGateway.post()).statuses == [200])
            #expect(await client.end().statuses == [200])
            #expect(svid.notAfter <= Date())
        }
    }

    @Test func `a connection without requests is closed`() async throws {
        try await TestGateway.with(limits: GatewayLimits(idleTimeout: Self.short)) { gateway, _ in
            let unused = try await gateway.client()
            #expect(await unused.end().text.isEmpty)
            let used = try await gateway.client()
            #expect(await used.request(TestGateway.post()).statuses == [200])
            #expect(await used.end().statuses == [200])
        }
    }

    @Test func `an upstream that does not answer is 504`() async throws {
        try await TestGateway.with({ _, _ in }, configure: { $0.routes[0].responseTimeout = Self.short }) {
            gateway,
            upstream in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [504])
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "timed_out")
            await upstream.closed.wait { $0 == 1 }
            await client.close()
        }
    }

    @Test func `a stream that falls silent is cut`() async throws {
        try await TestGateway.with(
            { _, responder in responder.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst") },
            configure: { $0.routes[0].streamTimeout = Self.short }
        ) { gateway, _ in
            let client = try await gateway.client()
            client.send(TestGateway.post())
            #expect(await client.end().text.hasSuffix("first"))
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "timed_out")
        }
    }

    @Test func `a client that does not read its answer is cut off`() async throws {
        let total = 32 << 20
        let sent = Observed(0)
        try await TestGateway.with(
            { _, responder in
                responder.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
                StreamingTests.pour(total, into: responder.channel, sent)
            },
            limits: GatewayLimits(bodyTimeout: Self.short)
        ) { gateway, upstream in
            let client = try await gateway.client(autoRead: false)
            client.send(TestGateway.post("/v1/stream"))
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "timed_out")
            await upstream.closed.wait { $0 == 1 }
            await client.close()
        }
    }

    @Test func `connections beyond the limit are refused, and those within it served`() async throws {
        try await TestGateway.with(limits: GatewayLimits(maximumConnections: 1)) { gateway, _ in
            let first = try await gateway.client()
            #expect(await first.request(TestGateway.post()).statuses == [200])
            let second = try await gateway.client()
            #expect(await second.end().text.isEmpty)
            #expect(await first.request(TestGateway.post(), responses: 2).statuses == [200, 200])
            await first.close()
        }
    }

    @Test func `the last request that a connection may carry ends it`() async throws {
        try await TestGateway.with(limits: GatewayLimits(maximumRequestsPerConnection: 2)) { gateway, _ in
            let client = try await gateway.client()
            client.send(TestGateway.post() + TestGateway.post() + TestGateway.post())
            let heard = await client.end()
            #expect(heard.statuses == [200, 200])
            #expect(heard.text.components(separatedBy: "connection: close").count == 2)
        }
    }

    @Test func `a client that asks for the end gets it`() async throws {
        try await TestGateway.with { gateway, _ in
            let client = try await gateway.client()
            client.send(TestGateway.post(headers: "Connection: close\r\n"))
            let heard = await client.end()
            #expect(heard.statuses == [200] && heard.text.contains("connection: close\r\n"))
            #expect(heard.text.hasSuffix("hello"))
        }
    }

    @Test func `requests beyond what the upstream may hold are 503`() async throws {
        try await TestGateway.with(
            { _, _ in },
            configure: {
                $0.upstreams[0].maximumConnections = 1
                $0.upstreams[0].maximumWaiting = 0
            }
        ) { gateway, upstream in
            let first = try await gateway.client()
            first.send(TestGateway.post())
            await upstream.received.wait { $0.count == 1 }
            let second = try await gateway.client()
            #expect(await second.request(TestGateway.post()).statuses == [503])
            await first.close()
            await second.close()
        }
    }

    @Test func `a request waits for a connection, and takes it when it is free`() async throws {
        let responders = Observed<[TestUpstream.Responder]>([])
        try await TestGateway.with(
            { _, responder in responders.update { $0.append(responder) } },
            configure: { $0.upstreams[0].maximumConnections = 1 }
        ) { gateway, upstream in
            let first = try await gateway.client()
            first.send(TestGateway.post())
            await upstream.received.wait { $0.count == 1 }
            let second = try await gateway.client()
            second.send(TestGateway.post())
            _ = await gateway.log.records("decision", count: 2)
            #expect(upstream.received.value.count == 1)
            responders.value.first?.write(TestUpstream.ok)
            await upstream.received.wait { $0.count == 2 }
            responders.value.last?.write(TestUpstream.ok)
            await second.wait(for: "hello")
            #expect(upstream.connections.value == 1)
            await first.close()
            await second.close()
        }
    }

    @Test func `an upstream connection that says something unasked is not used again`() async throws {
        try await TestGateway.with({ _, responder in responder.write(TestUpstream.ok + TestUpstream.ok) }) {
            gateway,
            upstream in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [200])
            #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 200])
            await upstream.connections.wait { $0 == 2 }
            await client.close()
        }
    }
}
