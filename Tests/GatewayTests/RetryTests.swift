import Authorization
import Foundation
import Logging
import MutualTLS
import NIOCore
import NIOEmbedded
import SPIFFE
import Synchronization
import TestIdentities
import Testing
import ZeroTrust

@testable import AuditLog
@testable import Gateway

/// A request is sent again only where not a byte of it had left.
@Suite(.timeLimit(.minutes(5))) struct RetryTests {
    /// A log whose records are durable when it says so, on the test's own thread.
    final class ManualLog: RecordLog {
        private struct State {
            var count: UInt64 = 0
            var durable: UInt64 = 0
            var watchers: [DurabilityWatcher] = []
            var entries: [FakeLog.Entry] = []
        }

        private let state = Mutex(State())

        /// The records, in the order in which they came.
        var entries: [FakeLog.Entry] { state.withLock { $0.entries } }

        func append(_ entry: [UInt8]) -> UInt64 {
            state.withLock { state in
                defer { state.count += 1 }
                state.entries.append(FakeLog.Entry(text: String(decoding: entry, as: UTF8.self)))
                return state.count
            }
        }

        func append(
            _ entry: [UInt8],
            immediately: Bool,
            onDurable: @escaping @Sendable (Result<UInt64, AuditLogError>) -> Void
        ) {
            onDurable(.success(append(entry)))
        }

        var durable: UInt64 { state.withLock { $0.durable } }
        var hasFailed: Bool { false }
        func watch(_ watcher: DurabilityWatcher) { state.withLock { $0.watchers.append(watcher) } }

        func release() {
            let (durable, watchers) = state.withLock { state in
                state.durable = state.count
                return (state.durable, state.watchers)
            }
            for watcher in watchers { watcher.tell(durable: durable, hasFailed: false) }
        }

        var stats: LogStats { LogStats() }
    }

    /// A transport whose channel can close before anybody hears of it; nothing leaves from then on.
    final class QuietTransport: ChannelDuplexHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundIn = ByteBuffer
        private var isQuiet = false

        func channelInactive(context: ChannelHandlerContext) {
            if !isQuiet { context.fireChannelInactive() }
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            guard isQuiet else { return context.write(data, promise: promise) }
            promise?.fail(ChannelError.ioOnClosedChannel)
        }

        func close(_ channel: EmbeddedChannel) {
            isQuiet = true
            channel.close(promise: nil)
        }
    }

    /// A gateway's parts around one client and some upstream connections, on a loop that the test turns.
    struct Bench {
        let loop = EmbeddedEventLoop()
        let log = ManualLog()
        let worker: Worker
        let client: EmbeddedChannel
        var upstreams: [(channel: EmbeddedChannel, transport: QuietTransport)] = []

        init(upstreams count: Int) throws {
            let authority = try TestAuthority.root("cluster.local", now: Date())
            var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            logger.logLevel = .critical
            let context = GatewayContext(
                snapshot: GatewaySnapshot(
                    GatewayConfiguration(
                        name: "g",
                        workload: .init(namespace: "ml-inference", labels: ["app": "inference-service"]),
                        listeners: [],
                        upstreams: [
                            Upstream(
                                name: "u",
                                transport: .unixSocket("/u"),
                                maximumConnections: count,
                                maximumWaiting: 0
                            )
                        ],
                        routes: [Route(name: "all", upstream: "u")]
                    ),
                    policy: try TestGateway.snapshot(TestGateway.policy)
                ),
                identity: try TestGateway.identity(authority, "/ns/ml-inference/sa/inference-service"),
                log: log,
                logger: logger,
                node: "node-1",
                workerCount: 1,
                descriptors: DescriptorBudget(descriptors: 1024)
            )
            worker = Worker(eventLoop: loop, context: context)
            client = EmbeddedChannel(
                handler: ClientConnection(
                    worker: worker,
                    listener: ListenerState(Listener(address: "127.0.0.1", port: 0))
                ),
                loop: loop
            )
            client.localAddress = try SocketAddress(ipAddress: "127.0.0.1", port: 8443)
            client.remoteAddress = try SocketAddress(ipAddress: "127.0.0.1", port: 50000)
            let verifier = PeerVerifier(bundles: [authority.trustDomain: authority.bundle])
            guard case .verified(let peer) = verifier.verify(chain: try authority.leaf().der) else {
                throw ChannelError.inappropriateOperationForState
            }
            client.pipeline.fireUserInboundEventTriggered(
                PeerVerified(peer: peer, tlsVersion: "TLSv1.3", cipher: "", serverName: nil)
            )
            for _ in 0..<count {
                let transport = QuietTransport()
                worker.current.pools[0].reserve()
                let connection = UpstreamConnection(pool: worker.current.pools[0], isVerified: true)
                let channel = EmbeddedChannel(handlers: [transport, connection], loop: loop)
                try channel.connect(to: SocketAddress(unixDomainSocketPath: "/u")).wait()
                upstreams.append((channel, transport))
            }
        }

        /// Closes an upstream connection, of which it hears only when the loop has turned.
        func close(_ index: Int) { upstreams[index].transport.close(upstreams[index].channel) }

        /// Sends a request; returns which upstream connection it came out of.
        func send(_ text: String) throws -> Int? {
            try client.writeInbound(ByteBuffer(string: text))
            log.release()
            loop.run()
            return try upstreams.firstIndex { try $0.channel.readOutbound(as: ByteBuffer.self) != nil }
        }

        /// Lets an upstream connection answer; returns what the client got.
        func answer(_ index: Int, _ text: String = TestUpstream.ok) throws -> String {
            try upstreams[index].channel.writeInbound(ByteBuffer(string: text))
            return try heard()
        }

        func heard() throws -> String {
            log.release()
            loop.run()
            var text = ""
            while let bytes = try client.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
            return text
        }
    }

    @Test func `a small request and its answer leave in one write each`() throws {
        let bench = try Bench(upstreams: 1)
        for _ in 0..<2 {
            try bench.client.writeInbound(ByteBuffer(string: TestGateway.post("/v1/predict", "body")))
            let request = try #require(try bench.upstreams[0].channel.readOutbound(as: ByteBuffer.self))
            #expect(String(buffer: request).hasSuffix("\r\n\r\nbody"))
            #expect(try bench.upstreams[0].channel.readOutbound(as: ByteBuffer.self) == nil)
            bench.log.release()
            bench.loop.run()
            try bench.upstreams[0].channel.writeInbound(ByteBuffer(string: TestUpstream.ok))
            let response = try #require(try bench.client.readOutbound(as: ByteBuffer.self))
            #expect(String(buffer: response).hasSuffix("\r\n\r\nhello"))
            #expect(try bench.client.readOutbound(as: ByteBuffer.self) == nil)
        }
    }

    @Test func `what was held leaves first where the record becomes durable before anybody is called`() throws {
        let bench = try Bench(upstreams: 1)
        try bench.client.writeInbound(ByteBuffer(string: TestGateway.post()))
        _ = try #require(try bench.upstreams[0].channel.readOutbound(as: ByteBuffer.self))
        let upstream = bench.upstreams[0].channel
        try upstream.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nfirst "))
        #expect(try bench.client.readOutbound(as: ByteBuffer.self) == nil, "no answer leaves before its record")
        // The log has it now, and the loop has not come round yet.
        bench.log.release()
        try upstream.writeInbound(ByteBuffer(string: "second"))
        let heard = try bench.heard()
        #expect(heard.hasPrefix("HTTP/1.1 200 OK\r\n") && heard.hasSuffix("\r\n\r\nfirst second"), "\(heard)")
    }

    @Test func `a request goes to another connection where the one that was reused is closed already`() throws {
        let bench = try Bench(upstreams: 2)
        let first = try #require(try bench.send(TestGateway.post()))
        #expect(try bench.answer(first).hasPrefix("HTTP/1.1 200"))
        bench.close(first)
        let second = try #require(try bench.send(TestGateway.post()))
        #expect(second != first)
        #expect(try bench.answer(second).hasPrefix("HTTP/1.1 200"))
        #expect(bench.worker.metrics.upstreamRetries == 1)
    }

    @Test func `a request is not sent again where something may have left`() throws {
        let bench = try Bench(upstreams: 2)
        let first = try #require(try bench.send(TestGateway.post()))
        _ = try bench.answer(first)
        let second = try #require(try bench.send(TestGateway.post()))
        #expect(second == first)
        bench.upstreams[first].channel.pipeline.fireChannelInactive()
        #expect(try bench.heard().hasPrefix("HTTP/1.1 502"))
        #expect(bench.worker.metrics.upstreamRetries == 0)
    }

    @Test func `a new connection that fails is not tried again`() throws {
        let bench = try Bench(upstreams: 1)
        bench.close(0)
        #expect(try bench.send(TestGateway.post()) == nil)
        #expect(try bench.heard().hasPrefix("HTTP/1.1 502"))
        #expect(bench.worker.metrics.upstreamRetries == 0)
    }

    @Test func `a request is sent again once, not for ever`() throws {
        let bench = try Bench(upstreams: 2)
        let first = try #require(try bench.send(TestGateway.post()))
        _ = try bench.answer(first)
        for index in bench.upstreams.indices { bench.close(index) }
        #expect(try bench.send(TestGateway.post()) == nil)
        #expect(try bench.heard().hasPrefix("HTTP/1.1 502"))
        #expect(bench.worker.metrics.upstreamRetries == 1)
    }

    @Test func `a request that goes to no other connection names no model that has not answered it`() throws {
        let bench = try Bench(upstreams: 1)
        let claim = try FakeModels.claim("a")
        let connection = try bench.upstreams[0].channel.pipeline.syncOperations.handler(type: UpstreamConnection.self)
        connection.model = UpstreamModel(claim: claim, changes: 0)
        _ = try bench.answer(try #require(try bench.send(TestGateway.post())))
        bench.close(0)
        // There is room for no other connection.
        bench.worker.current.pools[0].reserve()
        #expect(try bench.send(TestGateway.post()) == nil)
        #expect(try bench.heard().hasPrefix("HTTP/1.1 503"))
        let records = bench.log.entries.filter { $0["kind"] == "completion" }
        #expect(records.map { $0["response.model.digest"] } == [claim.digest, nil])
        #expect(records.last?["ended"] == "upstream_unreachable")
    }

    static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"

    @Test(arguments: [true, false])
    func `an upstream that closes after a chunked answer gets no other request on such a connection`(
        isIdle: Bool
    ) throws {
        let bench = try Bench(upstreams: 3)
        let first = try #require(try bench.send(TestGateway.post()))
        #expect(try bench.answer(first, Self.chunked).hasPrefix("HTTP/1.1 200"))
        if !isIdle {
            // The request was on its way when the upstream closed: nobody knows whether it was read.
            #expect(try bench.send(TestGateway.post()) == first)
        }
        bench.upstreams[first].channel.pipeline.fireChannelInactive()
        // The failure closes the client's connection no more than another answer of ours does.
        if !isIdle { #expect(try bench.heard().hasPrefix("HTTP/1.1 502")) }
        let second = try #require(try bench.send(TestGateway.post()))
        #expect(try bench.answer(second, Self.chunked).hasPrefix("HTTP/1.1 200"))
        #expect(!bench.upstreams[second].channel.isActive)
        // What has a length is no such answer.
        let third = try #require(try bench.send(TestGateway.post()))
        _ = try bench.answer(third)
        #expect(bench.upstreams[third].channel.isActive)
        #expect(try bench.send(TestGateway.post()) == third)
    }

    @Test func `a connection that is closed after an answer with a length teaches nothing`() throws {
        let bench = try Bench(upstreams: 2)
        let first = try #require(try bench.send(TestGateway.post()))
        _ = try bench.answer(first)
        bench.upstreams[first].channel.pipeline.fireChannelInactive()
        let second = try #require(try bench.send(TestGateway.post()))
        _ = try bench.answer(second, Self.chunked)
        #expect(bench.upstreams[second].channel.isActive)
        #expect(try bench.send(TestGateway.post()) == second)
    }
}
