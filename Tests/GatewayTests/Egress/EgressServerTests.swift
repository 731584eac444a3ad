import CLinux
import Foundation
import Glibc
import NIOCore
import NIOPosix
import RPC
import SPIFFE
import Testing
import ZeroTrust

@testable import Gateway

/// What is declared and allowed gets through, as it was decided on, and nothing beside it.
@Suite("Egress listener", .timeLimit(.minutes(5))) struct EgressServerTests {
    /// Starts a listener before a scripted server, runs a test, and stops both.
    private func with(
        callers: [String] = ["trainer"],
        respond: @escaping @Sendable (TestUpstream.Received, TestUpstream.Responder) -> Void = { _, responder in
            responder.write(TestUpstream.ok)
        },
        _ body: (TestEgress, TestUpstream) async throws -> Void
    ) async throws {
        let server = try await TestUpstream.start(respond: respond)
        guard case .plaintext(_, let port) = server.transport else { return }
        let egress = try await TestEgress.start(port: port, callers: callers)
        do { try await body(egress, server) } catch {
            await egress.stop()
            await server.stop()
            throw error
        }
        await egress.stop()
        await server.stop()
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "GET http://canary.example.com/v1/x?y=1 HTTP/1.1\r\nHost: canary.example.com\r\n",
            "GET http://CANARY.example.com:80/v1/x?y=1 HTTP/1.1\r\nHost: canary.example.com:80\r\n",
            "GET /v1/x?y=1 HTTP/1.1\r\nHost: canary.example.com\r\n",
            "GET /v1//x?y=1 HTTP/1.1\r\nHost: canary.example.com\r\n",
        ]
    )
    func `a plain request gets through in the form that was decided on`(head: String) async throws {
        try await with { egress, server in
            let client = try await egress.connect()
            client.send(head + "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nX-A: b\r\n\r\n")
            #expect(await client.wait(for: "hello").text.hasSuffix("hello"))
            let received = try #require(server.received.value.first)
            #expect(received.head.hasPrefix("GET /v1/x?y=1 HTTP/1.1\r\n"))
            #expect(received.values("host").first?.hasPrefix("canary.example.com") == true)
            #expect(received.values("x-a") == ["b"])
            #expect(received.values("proxy-authorization").isEmpty)
            #expect(received.values("proxy-connection").isEmpty)
            #expect(received.values("x-lapwing-spiffe-id").isEmpty, "who calls is nobody's business outside")
            let decision = try #require(await egress.log.records("decision", count: 1).first)
            #expect(decision["decision.outcome"] == "allow")
            #expect(decision["decision.policy.name"] == "trainer-plain")
            #expect(decision["caller.spiffe_id"] == "spiffe://cluster.local/ns/ml/sa/trainer")
            #expect(decision["route"] == "egress/ml/canary")
            #expect(decision["request.path"] == "/v1/x?y=1")
            #expect(decision["request.destination.address"] == "127.0.0.1")
            let completion = try #require(await egress.log.records("completion", count: 1).first)
            #expect(completion["ended"] == "complete")
            #expect(completion["response.bytes"] == "5")
            #expect(completion["response.status"] == "200")
            await client.close()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `each request on a connection is decided for itself, and the server's connection is kept`() async throws {
        try await with { egress, server in
            let client = try await egress.connect()
            // Two that come together, one after them, and one to elsewhere.
            let request = "GET http://canary.example.com/v1/x HTTP/1.1\r\nHost: canary.example.com\r\n\r\n"
            client.send(request + request)
            await client.heard.wait { $0.text.components(separatedBy: "hello").count == 3 }
            client.send(
                "POST http://canary.example.com/v1/x HTTP/1.1\r\nHost: canary.example.com\r\nContent-Length: 3\r\n\r\nabc"
            )
            await client.heard.wait { $0.text.components(separatedBy: "hello").count == 4 }
            client.send("GET http://evil.example.com/ HTTP/1.1\r\nHost: evil.example.com\r\n\r\n" + request)
            let heard = await client.end()
            #expect(heard.text.components(separatedBy: "hello").count == 4)
            #expect(heard.text.contains("HTTP/1.1 403 "))
            #expect(server.connections.value == 1)
            #expect(server.received.value.map(\.body) == ["", "", "abc"])
            let decisions = await egress.log.records("decision", count: 4)
            #expect(decisions.map { $0["decision.outcome"] } == ["allow", "allow", "allow", "deny"])
            #expect(Set(decisions.compactMap { $0["id"] }).count == 4)
            #expect(await egress.log.records("completion", count: 4).count == 4)
            await client.close()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `bodies in chunks and to the end of the connection get through whole`() async throws {
        try await with(respond: { _, responder in
            responder.write("HTTP/1.1 200 OK\r\n\r\nuntil the end")
            responder.close()
        }) { egress, server in
            let client = try await egress.connect()
            client.send(
                "POST /v1/x HTTP/1.1\r\nHost: canary.example.com\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            )
            let heard = await client.wait(for: "0\r\n\r\n")
            #expect(heard.text.contains("transfer-encoding: chunked"))
            #expect(heard.text.contains("until the end"))
            #expect(server.received.value.first?.body.contains("abc") == true)
            await client.close()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a response that is framed in two ways is not passed on`() async throws {
        try await with(respond: { _, responder in
            responder.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello")
        }) { egress, _ in
            let client = try await egress.connect()
            client.send("GET /v1/x HTTP/1.1\r\nHost: canary.example.com\r\n\r\n")
            let heard = await client.end()
            #expect(heard.text.hasPrefix("HTTP/1.1 502 "))
            #expect(!heard.text.contains("hello"))
            #expect(await egress.log.records("completion", count: 1).first?["ended"] == "upstream_died")
            await client.close()
        }
    }

    // MARK: TLS that passes through

    /// A server that answers every read with what a test says, and keeps what it read.
    private final class RawServer: Sendable {
        let received = Observed<[UInt8]>([])
        let channel: any Channel
        var port: Int { channel.localAddress?.port ?? 0 }

        init(answer: @escaping @Sendable ([UInt8]) -> [UInt8]) async throws {
            let received = received
            channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Handler(received: received, answer: answer))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
        }

        private final class Handler: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            typealias OutboundOut = ByteBuffer

            private let received: Observed<[UInt8]>
            private let answer: @Sendable ([UInt8]) -> [UInt8]

            init(received: Observed<[UInt8]>, answer: @escaping @Sendable ([UInt8]) -> [UInt8]) {
                self.received = received
                self.answer = answer
            }

            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                let bytes = Array(unwrapInboundIn(data).readableBytesView)
                received.update { $0 += bytes }
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer(bytes))), promise: nil)
            }

            func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
        }
    }

    /// The first record of a server that goes on, or that asks for another ClientHello.
    private static func serverHello(retry: Bool) -> [UInt8] {
        let random: [UInt8] =
            retry
            ? [
                0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
            ] : [UInt8](repeating: 9, count: 32)
        let body = [3, 3] + random + [0, 0x13, 0x01, 0, 0, 0]
        return [22, 3, 3, 0, UInt8(body.count + 4), 2, 0, 0, UInt8(body.count)] + body
    }

    private static let connect = "CONNECT canary.example.com:443 HTTP/1.1\r\nHost: canary.example.com:443\r\n\r\n"

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `TLS passes through byte for byte`(hasConnect: Bool) async throws {
        let serverHello = Self.serverHello(retry: false)
        let server = try await RawServer { $0.first == 22 ? serverHello : $0 }
        let egress = try await TestEgress.start(port: server.port)
        let client = try await egress.connect()
        if hasConnect { client.send(Self.connect) }
        let answer = hasConnect ? await client.wait(for: "\r\n\r\n").bytes : []
        let hello = Hello(serverNames: ["Canary.example.com"], fragments: 3).bytes
        client.send(hello)
        await client.heard.wait { $0.bytes.count >= answer.count + serverHello.count }
        client.send([23, 3, 3, 0, 1, 42])
        let heard = await client.heard.wait { $0.bytes.count >= answer.count + serverHello.count + 6 }
        #expect(heard.bytes == answer + serverHello + [23, 3, 3, 0, 1, 42])
        #expect(server.received.value == hello + [23, 3, 3, 0, 1, 42])
        await client.close()
        let decision = try #require(await egress.log.records("decision", count: 1).first)
        #expect(decision["decision.outcome"] == "allow")
        #expect(decision["request.method"] == (hasConnect ? "CONNECT" : "TLS"))
        #expect(decision["request.authority"] == "canary.example.com:443")
        #expect(decision["tls.server_name"] == "canary.example.com")
        let completion = try #require(await egress.log.records("completion", count: 1).first)
        #expect(completion["request.bytes"] == "\(hello.count + 6)")
        #expect(completion["response.bytes"] == "\(serverHello.count + 6)")
        await egress.stop()
        try await server.channel.close()
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `a second ClientHello for another server does not get through, nor one that is sent ahead`(
        isAhead: Bool
    ) async throws {
        let retry = Self.serverHello(retry: true)
        let server = try await RawServer { _ in retry }
        let egress = try await TestEgress.start(port: server.port)
        let client = try await egress.connect()
        let first = Hello.named("canary.example.com").bytes
        let second = [20, 3, 3, 0, 1, 1] + Hello.named("evil.example.com").bytes
        if isAhead {
            client.send(first + second)
        } else {
            client.send(first)
            await client.heard.wait { $0.bytes.count >= retry.count }
            client.send(second)
        }
        await client.end()
        #expect(server.received.value == first)
        let decisions = await egress.log.records("decision", count: 2)
        #expect(decisions.map { $0["decision.outcome"] } == ["allow", "deny"])
        #expect(decisions.last?["decision.reason"] == "second_client_hello_mismatch")
        #expect(await egress.log.records("completion", count: 2).map { $0["ended"] } == ["refused", "refused"])
        await client.close()
        await egress.stop()
        try await server.channel.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a second ClientHello for the same server gets through`() async throws {
        let retry = Self.serverHello(retry: true)
        let server = try await RawServer { _ in retry }
        let egress = try await TestEgress.start(port: server.port)
        let client = try await egress.connect()
        let hello = Hello.named("canary.example.com").bytes
        client.send(hello)
        await client.heard.wait { $0.bytes.count >= retry.count }
        client.send([20, 3, 3, 0, 1, 1] + hello)
        await server.received.wait { $0.count >= 2 * hello.count + 6 }
        await client.close()
        await egress.stop()
        try await server.channel.close()
    }

    // MARK: Workloads of ours

    @Test(.timeLimit(.minutes(1)))
    func `a workload of ours is called with the gateway's SVID, and is who it has to be`() async throws {
        let plain = try await TestEgress.start()
        let authority = plain.authority
        await plain.stop()
        for (path, status) in [("/ns/ml/sa/features", 200), ("/ns/ml/sa/impostor", 502)] {
            let server = try await TestUpstream.start(identity: TestGateway.identity(authority, path))
            guard case .mutualTLS(_, let port, _, _) = server.transport else { return }
            let egress = try await TestEgress.start(port: port, callers: ["trainer", "gateway"], authority: authority)
            let client = try await egress.connect()
            client.send("GET /any HTTP/1.1\r\nHost: features.ml\r\nConnection: close\r\n\r\n")
            #expect(await client.end().text.hasPrefix("HTTP/1.1 \(status) "))
            let decision = try #require(await egress.log.records("decision", count: 1).first)
            #expect(decision["caller.spiffe_id"] == "spiffe://cluster.local/ns/ml/sa/gateway")
            let ended = await egress.log.records("completion", count: 1).first?["ended"]
            #expect(ended == (status == 200 ? "complete" : "upstream_unreachable"))
            #expect(server.received.value.count == (status == 200 ? 1 : 0))
            await client.close()
            await egress.stop()
            await server.stop()
        }
    }

    // MARK: Who calls

    /// Keeps whom it was asked about.
    private struct Watching: LocalCallerAttestor {
        let peers = Observed<[LocalPeer]>([])

        func identities(of peer: LocalPeer) async throws -> [SPIFFEID] {
            peers.update { $0.append(peer) }
            return [try SPIFFEID("spiffe://cluster.local/ns/ml/sa/trainer")]
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the caller is told by the socket that it holds, or by its process`() async throws {
        let server = try await TestUpstream.start()
        guard case .plaintext(_, let port) = server.transport else { return }
        let attestor = Watching()
        let path = FileManager.default.temporaryDirectory.path + "/lapwing-egress-\(getpid()).sock"
        let egress = try await TestEgress.start(
            port: port,
            attestor: attestor,
            listeners: [
                EgressListener(name: "proxy", place: .loopback(address: "127.0.0.1", port: 0, isTransparent: true)),
                EgressListener(name: "socket", place: .unixSocket(path)),
            ]
        )
        var clients: [EgressClient] = []
        for isTCP in [true, false] {
            let client = try await isTCP ? egress.connect() : EgressClient.connect(unixSocket: path)
            client.send("GET /v1/x HTTP/1.1\r\nHost: canary.example.com\r\n\r\n")
            #expect(await client.wait(for: "hello").text.hasSuffix("hello"))
            clients.append(client)
        }
        let peers = attestor.peers.value
        guard case .socket(let inode, let uid)? = peers.first, case .process(let credentials)? = peers.last else {
            Issue.record("the callers were not told apart: \(peers)")
            return
        }
        #expect(uid == geteuid())
        #expect(lapwing_holds_socket(getpid(), inode) == 1)
        #expect(credentials.pid == getpid())
        for client in clients { await client.close() }
        await egress.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
        await server.stop()
    }

    /// Says what it was told to say, or that it does not know.
    private struct Changing: LocalCallerAttestor {
        struct Silent: Error {}
        struct Gone: Error {}
        let answer = Observed<Result<[String], any Error>>(.success(["trainer"]))
        let questions = Observed<Int>(0)
        /// The number of the question whose answer is held back until `isOpen`.
        var heldBack = 0
        let isOpen = Observed<Bool>(false)

        func identities(of peer: LocalPeer) async throws -> [SPIFFEID] {
            // Before anybody hears of the question, and answers otherwise.
            let early = answer.value
            questions.update { $0 += 1 }
            if questions.value == heldBack {
                await isOpen.wait { $0 }
                return try early.get().map { try SPIFFEID("spiffe://cluster.local/ns/ml/sa/\($0)") }
            }
            return try answer.value.get().map { try SPIFFEID("spiffe://cluster.local/ns/ml/sa/\($0)") }
        }

        func isSilence(_ error: any Error) -> Bool { error is Silent }
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["another", "nobody", "gone", "silent"])
    func `a caller that is not any more who it was loses its connection`(now: String) async throws {
        let server = try await RawServer { $0 }
        let attestor = Changing()
        let egress = try await TestEgress.start(port: server.port, attestor: attestor)
        let client = try await egress.connect()
        let hello = Hello.named("canary.example.com").bytes
        client.send(hello)
        await client.heard.wait { $0.bytes.count == hello.count }
        // One more identity takes nothing away, and who cannot be asked for a moment neither.
        attestor.answer.update { $0 = .success(["another", "trainer"]) }
        await egress.server.attestAgain()
        attestor.answer.update { $0 = .failure(Changing.Silent()) }
        async let round: Void = egress.server.attestAgain()
        await attestor.questions.wait { $0 == 3 }
        attestor.answer.update { $0 = .success(["trainer"]) }
        await round
        client.send([23, 3, 3, 0, 1, 42])
        await client.heard.wait { $0.bytes.count == hello.count + 6 }
        attestor.answer.update { answer in
            switch now {
            case "another": answer = .success(["another"])
            case "nobody": answer = .success([])
            case "gone": answer = .failure(Changing.Gone())
            default: answer = .failure(Changing.Silent())
            }
        }
        await egress.server.attestAgain()
        await client.end()
        #expect(await egress.log.records("completion", count: 1).first?["ended"] == "revoked")
        await client.close()
        await egress.stop()
        try await server.channel.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a caller that is let in while everybody is asked again is asked again too`() async throws {
        let server = try await RawServer { $0 }
        let attestor = Changing(heldBack: 1)
        // Nothing else closes the connection while the test lasts.
        let egress = try await TestEgress.start(port: server.port, attestor: attestor) {
            $0.headTimeout = .seconds(600)
        }
        let client = try await egress.connect()
        await attestor.questions.wait { $0 == 1 }
        // Its entry goes while the authority's answer is on its way; the round has nobody to ask about yet.
        attestor.answer.update { $0 = .success(["another"]) }
        await egress.server.attestAgain()
        attestor.isOpen.update { $0 = true }
        #expect(await client.end().bytes.isEmpty)
        #expect(attestor.questions.value == 2)
        await client.close()
        await egress.stop()
        try await server.channel.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a caller that is revoked loses its connection, and gets no other`() async throws {
        let server = try await RawServer { $0 }
        let egress = try await TestEgress.start(port: server.port)
        let client = try await egress.connect()
        let hello = Hello.named("canary.example.com").bytes
        client.send(hello)
        await client.heard.wait { $0.bytes.count == hello.count }
        egress.server.revoke(RevocationSet(ids: [try SPIFFEID("spiffe://cluster.local/ns/ml/sa/another")]))
        client.send([23, 3, 3, 0, 1, 42])
        await client.heard.wait { $0.bytes.count == hello.count + 6 }
        egress.server.revoke(RevocationSet(ids: [try SPIFFEID("spiffe://cluster.local/ns/ml/sa/trainer")]))
        await client.end()
        #expect(await egress.log.records("completion", count: 1).first?["ended"] == "revoked")
        let late = try await egress.connect()
        late.send(hello)
        #expect(await late.end().bytes.isEmpty)
        await client.close()
        await late.close()
        await egress.stop()
        try await server.channel.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a new snapshot is in force for the next request`() async throws {
        try await with { egress, _ in
            let client = try await egress.connect()
            client.send("GET /v1/x HTTP/1.1\r\nHost: canary.example.com\r\n\r\n")
            await client.wait(for: "hello")
            let world = TestEgress.world.replacing("sa/trainer\"]", with: "sa/nobody\"]")
            egress.box.replace(try TestEgress.snapshot(port: 1, world: world))
            client.send("GET /v1/x HTTP/1.1\r\nHost: canary.example.com\r\n\r\n")
            #expect(await client.end().text.contains("HTTP/1.1 403 "))
            await client.close()
        }
    }
}
