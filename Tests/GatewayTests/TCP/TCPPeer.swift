import Foundation
import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE
import ZeroTrust

@testable import Gateway

/// One end of a connection without HTTP, as a test scripts it: it keeps what it hears, and each side can end first.
final class TCPPeer: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    /// What came so far.
    struct Heard: Sendable {
        var count = 0
        /// The beginning of what came.
        var text = ""
        /// All that came.
        var bytes = ByteBuffer()
        /// The other end sends no more.
        var isEnded = false
        var isClosed = false
        /// Who the other end is, where it proved that.
        var peer: Peer?
        var isOpen = false
        /// The connection broke, or its end was not said, as TLS has it.
        var isTruncated = false
    }

    let heard = Observed(Heard())
    private let channelBox = Observed<(any Channel)?>(nil)
    private let greeting: String?
    private let endsBack: Bool

    /// A peer that may speak first, and may end when the other end has.
    init(greeting: String? = nil, endsBack: Bool = false) {
        self.greeting = greeting
        self.endsBack = endsBack
    }

    func handlerAdded(context: ChannelHandlerContext) {
        channelBox.update { $0 = context.channel }
        if context.channel.isActive { opened(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        opened(context)
        context.fireChannelActive()
    }

    private func opened(_ context: ChannelHandlerContext) {
        heard.update { $0.isOpen = true }
        // Over TLS it is written once the handshake is over.
        if let greeting { context.writeAndFlush(NIOAny(ByteBuffer(string: greeting)), promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let verified = event as? PeerVerified { heard.update { $0.peer = verified.peer } }
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            heard.update { $0.isEnded = true }
            if endsBack { context.close(mode: .output, promise: nil) }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        heard.update { heard in
            heard.bytes.writeImmutableBuffer(bytes)
            heard.count += bytes.readableBytes
            if heard.text.utf8.count < 4096 { heard.text += String(buffer: bytes) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        heard.update { $0.isTruncated = true }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Where we have ended before, the other end's end closes the connection, and is not told apart.
        heard.update { heard in
            heard.isClosed = true
            heard.isEnded = heard.isEnded || !heard.isTruncated
        }
        context.fireChannelInactive()
    }

    // MARK: What a test has it do

    /// The connection, once there is one.
    func channel() async throws -> any Channel {
        guard let channel = await channelBox.wait(where: { $0 != nil }) else { throw ChannelError.ioOnClosedChannel }
        return channel
    }

    func send(_ text: String) async throws {
        try await channel().writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    /// Sends no more.
    func end() async throws { try await channel().close(mode: .output, promise: nil) }

    func close() async { try? await channelBox.value?.close() }

    /// Closes the connection below TLS, which does not hear of it.
    func cut() async throws { try await channel().triggerUserOutboundEvent(Cut()).get() }

    private struct Cut: Sendable {}

    private final class Cutter: ChannelOutboundHandler, Sendable {
        typealias OutboundIn = ByteBuffer

        func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
            guard event is Cut else { return context.triggerUserOutboundEvent(event, promise: promise) }
            context.close(promise: promise)
        }
    }

    /// Sends so many bytes, a piece after each piece that left.
    func pour(_ count: Int, _ sent: Observed<ByteBuffer>) async throws {
        Self.pour(count, into: try await channel(), sent)
    }

    private static let pattern = ByteBuffer(bytes: (0..<65536).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })

    private static func pour(_ left: Int, into channel: any Channel, _ sent: Observed<ByteBuffer>) {
        guard left > 0 else { return }
        // Each piece other than the one before.
        var bytes = ByteBuffer(integer: UInt64(left))
        bytes.writeImmutableBuffer(pattern)
        guard let piece = bytes.readSlice(length: min(left, bytes.readableBytes)) else { return }
        channel.writeAndFlush(piece).whenSuccess {
            sent.update { $0.writeImmutableBuffer(piece) }
            pour(left - piece.readableBytes, into: channel, sent)
        }
    }

    /// Waits for text.
    @discardableResult
    func wait(for text: String) async -> Heard {
        await heard.wait { $0.text.contains(text) || $0.isEnded || $0.isClosed }
    }

    /// Waits until the other end sends no more, and closes the connection.
    @discardableResult
    func closed() async -> Heard {
        let heard = await heard.wait { $0.isClosed || $0.isEnded }
        await close()
        return heard
    }

    /// Connects a client by mutual TLS, or without TLS where it has no identity.
    static func connect(
        to port: Int,
        at address: String = "127.0.0.1",
        as identity: TLSIdentity? = nil,
        expecting id: SPIFFEID? = nil,
        serverName: String? = nil,
        autoRead: Bool = true
    ) async throws -> TCPPeer {
        let peer = TCPPeer()
        _ = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: autoRead || identity != nil)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let identity, let id {
                        try channel.pipeline.syncOperations.addHandler(Cutter())
                        try channel.pipeline.syncOperations.addHandlers(
                            identity.clientHandlers(expecting: id, serverName: serverName, carrying: .opaque)
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(peer)
                }
            }
            .connect(host: address, port: port).get()
        if identity != nil {
            await peer.heard.wait { $0.peer != nil || $0.isClosed }
            if !autoRead { try await peer.channel().setOption(.autoRead, value: false).get() }
        }
        return peer
    }
}

/// A server without HTTP, whose connections a test scripts.
final class TCPServer: Sendable {
    let transport: Upstream.Transport
    private let channel: any Channel
    private let peers: Observed<[TCPPeer]>

    private init(_ channel: any Channel, _ transport: Upstream.Transport, _ peers: Observed<[TCPPeer]>) {
        self.channel = channel
        self.transport = transport
        self.peers = peers
    }

    /// The connections so far.
    var accepted: [TCPPeer] { peers.value }

    /// The connection of this number, once it is there.
    func peer(_ index: Int) async -> TCPPeer { await peers.wait { $0.count > index }[index] }

    static func start(
        greeting: String? = nil,
        endsBack: Bool = false,
        unixSocket: String? = nil,
        identity: TLSIdentity? = nil,
        autoRead: Bool = true
    ) async throws -> TCPServer {
        let peers = Observed<[TCPPeer]>([])
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.autoRead, value: autoRead)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let identity {
                        try channel.pipeline.syncOperations.addHandlers(
                            identity.serverHandlers(carrying: .opaque) { _ in }
                        )
                    }
                    let peer = TCPPeer(greeting: greeting, endsBack: endsBack)
                    try channel.pipeline.syncOperations.addHandler(peer)
                    peers.update { $0.append(peer) }
                }
            }
        if let unixSocket {
            let channel = try await bootstrap.bind(unixDomainSocketPath: unixSocket).get()
            return TCPServer(channel, .unixSocket(unixSocket), peers)
        }
        let channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        let transport: Upstream.Transport =
            if let identity {
                .mutualTLS(host: "127.0.0.1", port: port, id: identity.svid.id, serverName: nil)
            } else {
                .plaintext(address: "127.0.0.1", port: port)
            }
        return TCPServer(channel, transport, peers)
    }

    func stop() async {
        try? await channel.close()
        for peer in accepted { await peer.close() }
    }
}
