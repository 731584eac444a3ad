import Authorization
import Foundation
import Testing
import ZeroTrust

@testable import Gateway

/// Another configuration of the outbound side, under connections that stand; and what is counted of them.
@Suite("Egress reload", .timeLimit(.minutes(1))) struct EgressReloadTests {
    private static let head = "GET http://canary.example.com/v1/x HTTP/1.1\r\nHost: canary.example.com\r\n\r\n"

    private static func with(
        configure: (inout EgressConfiguration) -> Void = { _ in },
        _ body: (TestEgress, TestUpstream, GatewayConfiguration) async throws -> Void
    ) async throws {
        let server = try await TestUpstream.start()
        guard case .plaintext(_, let port) = server.transport else { return }
        let egress = try await TestEgress.start(port: port, configure: configure)
        let gateway = GatewayConfiguration(
            name: "out",
            workload: .init(namespace: "ml"),
            pathNormalization: .mergeSlashes,
            listeners: [],
            upstreams: [],
            routes: []
        )
        do { try await body(egress, server, gateway) } catch {
            await egress.stop()
            await server.stop()
            throw error
        }
        await egress.stop()
        await server.stop()
    }

    private static func listener(_ name: String) -> EgressListener {
        EgressListener(name: name, place: .loopback(address: "127.0.0.1", port: 0, isTransparent: false))
    }

    @Test func `listeners come and go, and what stands on one that stays goes on`() async throws {
        try await Self.with { egress, _, gateway in
            let client = try await egress.connect()
            client.send(Self.head)
            await client.wait(for: "hello")
            let before = egress.server.ports
            let more = EgressConfiguration(listeners: [Self.listener("proxy"), Self.listener("second")])
            await egress.server.commit(
                try await egress.server.prepare(egress: more, gateway: gateway, snapshot: egress.box.current)
            )
            #expect(egress.server.ports["proxy"] == before["proxy"])
            let second = try await EgressClient.connect(port: egress.server.ports["second"] ?? 0)
            second.send(Self.head)
            #expect(await second.wait(for: "hello").text.hasSuffix("hello"))

            let one = EgressConfiguration(listeners: [Self.listener("proxy")])
            await egress.server.commit(
                try await egress.server.prepare(egress: one, gateway: gateway, snapshot: egress.box.current)
            )
            #expect(await second.end().isClosed, "between two requests nothing is lost")
            client.send(Self.head)
            await client.heard.wait { $0.text.components(separatedBy: "hello").count == 3 }
            #expect(egress.server.ports == before)
        }
    }

    @Test func `a listener that cannot be bound changes nothing`() async throws {
        try await Self.with { egress, _, gateway in
            let before = egress.server.ports
            let place = EgressListener.Place.unixSocket("/nonexistent/egress.sock")
            let bad = EgressConfiguration(listeners: [Self.listener("more"), EgressListener(name: "bad", place: place)])
            let refusal = await #expect(throws: ListenerUnavailable.self) {
                try await egress.server.prepare(egress: bad, gateway: gateway, snapshot: egress.box.current)
            }
            #expect(refusal?.listener == "bad" && egress.server.ports == before)
        }
    }

    @Test func `one caller cannot have all connections`() async throws {
        try await Self.with(configure: { $0.maximumConnectionsPerCaller = 2 }) { egress, _, _ in
            var clients: [EgressClient] = []
            for _ in 0..<2 {
                let client = try await egress.connect()
                client.send(Self.head)
                await client.wait(for: "hello")
                clients.append(client)
            }
            let third = try await egress.connect()
            third.send(Self.head)
            #expect(await third.end().text.isEmpty)
            #expect(egress.server.metrics.refusals == ["too_many_connections": 1])
            await clients[0].close()
            // Its place is free once the connection is gone here, too.
            var served = ""
            while !served.hasSuffix("hello") {
                let next = try await egress.connect()
                next.send(Self.head)
                served = await next.heard.wait { $0.isClosed || $0.text.contains("hello") }.text
            }
        }
    }

    @Test func `connections, decisions and bytes are counted`() async throws {
        try await Self.with { egress, _, _ in
            let client = try await egress.connect()
            client.send("GET http://canary.example.com/v1/x HTTP/1.1\r\nHost: canary.example.com\r\n\r\n")
            await client.wait(for: "hello")
            let stranger = try await egress.connect()
            stranger.send("GET http://nowhere.example.com/ HTTP/1.1\r\nHost: nowhere.example.com\r\n\r\n")
            await stranger.end()
            _ = await egress.log.records("completion", count: 2)
            let metrics = egress.server.metrics
            #expect(metrics.connectionsOpened == 2)
            #expect(metrics.decisions[.init(isAllowed: false, reason: "undeclared_host")] == 1)
            #expect(metrics.decisions.filter { $0.key.isAllowed }.values.reduce(0, +) == 1)
            #expect(metrics.bytesReceived == 5)
            var text = MetricsText()
            text.egress(metrics)
            #expect(text.text.contains("lapwing_egress_connections_total 2\n"))
            #expect(
                text.text.contains(
                    "lapwing_egress_decisions_total{decision=\"deny\",reason=\"undeclared_host\"} 1\n"
                )
            )
            await client.close()
        }
    }

    @Test func `what is known of the configuration is told in the metrics`() {
        let history = ConfigurationHistory(digest: "one", since: Timestamp(nanoseconds: 1_000_000_000))
        func render() -> String {
            var text = MetricsText()
            text.configuration(history.status)
            return text.text
        }
        #expect(render().contains("lapwing_config_last_reload_success 1\n"))
        var attempt = ConfigurationAttempt(
            id: RequestID(milliseconds: 0, random: 1),
            time: Timestamp(nanoseconds: 2_000_000_000),
            trigger: .file,
            outcome: .refused,
            old: "one",
            new: "two",
            reason: "invalid",
            problem: "x.yaml:1:1: error: \"y\""
        )
        history.add(attempt)
        let record = attempt.record(of: "/etc/lapwing", node: "node-1")
        #expect(record.outcome == .deny && record.before == "one" && record.after == "two" && record.actor == "file")
        #expect(record.reason == "invalid: x.yaml:1:1: error: \"y\"")
        let refused = render()
        #expect(refused.contains("lapwing_config_last_reload_success 0\n"))
        #expect(refused.contains("lapwing_config_reloads_total{outcome=\"refused\",reason=\"invalid\"} 1\n"))
        #expect(refused.contains("lapwing_config_info{digest=\"one\"} 1\n"))
        #expect(refused.contains("problem=\"x.yaml:1:1: error: \\\"y\\\"\""))
        (attempt.outcome, attempt.reason, attempt.problem) = (.applied, nil, nil)
        history.add(attempt)
        let applied = render()
        #expect(applied.contains("lapwing_config_info{digest=\"two\"} 1\n"))
        #expect(applied.contains("lapwing_config_last_success_timestamp_seconds 2\n"))
        #expect(!applied.contains("lapwing_config_refusal_info"))
    }
}
