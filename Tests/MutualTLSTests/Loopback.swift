import MutualTLS
import NIOCore
import NIOPosix
import NIOSSL
import SPIFFE
import Synchronization
import TestIdentities
import X509
import ZeroTrust

/// A server on a loopback socket that answers each line with the name of whoever sent it.
final class LoopbackServer: Sendable {
    let address: SocketAddress
    private let channel: any Channel
    private let log: Log

    /// What the server saw, in order.
    final class Log: Sendable {
        enum Event: Sendable {
            case verified(PeerVerified)
            case opened(PlaintextOpened)
            case refused(RefusedConnection)
        }

        private struct State {
            var events: [Event] = []
            var waiting: [(number: Int, continuation: CheckedContinuation<Event?, Never>)] = []
            /// How many have waited.
            var count = 0
        }

        /// Guards the events that nobody took yet and the tests that wait for one.
        private let state = Mutex(State())

        func note(_ event: Event) {
            let waiting: CheckedContinuation<Event?, Never>? = state.withLock { state in
                guard state.waiting.isEmpty else { return state.waiting.removeFirst().continuation }
                state.events.append(event)
                return nil
            }
            waiting?.resume(returning: event)
        }

        /// The next event, once it happens; nil where the test's time is over before.
        func next() async -> Event? {
            let number = state.withLock { state in
                state.count += 1
                return state.count
            }
            return await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let (event, isOver) = state.withLock { state -> (Event?, Bool) in
                        guard state.events.isEmpty else { return (state.events.removeFirst(), true) }
                        guard !Task.isCancelled else { return (nil, true) }
                        state.waiting.append((number, continuation))
                        return (nil, false)
                    }
                    if isOver { continuation.resume(returning: event) }
                }
            } onCancel: {
                let waiting = state.withLock { state in
                    state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0).continuation }
                }
                waiting?.resume(returning: nil)
            }
        }
    }

    private init(channel: any Channel, address: SocketAddress, log: Log) {
        self.channel = channel
        self.address = address
        self.log = log
    }

    /// Starts a server; `watching` sees each event that passes between TLS and the gate behind it.
    static func start(
        _ identity: TLSIdentity,
        admitting admission: Admission = .mutualTLS,
        carrying carriage: Carriage = .http,
        watching: (@Sendable (Any) -> Void)? = nil
    ) async throws -> LoopbackServer {
        let log = Log()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var handlers = try identity.serverHandlers(admitting: admission, carrying: carriage) {
                        log.note(.refused($0))
                    }
                    if let watching { handlers.insert(Watch(watching), at: handlers.count - 1) }
                    try channel.pipeline.syncOperations.addHandlers(handlers)
                    try channel.pipeline.syncOperations.addHandler(Echo(log: log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
        return LoopbackServer(channel: channel, address: address, log: log)
    }

    func next() async -> Log.Event? { await log.next() }

    /// The next event, which has to be a refusal.
    func nextRefusal() async -> RefusedConnection? {
        if case .refused(let refused) = await log.next() { refused } else { nil }
    }

    /// The next event, which has to be a verified peer.
    func nextPeer() async -> PeerVerified? {
        if case .verified(let verified) = await log.next() { verified } else { nil }
    }

    func stop() async throws { try await channel.close() }

    private final class Watch: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let watching: @Sendable (Any) -> Void

        init(_ watching: @escaping @Sendable (Any) -> Void) { self.watching = watching }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            watching(event)
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Answers every byte with the peer's ID and a line feed.
    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let log: Log
        private var peer: Peer?

        init(log: Log) { self.log = log }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let verified = event as? PeerVerified {
                peer = verified.peer
                log.note(.verified(verified))
            }
            if let opened = event as? PlaintextOpened { log.note(.opened(opened)) }
            context.fireUserInboundEventTriggered(event)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            for _ in unwrapInboundIn(data).readableBytesView {
                let answer = context.channel.allocator.buffer(string: (peer.map { "\($0.id)" } ?? "nobody") + "\n")
                context.write(wrapOutboundOut(answer), promise: nil)
            }
            context.flush()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

/// One connection to a server, by which a test asks who the server thinks that it is.
final class LoopbackClient: Sendable {
    let channel: any Channel
    let verified: EventLoopFuture<PeerVerified>
    private let asker: NIOLoopBound<Asker>

    private init(channel: any Channel, asker: Asker, verified: EventLoopFuture<PeerVerified>) {
        self.channel = channel
        self.asker = NIOLoopBound(asker, eventLoop: channel.eventLoop)
        self.verified = verified
    }

    /// Connects as an identity of this module.
    static func connect(
        _ identity: TLSIdentity,
        to address: SocketAddress,
        expecting id: SPIFFEID,
        serverName: String? = nil,
        onRefusal: @escaping @Sendable (RefusedConnection) -> Void = { _ in }
    ) async throws -> LoopbackClient {
        try await connect(to: address) {
            try identity.clientHandlers(expecting: id, serverName: serverName, onRefusal: onRefusal)
        }
    }

    /// Connects with any handlers in front.
    static func connect(
        to address: SocketAddress,
        _ handlers: @escaping @Sendable () throws -> [any ChannelHandler]
    ) async throws -> LoopbackClient {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(to: address) { channel in
            channel.eventLoop.makeCompletedFuture {
                let front = try handlers()
                let verified = channel.eventLoop.makePromise(of: PeerVerified.self)
                let asker = Asker(verified: verified)
                try channel.pipeline.syncOperations.addHandlers(front)
                try channel.pipeline.syncOperations.addHandler(asker)
                return LoopbackClient(channel: channel, asker: asker, verified: verified.futureResult)
            }
        }
    }

    /// What the server answers to one byte; nil where it closes instead.
    func ask() async throws -> String? {
        let (asker, channel) = (asker, channel)
        return try await withTaskCancellationHandler {
            try await channel.eventLoop.flatSubmit { asker.value.ask(channel) }.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    /// What the server answers once, and the end of the connection; nil where it refuses.
    func answer() async throws -> String? {
        let answer = try await ask()
        try? await channel.close()
        return answer
    }

    private final class Asker: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let verified: EventLoopPromise<PeerVerified>
        private var line = ""
        private var waiting: [EventLoopPromise<String?>] = []
        private var closed = false

        init(verified: EventLoopPromise<PeerVerified>) { self.verified = verified }

        func ask(_ channel: any Channel) -> EventLoopFuture<String?> {
            let promise = channel.eventLoop.makePromise(of: String?.self)
            if closed {
                promise.succeed(nil)
            } else {
                waiting.append(promise)
                channel.writeAndFlush(ByteBuffer(string: "?"), promise: nil)
            }
            return promise.futureResult
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            line += String(buffer: unwrapInboundIn(data))
            while let end = line.firstIndex(of: "\n"), !waiting.isEmpty {
                waiting.removeFirst().succeed(String(line[..<end]))
                line.removeSubrange(...end)
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? PeerVerified { verified.succeed(event) }
            context.fireUserInboundEventTriggered(event)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func channelInactive(context: ChannelHandlerContext) {
            closed = true
            verified.fail(ChannelError.eof)
            for promise in waiting { promise.succeed(nil) }
            waiting = []
            context.fireChannelInactive()
        }
    }
}

/// A client that knows no SPIFFE: it shows whatever certificate it is given and believes any server.
enum PlainTLSClient {
    static func handlers(
        showing leaf: TestLeaf?,
        minimum: TLSVersion = .tlsv13,
        maximum: TLSVersion? = nil
    ) throws -> [any ChannelHandler] {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = minimum
        configuration.maximumTLSVersion = maximum
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates([])
        if let leaf {
            configuration.certificateChain = try leaf.der.map {
                .certificate(try NIOSSLCertificate(bytes: $0, format: .der))
            }
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: PrivateKeyDER.encode(leaf.key), format: .der)
            )
        }
        return [
            try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: nil) {
                $1.succeed(.certificateVerified)
            }
        ]
    }
}
