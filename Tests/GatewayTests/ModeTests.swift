import Authorization
import Foundation
import MutualTLS
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import Gateway

/// A listener serves what PeerAuthentication comes to for its workload and port.
@Suite(.timeLimit(.minutes(1))) struct ModeTests {
    /// Anybody may ask for `/v1/open`, and the API gateway for the rest.
    static let policy = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: inference, namespace: ml-inference }
        spec:
          action: ALLOW
          rules:
            - from:
                - source: { principals: ["cluster.local/ns/ml-api/sa/api-gateway"] }
            - to:
                - operation: { paths: ["/v1/open"] }
        """

    private static func with(
        _ mode: String,
        _ respond: @escaping @Sendable (TestUpstream.Received, TestUpstream.Responder) -> Void = { _, responder in
            responder.write(TestUpstream.ok)
        },
        limits: GatewayLimits = GatewayLimits(),
        admin: Bool = false,
        _ body: (TestGateway, TestUpstream) async throws -> Void
    ) async throws {
        let upstream = try await TestUpstream.start(respond: respond)
        let gateway = try await TestGateway.start(
            upstream: upstream,
            policy: policy + mode,
            limits: limits,
            admin: admin
        )
        do { try await body(gateway, upstream) } catch {
            await gateway.stop()
            throw error
        }
        await gateway.stop()
    }

    // MARK: What is let in

    @Test(arguments: [MutualTLSMode.permissive, .disable])
    func `over plaintext a caller is nobody, and what it says of itself does not arrive`(mode: MutualTLSMode)
        async throws
    {
        try await Self.with(TestGateway.mode(mode), admin: true) { gateway, upstream in
            let spoofed = """
                X-Lapwing-Spiffe-Id: spiffe://cluster.local/ns/ml-api/sa/api-gateway\r
                X-Forwarded-Client-Cert: Hash=00;URI=spiffe://cluster.local/ns/ml-api/sa/api-gateway\r
                X-Forwarded-For: 10.0.0.1\r\n
                """
            let client = try await gateway.plainClient()
            #expect(await client.request(TestGateway.post("/v1/open", headers: spoofed)).statuses == [200])
            let heard = await client.request(TestGateway.post("/v1/predict", headers: spoofed), responses: 2)
            #expect(heard.statuses == [200, 403])
            await client.close()
            let received = try #require(upstream.received.value.first)
            for name in ["x-lapwing-spiffe-id", "x-forwarded-client-cert", "x-forwarded-for"] {
                #expect(received.values(name).isEmpty, "\(name)")
            }
            #expect(upstream.received.value.count == 1)

            let decisions = await gateway.log.records("decision", count: 2)
            for decision in decisions {
                #expect(decision["caller"] == nil && decision["tls"] == nil)
                #expect(decision["source.address"] == "127.0.0.1")
            }
            #expect(decisions.map { $0["decision.outcome"] } == ["allow", "deny"])
            #expect(decisions.map { $0["decision.reason"] } == ["allowed_by_rule", "no_rule_matched"])
            #expect(await gateway.log.records("completion", count: 2).count == 2)
            let metrics = try await TestGateway.admin(gateway, "/metrics").text
            #expect(metrics.contains("source_principal=\"unknown\""))
            #expect(metrics.contains("connection_security_policy=\"none\""))
        }
    }

    @Test func `a permissive listener knows who calls over mutual TLS`() async throws {
        try await Self.with(TestGateway.mode(.permissive)) { gateway, upstream in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [200])
            await client.close()
            #expect(
                upstream.received.value.first?.values("x-lapwing-spiffe-id") == [
                    "spiffe://cluster.local/ns/ml-api/sa/api-gateway"
                ]
            )
            let stranger = try await TestGateway.stranger(gateway)
            #expect(await stranger.end().text.isEmpty)
        }
    }

    @Test(arguments: [MutualTLSMode.permissive, .disable])
    func `HTTP/2 is spoken over plaintext with who knows that it is`(mode: MutualTLSMode) async throws {
        try await Self.with(TestGateway.mode(mode)) { gateway, upstream in
            let client = try await FrameClient.connectPlaintext(to: gateway)
            let open = await client.request(1, Frames.request("POST", "/v1/open"), body: "{}")
            #expect(open.status == 200)
            #expect(await client.request(3, Frames.request("POST", "/v1/predict"), body: "{}").status == 403)
            // As clients name it that know of no TLS; over TLS that is malformed.
            let plain = Frames.request("POST", "/v1/open").map { $0.0 == ":scheme" ? (":scheme", "http") : $0 }
            #expect(await client.request(5, plain, body: "{}").status == 200)
            await client.close()
            #expect(upstream.received.value.first?.values("x-lapwing-spiffe-id").isEmpty == true)
        }
    }

    @Test func `a disabled listener refuses TLS, and a strict one plaintext`() async throws {
        try await Self.with(TestGateway.mode(.disable)) { gateway, _ in
            let client = try await gateway.client()
            #expect(await client.end().text.isEmpty)
            #expect(await gateway.log.records("refusals", count: 1).first?["reason"] == "tls_not_spoken")
        }
        try await Self.with("") { gateway, _ in
            let client = try await gateway.plainClient()
            client.send(TestGateway.post("/v1/open"))
            #expect(await client.end().text.isEmpty)
            #expect(await gateway.log.records("refusals", count: 1).first?["reason"] == "plaintext")
        }
    }

    @Test func `one port can have a mode of its own, which its listener serves`() async throws {
        let upstream = try await TestUpstream.start()
        let gateway = try await TestGateway.start(upstream: upstream, policy: Self.policy) { configuration in
            configuration.listeners.append(Listener(name: "open", address: "127.0.0.1", port: 0))
        }
        let port = try #require(gateway.server.ports["open"])
        let ofPort = """

            ---
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata: { name: port, namespace: ml-inference }
            spec:
              selector: { matchLabels: { app: inference-service } }
              portLevelMtls: { \(port): { mode: PERMISSIVE } }
            """
        try await gateway.replace(policy: TestGateway.snapshot(Self.policy + ofPort))
        let open = try await TestClient.connectPlaintext(to: port)
        #expect(await open.request(TestGateway.post("/v1/open")).statuses == [200])
        let strict = try await gateway.plainClient()
        strict.send(TestGateway.post("/v1/open"))
        #expect(await strict.end().text.isEmpty)
        await open.close()
        await gateway.stop()
    }

    // MARK: What changes

    @Test func `a mode that closes ends what it does not let in, and a request in flight with it`() async throws {
        try await Self.with(
            TestGateway.mode(.permissive),
            { request, responder in
                if request.body == "slow" {
                    return responder.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst")
                }
                responder.write(TestUpstream.ok)
            }
        ) { gateway, _ in
            let idle = try await gateway.plainClient()
            #expect(await idle.request(TestGateway.post("/v1/open")).statuses == [200])
            let busy = try await gateway.plainClient()
            busy.send(TestGateway.post("/v1/open", "slow"))
            await busy.wait(for: "first")
            let framed = try await FrameClient.connectPlaintext(to: gateway)
            #expect(await framed.request(1, Frames.request("POST", "/v1/open"), body: "{}").status == 200)
            let known = try await gateway.client()
            #expect(await known.request(TestGateway.post()).statuses == [200])

            try await gateway.replace(policy: TestGateway.snapshot(Self.policy + TestGateway.mode(.strict)))
            #expect(await idle.end().isClosed)
            #expect(await busy.end().text.hasSuffix("first"))
            await framed.end()
            let completions = await gateway.log.records("completion", count: 4)
            #expect(completions.filter { $0["ended"] == "policy_changed" }.count == 1)
            // Who is let in by both notices nothing.
            #expect(await known.request(TestGateway.post(), responses: 2).statuses == [200, 200])
            let late = try await gateway.plainClient()
            late.send(TestGateway.post("/v1/open"))
            #expect(await late.end().text.isEmpty)

            try await gateway.replace(policy: TestGateway.snapshot(Self.policy + TestGateway.mode(.disable)))
            #expect(await known.end().isClosed)
            let plain = try await gateway.plainClient()
            #expect(await plain.request(TestGateway.post("/v1/open")).statuses == [200])
            await plain.close()
        }
    }

    @Test func `a connection that opens while the mode closes is refused`() async throws {
        try await Self.with(TestGateway.mode(.permissive)) { gateway, upstream in
            let client = try await gateway.plainClient()
            // It has been accepted, and could be anything yet.
            client.send("P")
            let other = try await gateway.plainClient()
            #expect(await other.request(TestGateway.post("/v1/open")).statuses == [200])
            try await gateway.replace(policy: TestGateway.snapshot(Self.policy + TestGateway.mode(.strict)))
            _ = await other.end()
            client.send(String(TestGateway.post("/v1/open").dropFirst()))
            #expect(await client.end().text.isEmpty)
            #expect(upstream.received.value.count == 1)
        }
    }

    // MARK: What takes too long

    @Test func `over plaintext too, a head that does not come in time is refused`() async throws {
        let limits = GatewayLimits(headTimeout: .milliseconds(30))
        try await Self.with(TestGateway.mode(.permissive), limits: limits) { gateway, _ in
            let client = try await gateway.plainClient()
            client.send("GET /v1/open HTTP/1.1\r\n")
            #expect(await client.end().statuses == [408])
        }
    }
}
