import Foundation
import Testing
import ZeroTrust

@testable import Authorization
@testable import Gateway

/// CUSTOM policies on connections without HTTP: the provider is asked before the upstream hears of anything.
@Suite(.timeLimit(.minutes(1))) struct TCPProviderTests {
    private static let custom = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: ask, namespace: ml-inference }
        spec: { action: CUSTOM, provider: { name: judge }, rules: [{}] }
        ---

        """

    private struct World {
        let gateway: TestGateway
        let server: TCPServer
        let provider: PythonServer

        func client(_ name: String, _ path: String = "/ns/ml-api/sa/api-gateway") async throws -> TCPPeer {
            try await TCPPeer.connect(
                to: gateway.server.ports["mtls"] ?? 0,
                as: TestGateway.identity(gateway.authority, path),
                expecting: gateway.id,
                serverName: name
            )
        }
    }

    private static func with(_ settings: String = "", _ body: (World) async throws -> Void) async throws {
        guard let python = try await PythonServer.has("envoy.service.auth.v3.external_auth_pb2_grpc") else { return }
        let socket = FileManager.default.temporaryDirectory.path + "/judge-\(UUID().uuidString.prefix(8)).sock"
        defer { try? FileManager.default.removeItem(atPath: socket) }
        let provider = try await PythonServer(python, "ext_authz_server.py", [socket])
        let server = try await TCPServer.start(greeting: "220 banner\r\n")
        let gateway = try await TestGateway.start(
            upstream: nil,
            transport: server.transport,
            policy: TCPTests.everybody
        ) { configuration in
            let service = TCPService(upstream: "inference")
            configuration.listeners = [Listener(address: "127.0.0.1", port: 0, service: .tcp(service))]
            configuration.routes = []
        }
        do {
            let place = ProviderWorld.indented("unixSocket: \(socket)\n\(settings)")
            try await ProviderWorld.ask(
                ProviderWorld.providers("- name: judge\n  envoyExtAuthzGrpc:\n\(place)"),
                by: custom + TCPTests.everybody,
                at: gateway
            )
            try await body(World(gateway: gateway, server: server, provider: provider))
        } catch {
            await gateway.stop()
            await server.stop()
            await provider.stop()
            throw error
        }
        await gateway.stop()
        await server.stop()
        await provider.stop()
    }

    @Test func `a connection goes on where its provider allows it, and else its upstream hears nothing`() async throws {
        try await Self.with { world in
            let refused = try await world.client("deny.example")
            #expect(await refused.closed().count == 0)
            let stranger = try await world.client("allow.example", "/ns/ml-training/sa/trainer")
            #expect(await stranger.closed().count == 0)
            #expect(world.server.accepted.isEmpty)
            let allowed = try await world.client("allow.example")
            #expect(await allowed.wait(for: "banner").text == "220 banner\r\n")
            let decisions = await world.gateway.log.records("decision", count: 3)
            #expect(decisions.map { $0["decision.outcome"] } == ["deny", "deny", "allow"])
            #expect(decisions.map { $0["decision.provider.answer"] } == ["deny", "deny", "allow"])
            #expect(decisions[0]["decision.reason"] == "denied_by_provider")
            #expect(world.server.accepted.count == 1)
            await allowed.close()
        }
    }

    @Test func `a provider that is silent or gone, or that speaks HTTP, refuses`() async throws {
        try await Self.with("timeout: 200ms") { world in
            let silent = try await world.client("sleep.example")
            #expect(await silent.closed().count == 0)
            await world.provider.stop()
            let gone = try await world.client("allow.example")
            #expect(await gone.closed().count == 0)
            let failed = await world.gateway.log.records("decision", count: 2)
            #expect(failed.allSatisfy { $0["decision.reason"] == "provider_failed" })
            try await ProviderWorld.ask(
                ProviderWorld.providers(
                    "- name: judge\n  envoyExtAuthzHttp: { service: 127.0.0.1, port: 1, plaintext: true }"
                ),
                by: Self.custom + TCPTests.everybody,
                at: world.gateway
            )
            let other = try await world.client("allow.example")
            #expect(await other.closed().count == 0)
            let last = await world.gateway.log.records("decision", count: 3).last
            #expect(last?["decision.reason"] == "asked_by_rule")
            #expect(world.server.accepted.isEmpty)
        }
    }

    @Test func `a connection that waits for a provider ends with the configuration that asked`() async throws {
        try await Self.with("timeout: 30s") { world in
            let waiting = try await world.client("sleep.example")
            try await Task.sleep(for: .milliseconds(50))
            try await world.gateway.replace(policy: TestGateway.snapshot(TCPTests.everybody, digest: "digest-3"))
            _ = await waiting.closed()
            let decision = await world.gateway.log.records("decision", count: 1).first
            #expect(decision?["decision.outcome"] == "deny" && decision?["decision.reason"] == "asked_by_rule")
            let completion = await world.gateway.log.records("completion", count: 1).first
            #expect(completion?["ended"] == "policy_changed")
            #expect(world.server.accepted.isEmpty)
        }
    }
}
