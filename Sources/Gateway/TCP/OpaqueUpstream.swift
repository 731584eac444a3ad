import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE

/// The connection to an upstream whose bytes nobody here reads: they go to one client, and that client's come from there.
final class OpaqueUpstream: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var isWritable = true
    /// Whether the upstream has said everything.
    private(set) var inputEnded = false
    /// Who is at the other end, where it had to prove that.
    private(set) var peer: Peer?
    private weak var client: OpaqueConnection?
    private var context: ChannelHandlerContext?
    private let isVerified: Bool
    private var isReady = false
    private var readWithheld = false
    /// The end of what we send, once that was asked for.
    private var output: EventLoopFuture<Void>?
    private var isClosed = false

    /// A connection that is about to be made; with mutual TLS it is ready once the peer is verified.
    init(client: OpaqueConnection, isVerified: Bool) {
        self.client = client
        self.isVerified = isVerified
    }

    /// Begins to reach the upstream; the client is told what came of it.
    func connect(to upstream: Upstream, as identity: TLSIdentity, on eventLoop: any EventLoop) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(upstream.connectTimeout))
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if case .mutualTLS(_, _, let id, let serverName) = upstream.transport {
                        try pipeline.addHandlers(
                            identity.clientHandlers(expecting: id, serverName: serverName, carrying: .opaque) {
                                bound.value.closed(because: $0.refusal.code)
                            }
                        )
                    }
                    try pipeline.addHandler(bound.value)
                }
            }
        let future =
            switch upstream.transport {
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            case .mutualTLS(let host, let port, _, _): bootstrap.connect(host: host, port: port)
            case .plaintext(let address, let port): bootstrap.connect(host: address, port: port)
            }
        future.whenFailure { bound.value.closed(because: "\($0)") }
    }

    // MARK: Becoming ready

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // Given up before it was reached.
        if isClosed { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        if isVerified { becomeReady() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let verified as PeerVerified:
            peer = verified.peer
            becomeReady()
        case ChannelEvent.inputClosed:
            inputEnded = true
            client?.upstreamEnded(self)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func becomeReady() {
        guard !isReady, !isClosed else { return }
        isReady = true
        client?.upstreamReady(self)
    }

    // MARK: Bytes

    func read(context: ChannelHandlerContext) {
        if client?.isWritable ?? true { context.read() } else { readWithheld = true }
    }

    /// Reads on, once there is room for what comes.
    func resumeReading() {
        guard readWithheld, client?.isWritable ?? true else { return }
        readWithheld = false
        context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        client?.upstreamRead(unwrapInboundIn(data), from: self)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        client?.flush()
    }

    func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

    func flush() { context?.flush() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable { client?.resumeReading() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: The end

    /// Sends no more; the other end may.
    ///
    /// - Returns: what completes once everything has left; nil where the connection is gone.
    @discardableResult
    func endOutput() -> EventLoopFuture<Void>? {
        guard output == nil, let context else { return output }
        let promise = context.eventLoop.makePromise(of: Void.self)
        output = promise.futureResult
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // After what was written: TLS ends altogether where the other end has ended before, and drops what waits.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            bound.value.close(mode: .output, promise: promise)
        }
        return output
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Where we have ended before, the other end's end closes the connection, and is not told apart.
        closed(because: inputEnded || output != nil ? nil : "the connection was closed")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An end that was not said may be a cut: it is no end.
        closed(because: "\(error)")
        context.close(promise: nil)
    }

    private func closed(because reason: String?) {
        guard !isClosed else { return }
        isClosed = true
        client?.upstreamClosed(self, because: reason)
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        context?.close(promise: nil)
    }
}
