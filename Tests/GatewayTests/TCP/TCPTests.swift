import Authorization
import Foundation
import Glibc
import MutualTLS
import NIOCore
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import Gateway

/// A connection without HTTP is decided on once, is on record before its upstream hears of it, and is passed on whole.
@Suite(.timeLimit(.minutes(1))) struct TCPTests {
    static let policy = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: database, namespace: ml-inference }
        spec:
          action: ALLOW
          rules:
            - from:
                - source: { principals: ["cluster.local/ns/ml-api/sa/api-gateway"] }
        """
    static let everybody = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: database, namespace: ml-inference }
        spec: { action: ALLOW, rules: [{}] }
        """
    private static let reader = "/ns/ml-api/sa/api-gateway"
    private static let stranger = "/ns/ml-training/sa/trainer"

    private struct World {
        let gateway: TestGateway
        let server: TCPServer

        func client(_ path: String = TCPTests.reader, autoRead: Bool = true) async throws -> TCPPeer {
            try await TCPPeer.connect(
                to: gateway.server.ports["mtls"] ?? 0,
                as: TestGateway.identity(gateway.authority, path),
                expecting: gateway.id,
                autoRead: autoRead
            )
        }

        func plain(autoRead: Bool = true) async throws -> TCPPeer {
            try await TCPPeer.connect(to: gateway.server.ports["mtls"] ?? 0, autoRead: autoRead)
        }

        /// The record of the end of the only connection so far.
        func completion() async throws -> FakeLog.Entry {
            try #require(await gateway.log.records("completion", count: 1).first)
        }
    }

    private static func with(
        _ server: TCPServer? = nil,
        greeting: String? = nil,
        policy: String = TCPTests.policy,
        log: FakeLog = FakeLog(),
        service: TCPService = TCPService(upstream: "inference"),
        authority: TestAuthority? = nil,
        admin: Bool = false,
        configure: (inout GatewayConfiguration) -> Void = { _ in },
        _ body: (World) async throws -> Void
    ) async throws {
        let started: TCPServer
        if let server { started = server } else { started = try await TCPServer.start(greeting: greeting) }
        let gateway = try await TestGateway.start(
            upstream: nil,
            authority: authority,
            transport: started.transport,
            log: log,
            policy: policy,
            admin: admin
        ) { configuration in
            configuration.listeners = [Listener(address: "127.0.0.1", port: 0, service: .tcp(service))]
            configuration.routes = []
            configure(&configuration)
        }
        do { try await body(World(gateway: gateway, server: started)) } catch {
            await gateway.stop()
            await started.stop()
            throw error
        }
        await gateway.stop()
        await started.stop()
    }

    // MARK: The decision comes first

    @Test func `a server that speaks first tells a client that is refused nothing, and is not called`() async throws {
        try await Self.with(greeting: "220 secret banner\r\n") { world in
            let refused = try await world.client(Self.stranger)
            let heard = await refused.closed()
            #expect(heard.count == 0 && heard.isOpen)
            #expect(world.server.accepted.isEmpty)
            let decision = try #require(await world.gateway.log.records("decision", count: 1).first)
            #expect(decision["decision.outcome"] == "deny" && decision["decision.reason"] == "no_rule_matched")
            #expect(decision["request.method"] == "TCP" && decision["route"] == "mtls")
            #expect(decision["caller.spiffe_id"] == "spiffe://cluster.local\(Self.stranger)")
            let ending = try await world.completion()["ended"]
            #expect(ending == "refused")
            // Who may, hears it.
            let allowed = try await world.client()
            #expect(await allowed.wait(for: "banner").text == "220 secret banner\r\n")
            await allowed.close()
            #expect(world.server.accepted.count == 1)
        }
    }

    @Test func `an upstream of which a model is asked gets no connection that nobody reads`() async throws {
        try await Self.with(greeting: "220 banner\r\n") { world in
            let client = try await world.client()
            #expect(await client.wait(for: "banner").text == "220 banner\r\n")
            // In a file it is refused.
            var configuration = world.gateway.server.configuration
            configuration.upstreams[0].model = ModelRequirement()
            try await world.gateway.server.update(
                configuration: configuration,
                policy: try TestGateway.snapshot(Self.policy)
            )
            _ = await client.closed()
            let ended = try await world.completion()["ended"]
            #expect(ended == "policy_changed")
            let other = try await world.client()
            #expect(await other.closed().count == 0)
            #expect(world.server.accepted.count == 1)
        }
    }

    @Test func `a server's first bytes wait for the record, and its connection too`() async throws {
        let log = FakeLog(.held)
        try await Self.with(greeting: "220 banner\r\n", log: log) { world in
            let client = try await world.client()
            try await client.send("early")
            #expect(await log.records("decision", count: 1).first?["decision.outcome"] == "allow")
            // A second connection has come as far, so that the first had its time.
            let other = try await world.client(Self.stranger)
            _ = await log.records("decision", count: 2)
            #expect(world.server.accepted.isEmpty && client.heard.value.count == 0 && !other.heard.value.isClosed)
            log.release()
            #expect(await client.wait(for: "banner").text == "220 banner\r\n")
            #expect(await world.server.peer(0).wait(for: "early").text == "early")
            #expect(await other.closed().count == 0)
            #expect(world.server.accepted.count == 1)
            await client.close()
        }
    }

    @Test(arguments: [TCPTests.reader, TCPTests.stranger])
    func `a decision that cannot be recorded is not served`(path: String) async throws {
        try await Self.with(greeting: "220 banner\r\n", log: FakeLog(.failing)) { world in
            let client = try await world.client(path)
            #expect(await client.closed().count == 0)
            #expect(world.server.accepted.isEmpty)
        }
    }

    // MARK: Bytes

    @Test func `each connection leaves one decision and one completion, with its bytes`() async throws {
        try await Self.with(greeting: "hello", admin: true) { world in
            let client = try await world.client()
            await client.wait(for: "hello")
            try await client.send("four")
            let peer = await world.server.peer(0)
            await peer.wait(for: "four")
            try await peer.send("goodbye")
            await client.wait(for: "goodbye")
            try await client.end()
            await peer.heard.wait { $0.isEnded }
            try await peer.end()
            let heard = await client.closed()
            #expect(heard.isEnded && heard.text == "hellogoodbye")
            let completion = try await world.completion()
            #expect(completion["ended"] == "complete" && completion["response.upstream"] == "inference")
            #expect(completion["request.bytes"] == "4" && completion["response.bytes"] == "12")
            #expect(completion["response.status"] == nil)
            let decision = try #require(await world.gateway.log.records("decision", count: 1).first)
            #expect(decision["id"] == completion["id"] && world.gateway.log.entries.value.count == 2)
            let metrics = try await TestGateway.admin(world.gateway, "/metrics").text
            for name in ["opened", "closed"] {
                #expect(metrics.contains("istio_tcp_connections_\(name)_total{reporter=\"destination\""))
            }
        }
    }

    @Test(arguments: [true, false], [MutualTLSMode.strict, .disable])
    func `either side may end first, and the other goes on`(clientEnds: Bool, mode: MutualTLSMode) async throws {
        try await Self.with(policy: Self.everybody + TestGateway.mode(mode)) { world in
            let client = try await mode == .strict ? world.client() : world.plain()
            let server = await world.server.peer(0)
            let (first, second) = clientEnds ? (client, server) : (server, client)
            try await first.send("last words")
            try await first.end()
            await second.heard.wait { $0.isEnded }
            #expect(second.heard.value.text == "last words" && !second.heard.value.isTruncated)
            try await second.send("and yet")
            #expect(await first.wait(for: "and yet").text == "and yet")
            #expect(!first.heard.value.isEnded)
            try await second.end()
            await first.closed()
            #expect(first.heard.value.isEnded && !first.heard.value.isTruncated)
            let ending = try await world.completion()["ended"]
            #expect(ending == "complete")
        }
    }

    @Test(arguments: [true, false], [true, false])
    func `everything arrives as it was sent, also where the end follows at once`(
        fromClient: Bool,
        otherEndsFirst: Bool
    ) async throws {
        let total = 8 << 20
        try await Self.with { world in
            let client = try await world.client()
            let server = await world.server.peer(0)
            let (from, to) = fromClient ? (client, server) : (server, client)
            let sent = Observed(ByteBuffer())
            if otherEndsFirst {
                try await to.end()
                await from.heard.wait { $0.isEnded }
            }
            try await from.pour(total, sent)
            await sent.wait { $0.readableBytes == total }
            try await from.end()
            let heard = await to.heard.wait { $0.isEnded || $0.isClosed }
            #expect(heard.bytes == sent.value)
            if !otherEndsFirst { try await to.end() }
            let completion = try await world.completion()
            #expect(completion["ended"] == "complete")
            #expect(completion[fromClient ? "request.bytes" : "response.bytes"] == "\(total)")
        }
    }

    @Test(arguments: [true, false])
    func `who is not read is not read from: each side is as slow as the other`(fromClient: Bool) async throws {
        let total = 64 << 20
        let server = try await TCPServer.start(autoRead: !fromClient)
        try await Self.with(server, policy: Self.everybody + TestGateway.mode(.disable)) { world in
            let client = try await world.plain(autoRead: fromClient)
            let server = await world.server.peer(0)
            let (from, to) = fromClient ? (client, server) : (server, client)
            let sent = Observed(ByteBuffer())
            try await from.pour(total, sent)
            await sent.wait { $0.readableBytes > 0 }
            // The count once it stayed the same while other connections went through the same loop.
            var last = -1
            var same = 0
            var others = 0
            while same < 5 {
                let now = sent.value.readableBytes
                same = now == last ? same + 1 : 0
                last = now
                let other = try await world.plain()
                others += 1
                _ = await world.server.peer(others)
                await other.close()
            }
            #expect(last < total / 2, "\(last) of \(total) bytes left")
            try await to.channel().setOption(.autoRead, value: true).get()
            await sent.wait { $0.readableBytes == total }
            let heard = await to.heard.wait { $0.count == total }
            #expect(heard.bytes == sent.value)
            await client.close()
        }
    }

    // MARK: Who calls

    @Test func `over plaintext the caller is nobody, also where the server speaks first`() async throws {
        let only = Self.policy + TestGateway.mode(.disable)
        try await Self.with(greeting: "220 banner\r\n", policy: only) { world in
            let heard = try await world.plain().closed()
            #expect(heard.count == 0)
            #expect(world.server.accepted.isEmpty)
            let decision = try #require(await world.gateway.log.records("decision", count: 1).first)
            #expect(decision["caller"] == nil && decision["tls"] == nil && decision["source.address"] == "127.0.0.1")
        }
        let everybody = Self.everybody + TestGateway.mode(.disable)
        try await Self.with(greeting: "220 banner\r\n", policy: everybody) { world in
            let client = try await world.plain()
            await client.wait(for: "banner")
            // To a port that carries anything, bytes that look like TLS are bytes like any others.
            try await client.send("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}")
            #expect(await world.server.peer(0).wait(for: "\u{1}\u{2}\u{0}\u{1}").count == 6)
            await client.close()
        }
    }

    @Test func `a permissive listener takes both, each as who it is`() async throws {
        try await Self.with(policy: Self.policy + TestGateway.mode(.permissive)) { world in
            let known = try await world.client()
            try await known.send("known")
            await world.server.peer(0).wait(for: "known")
            let plain = try await world.plain()
            try await plain.send("plain")
            #expect(await plain.closed().count == 0)
            #expect(world.server.accepted.count == 1)
            await known.close()
        }
    }

    @Test func `a stranger's certificate, and plaintext where it is not let in, do not get as far as a decision`()
        async throws
    {
        try await Self.with(policy: Self.everybody) { world in
            let other = try TestAuthority.root("cluster.local", now: Date())
            let identity = try TLSIdentity(
                svid: other.svid(Self.reader),
                bundles: [world.gateway.authority.trustDomain: world.gateway.authority.bundle]
            )
            let stranger = try await TCPPeer.connect(
                to: world.gateway.server.ports["mtls"] ?? 0,
                as: identity,
                expecting: world.gateway.id
            )
            #expect(await stranger.closed().count == 0)
            let plain = try await world.plain()
            try await plain.send("plain")
            #expect(await plain.closed().count == 0)
            #expect(world.server.accepted.isEmpty)
            #expect(world.gateway.log.entries.value.allSatisfy { $0["kind"] == "refusals" })
        }
    }

    // MARK: The upstream

    @Test func `the upstream can be a Unix socket, or a workload that proves who it is`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "lapwing-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let local = try await TCPServer.start(greeting: "local", unixSocket: directory.appending(path: "u.sock").path)
        try await Self.with(local) { world in
            let client = try await world.client()
            #expect(await client.wait(for: "local").text == "local")
            await client.close()
        }
        let authority = try TestAuthority.root("cluster.local", now: Date())
        let identity = try TestGateway.identity(authority, "/ns/ml-inference/sa/database")
        let far = try await TCPServer.start(greeting: "far", identity: identity)
        try await Self.with(far, authority: authority) { world in
            let client = try await world.client()
            #expect(await client.wait(for: "far").text == "far")
            // It knows us, and we know when it is believed no longer.
            #expect(await world.server.peer(0).heard.wait { $0.peer != nil }.peer?.id == world.gateway.id)
            world.gateway.identity.revoke(RevocationSet(ids: [identity.svid.id]))
            world.gateway.server.revisitConnections()
            await client.closed()
            let ending = try await world.completion()["ended"]
            #expect(ending == "upstream_died")
        }
        let somebody = try await TCPServer.start(
            identity: TestGateway.identity(authority, "/ns/ml-inference/sa/somebody")
        )
        try await Self.with(
            somebody,
            authority: authority,
            configure: {
                guard case .mutualTLS(let host, let port, _, _) = somebody.transport else { return }
                $0.upstreams[0].transport = .mutualTLS(host: host, port: port, id: identity.svid.id, serverName: nil)
            }
        ) { world in
            let heard = try await world.client().closed()
            #expect(heard.count == 0)
            let ending = try await world.completion()["ended"]
            #expect(ending == "upstream_unreachable")
        }
    }

    @Test func `an upstream that is not there, is full or breaks off is told in the record`() async throws {
        try await Self.with(configure: { $0.upstreams[0].transport = .plaintext(address: "127.0.0.1", port: 1) }) {
            world in
            let heard = try await world.client().closed()
            #expect(heard.count == 0)
            let ending = try await world.completion()["ended"]
            #expect(ending == "upstream_unreachable")
        }
        try await Self.with(configure: { $0.upstreams[0].maximumConnections = 1 }) { world in
            let first = try await world.client()
            let peer = await world.server.peer(0)
            let heard = try await world.client().closed()
            #expect(heard.count == 0)
            let ending = try await world.completion()["ended"]
            #expect(ending == "upstream_unreachable")
            #expect(world.server.accepted.count == 1)
            // A reset in the middle is no end.
            try await peer.send("half")
            await first.wait(for: "half")
            try await (peer.channel() as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            await peer.close()
            await first.closed()
            #expect(await world.gateway.log.records("completion", count: 2).last?["ended"] == "upstream_died")
            // There is room again.
            let next = try await world.client()
            _ = await world.server.peer(1)
            await next.close()
        }
    }

    // MARK: The end

    @Test func `a client that goes without saying so is no client that has ended`() async throws {
        try await Self.with { world in
            let client = try await world.client()
            let peer = await world.server.peer(0)
            try await client.send("half of it")
            await peer.wait(for: "half")
            try await client.cut()
            await peer.closed()
            let ending = try await world.completion()["ended"]
            #expect(ending == "client_left")
        }
    }

    @Test func `what is silent on both sides for too long ends`() async throws {
        try await Self.with(service: TCPService(upstream: "inference", idleTimeout: .milliseconds(40))) { world in
            let client = try await world.client()
            await client.closed()
            let ending = try await world.completion()["ended"]
            #expect(ending == "timed_out")
            #expect(await world.server.peer(0).closed().isEnded)
        }
    }

    @Test(arguments: ["revoked", "policy", "mode", "expired"])
    func `a connection that stands ends when it would not be let in any more`(why: String) async throws {
        try await Self.with { world in
            let form: (inout CertificateForm) -> Void = { if why == "expired" { $0.notAfter = Date() + 1 } }
            let identity = try TLSIdentity(
                svid: world.gateway.authority.svid(Self.reader, form),
                bundles: [world.gateway.authority.trustDomain: world.gateway.authority.bundle]
            )
            let client = try await TCPPeer.connect(
                to: world.gateway.server.ports["mtls"] ?? 0,
                as: identity,
                expecting: world.gateway.id
            )
            let peer = await world.server.peer(0)
            try await client.send("under way")
            await peer.wait(for: "under way")
            switch why {
            case "revoked":
                world.gateway.identity.revoke(RevocationSet(ids: [identity.svid.id]))
                world.gateway.server.revisitConnections()
            case "policy":
                // What changes nothing for it leaves it alone.
                try await world.gateway.replace(policy: TestGateway.snapshot(Self.everybody, digest: "other"))
                try await client.send("still here")
                await peer.wait(for: "still here")
                let deny = Self.everybody.replacing("ALLOW", with: "DENY").replacing("database", with: "nobody")
                try await world.gateway.replace(policy: TestGateway.snapshot(Self.everybody + "\n---\n" + deny))
            case "mode":
                try await world.gateway.replace(
                    policy: TestGateway.snapshot(Self.everybody + TestGateway.mode(.disable))
                )
            default: break
            }
            await client.closed()
            await peer.closed()
            let endings = ["revoked": "revoked", "policy": "policy_changed", "mode": "policy_changed"]
            let ending = try await world.completion()["ended"]
            #expect(ending == endings[why] ?? "identity_expired")
            #expect(world.gateway.log.entries.value.filter { $0["kind"] == "decision" }.count == 1)
        }
    }

    @Test(arguments: [true, false])
    func `a connection ends when its upstream is gone, or no longer its listener's`(isGone: Bool) async throws {
        try await Self.with { world in
            let client = try await world.client()
            let peer = await world.server.peer(0)
            try await client.send("under way")
            await peer.wait(for: "under way")
            var configuration = world.gateway.server.configuration
            configuration.upstreams.append(Upstream(name: "other", transport: .unixSocket("/nowhere")))
            let policy = try TestGateway.snapshot(Self.policy)
            try await world.gateway.server.update(configuration: configuration, policy: policy)
            try await client.send("still here")
            await peer.wait(for: "still here")
            configuration.listeners[0].service = .tcp(TCPService(upstream: "other"))
            if isGone { configuration.upstreams.removeFirst() }
            try await world.gateway.server.update(configuration: configuration, policy: policy)
            await client.closed()
            await peer.closed()
            #expect(try await world.completion()["ended"] == "policy_changed")
            // Whoever comes now is for the other one.
            let next = try await world.client()
            await next.closed()
            #expect(await world.gateway.log.records("completion", count: 2).last?["ended"] == "upstream_unreachable")
        }
    }

    @Test func `a drain gives connections its time, and ends them with it`() async throws {
        try await Self.with { world in
            let client = try await world.client()
            _ = await world.server.peer(0)
            let drained = Task { await world.gateway.server.drain(within: .milliseconds(50)) }
            await client.closed()
            await drained.value
            let ending = try await world.completion()["ended"]
            #expect(ending == "drained")
        }
    }
}
