import Foundation
import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct ServerTests {
    @Test func `a drain lets the request under way end, and says so in its answer`() async throws {
        let responders = Observed<[TestUpstream.Responder]>([])
        try await TestGateway.with({ _, responder in responders.update { $0.append(responder) } }) {
            gateway,
            upstream in
            let idle = try await gateway.client()
            let busy = try await gateway.client()
            busy.send(TestGateway.post())
            await upstream.received.wait { $0.count == 1 }
            let drained = Task { await gateway.server.drain(within: .seconds(30)) }
            #expect(await idle.end().text.isEmpty)
            #expect(gateway.server.checks.contains { $0.name == "drain" && $0.problem != nil })
            responders.value.first?.write(TestUpstream.ok)
            let heard = await busy.end()
            #expect(heard.statuses == [200] && heard.text.contains("connection: close\r\n"))
            await drained.value
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "complete")
        }
    }

    @Test func `what does not end by the deadline is closed and recorded`() async throws {
        try await TestGateway.with({ _, _ in }) { gateway, upstream in
            let client = try await gateway.client()
            client.send(TestGateway.post())
            await upstream.received.wait { $0.count == 1 }
            await gateway.server.drain(within: .milliseconds(20))
            #expect(await client.end().text.isEmpty)
            #expect(await gateway.log.records("completion", count: 1).first?["ended"] == "drained")
        }
    }

    @Test func `an upstream can be reached by a Unix socket`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "lapwing-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let upstream = try await TestUpstream.start(unixSocket: directory.appending(path: "u.sock").path)
        let gateway = try await TestGateway.start(upstream: upstream)
        let client = try await gateway.client()
        #expect(await client.request(TestGateway.post()).statuses == [200])
        await client.close()
        await gateway.stop()
    }

    @Test func `an upstream has to be whom the configuration names`() async throws {
        let authority = try TestAuthority.root("cluster.local", now: Date())
        let upstream = try await TestUpstream.start(
            identity: TestGateway.identity(authority, "/ns/ml-inference/sa/model")
        )
        let right = try await TestGateway.start(upstream: upstream, authority: authority)
        let client = try await right.client()
        #expect(await client.request(TestGateway.post()).statuses == [200])
        #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 200])
        #expect(upstream.connections.value == 1)
        await client.close()
        guard case .mutualTLS(let host, let port, let id, _) = upstream.transport else { return }
        #expect(id.path == "/ns/ml-inference/sa/model")
        let other = try TestGateway.identity(authority, "/ns/ml-inference/sa/other").svid.id
        let wrong = try await TestGateway.start(
            upstream: nil,
            authority: authority,
            transport: .mutualTLS(host: host, port: port, id: other, serverName: nil)
        )
        let refused = try await wrong.client()
        #expect(await refused.request(TestGateway.post()).statuses == [502])
        #expect(upstream.received.value.count == 2)
        await refused.close()
        await wrong.stop()
        await right.stop()
    }

    @Test func `health, readiness and metrics are served on loopback`() async throws {
        let upstream = try await TestUpstream.start()
        let gateway = try await TestGateway.start(upstream: upstream, admin: true)
        let client = try await gateway.client()
        _ = await client.request(TestGateway.post())
        _ = await client.request(TestGateway.post("/admin"), responses: 2)
        _ = await gateway.log.records("completion", count: 2)
        #expect(try await TestGateway.admin(gateway, "/healthz").statuses == [200])
        let ready = try await TestGateway.admin(gateway, "/readyz")
        #expect(ready.statuses == [200] && ready.text.contains("[+] svid\n") && ready.text.contains("[+] log\n"))
        let metrics = try await TestGateway.admin(gateway, "/metrics").text
        for line in [
            "lapwing_requests_total{decision=\"allow\",policy=\"inference\",reason=\"allowed_by_rule\"} 1",
            "lapwing_requests_total{decision=\"deny\",policy=\"\",reason=\"no_rule_matched\"} 1",
            "lapwing_request_duration_seconds_count 2", "lapwing_build_info{version=\"test\"} 1",
            "response_code=\"200\",source_principal=\"spiffe://cluster.local/ns/ml-api/sa/api-gateway\"",
            "lapwing_ready 1",
        ] {
            #expect(metrics.contains(line), "\(line)")
        }
        #expect(try await TestGateway.admin(gateway, "/secrets").statuses == [404])
        let posted = try await TestGateway.plaintext(port: gateway.server.adminPort ?? 0, TestGateway.post("/metrics"))
        #expect(await posted.end().statuses == [405])
        await client.close()
        await gateway.stop()
    }

    @Test func `series beyond the bound are counted together`() {
        var metrics = WorkerMetrics()
        for index in 0..<SeriesCounts<WorkerMetrics.RequestKey>.maximumSeries + 50 {
            metrics.countRequest(source: "spiffe://cluster.local/\(index)", upstream: "u", status: 200)
        }
        #expect(metrics.requests.byKey.count == SeriesCounts<WorkerMetrics.RequestKey>.maximumSeries + 1)
        #expect(metrics.droppedSeries == 50)
        #expect(metrics.requests.byKey[.init(source: "other", upstream: "u", status: 200)] == 50)
    }
}
