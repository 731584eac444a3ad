import MutualTLS
import NIOCore
import ZeroTrust

/// The connection to a target, whose bytes go to the caller's connection and whose caller's bytes come from there.
final class EgressUpstream: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Called once: the other end is reached and verified, or will not be.
    var onReady: ((Bool) -> Void)?
    private(set) var isWritable = true
    private(set) var inputEnded = false
    private weak var client: EgressConnection?
    private var context: ChannelHandlerContext?
    private let isVerified: Bool
    private var readWithheld = false
    private var isClosed = false

    /// A connection that is about to be made; with mutual TLS it is ready once the peer is verified.
    init(client: EgressConnection, isVerified: Bool) {
        self.client = client
        self.isVerified = isVerified
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        if isVerified { tell(isReady: true) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is PeerVerified { return tell(isReady: true) }
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            inputEnded = true
            client?.upstreamEnded(self)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func tell(isReady: Bool) {
        guard let onReady = onReady.take() else { return }
        onReady(isReady)
    }

    /// Whether another request can be sent.
    var isUsable: Bool { !isClosed && !inputEnded && context?.channel.isActive == true }

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
        if isWritable {
            client?.process()
            flush()
            client?.resumeReading()
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: The end

    func channelInactive(context: ChannelHandlerContext) {
        closed(isFailure: false)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        closed(isFailure: true)
        context.close(promise: nil)
    }

    private func closed(isFailure: Bool) {
        guard !isClosed else { return }
        isClosed = true
        // Before it was ready, another address may be tried.
        if onReady != nil { return tell(isReady: false) }
        client?.upstreamClosed(self, isFailure: isFailure)
    }

    /// It could not be reached.
    func failed() { closed(isFailure: true) }

    /// Sends no more; the other end may.
    func endOutput() {
        flush()
        context?.close(mode: .output, promise: nil)
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        onReady = nil
        context?.close(promise: nil)
    }
}
