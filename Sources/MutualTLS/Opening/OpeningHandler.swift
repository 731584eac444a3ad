import NIOCore
import SPIFFE

/// Stands in front of a listener that lets plaintext in, holds the first bytes until they tell what the connection is,
/// and leaves: TLS gets its handlers, and plaintext is announced as such.
///
/// What does not tell in time, or is not let in, is closed and told to `onRefusal`, once.
final class OpeningHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let admission: Admission
    private let carriage: Carriage
    private let timeout: TimeAmount
    /// The handlers of a connection that is TLS.
    private let makeTLS: () throws -> [any ChannelHandler]
    private let onRefusal: @Sendable (RefusedConnection) -> Void
    private var reader = OpeningReader()
    private var held = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var remoteAddress: SocketAddress?
    private var isOver = false

    init(
        _ admission: Admission,
        _ carriage: Carriage,
        timeout: TimeAmount,
        makeTLS: @escaping () throws -> [any ChannelHandler],
        onRefusal: @escaping @Sendable (RefusedConnection) -> Void
    ) {
        self.admission = admission
        self.carriage = carriage
        self.timeout = timeout
        self.makeTLS = makeTLS
        self.onRefusal = onRefusal
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        begin(context)
    }

    private func begin(_ context: ChannelHandlerContext) {
        remoteAddress = context.remoteAddress
        // To a port that carries anything, bytes that look like TLS are bytes like any others.
        if admission == .plaintext, carriage == .opaque { return open(context, isHTTP2: false) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: timeout) {
            let (handler, context) = bound.value
            handler.timedOut(context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        var bytes = unwrapInboundIn(data)
        let opening = reader.read(bytes.readableBytesView)
        if held.readableBytes == 0 { held = bytes } else { held.writeBuffer(&bytes) }
        switch opening {
        case nil: return
        case .tls: openTLS(context)
        case .http2: open(context, isHTTP2: carriage == .http2)
        case .other: open(context, isHTTP2: false)
        }
    }

    private func openTLS(_ context: ChannelHandlerContext) {
        guard admission != .plaintext else {
            return refuse(context, TransportRefusal.tlsNotSpoken.refusal("the listener speaks no TLS"))
        }
        isOver = true
        deadline?.cancel()
        do {
            try context.pipeline.syncOperations.addHandlers(makeTLS(), position: .after(self))
        } catch {
            isOver = false
            return refuse(context, TransportRefusal.handshakeFailed.refusal("the TLS handshake cannot begin"))
        }
        leave(context)
    }

    private func open(_ context: ChannelHandlerContext, isHTTP2: Bool, then event: ChannelEvent? = nil) {
        guard !isOver else { return }
        isOver = true
        deadline?.cancel()
        context.fireUserInboundEventTriggered(PlaintextOpened(isHTTP2: isHTTP2))
        leave(context, then: event)
    }

    private func leave(_ context: ChannelHandlerContext, then event: ChannelEvent? = nil) {
        let bytes = held
        held = ByteBuffer()
        if bytes.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelReadComplete()
        }
        if let event { context.fireUserInboundEventTriggered(event) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    /// A client of a protocol in which the server speaks first says nothing; one of HTTP has nothing to wait for.
    private func timedOut(_ context: ChannelHandlerContext) {
        if carriage == .opaque { return open(context, isHTTP2: false) }
        refuse(context, TransportRefusal.openingTimeout.refusal("the first bytes did not come in time"))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent, !isOver else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard held.readableBytes > 0, carriage == .opaque else { return refuse(context, Self.aborted) }
        open(context, isHTTP2: false, then: .inputClosed)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isOver else { return context.fireErrorCaught(error) }
        refuse(context, Self.aborted)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOver { refuse(context, Self.aborted) }
        context.fireChannelInactive()
    }

    private static var aborted: PeerRefusal {
        TransportRefusal.handshakeAborted.refusal("the connection was closed before it said anything")
    }

    private func refuse(_ context: ChannelHandlerContext, _ refusal: PeerRefusal) {
        guard !isOver else { return }
        isOver = true
        deadline?.cancel()
        held = ByteBuffer()
        onRefusal(RefusedConnection(refusal: refusal, remoteAddress: remoteAddress, serverName: nil))
        context.close(promise: nil)
    }
}
