import MutualTLS
import NIOCore
import SPIFFE
import ZeroTrust

/// A connection to an upstream, which carries one request after the other.
///
/// What the upstream says is read as strictly as what a client says; a connection on which anything is amiss, or on
/// which bytes come that nobody asked for, is never used again.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case connecting
        case idle
        /// A request is being sent, and its response awaited.
        case head(Pipeline)
        case body(Pipeline)
        case closed
    }

    /// When the connection was last free.
    var idleSince = NIODeadline.distantFuture
    /// Who is at the other end, where it had to prove that.
    private(set) var peer: Peer?
    /// The model that it was proved to have loaded, where it has to.
    var model: UpstreamModel?
    private(set) var isWritable = true
    private let pool: UpstreamPool
    private var isVerified: Bool
    private var phase = Phase.connecting
    private var context: ChannelHandlerContext?
    private var scanner = ResponseScanner(limits: HTTP1Limits(headBytes: 64 * 1024, fields: 200))
    private var body: BodyScanner?
    private var framing = MessageFraming.none
    private var keepsAlive = true
    private var inbox = ByteBuffer()
    private var requests = 0
    /// When what is being processed came: the clock is read once for all of it.
    private var readAt = NIODeadline.distantPast
    private var needsFlush = false
    private var isRequestWhole = false
    private var readWithheld = false
    /// When a chunked answer was whole after which the connection is to be used again.
    private var chunksEndedAt: NIODeadline?

    /// A connection that is about to be made; with TLS it is verified later.
    init(pool: UpstreamPool, isVerified: Bool) {
        self.pool = pool
        self.isVerified = isVerified
    }

    /// Whether a request can be sent.
    ///
    /// One that is closed is not idle: its handlers hear of it before anybody else comes to run.
    var isUsable: Bool { if case .idle = phase { true } else { false } }

    // MARK: Becoming usable

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        failed("the connection was closed")
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        if isVerified { becomeUsable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? PeerVerified else { return context.fireUserInboundEventTriggered(event) }
        peer = event.peer
        isVerified = true
        becomeUsable()
    }

    private func becomeUsable() {
        guard case .connecting = phase else { return }
        phase = .idle
        pool.connected(self)
    }

    // MARK: Sending

    /// Takes a request's turn.
    func attach(_ pipeline: Pipeline) {
        phase = .head(pipeline)
        scanner.reset()
        scanner.allowsSwitch = pipeline.wanted?.switchesProtocol == true
        body = nil
        isRequestWhole = false
        requests += 1
    }

    /// Sends a head and what of the body was copied behind it; at once where it is all.
    func send(head: ByteBuffer, isWhole: Bool) {
        guard let context else { return }
        // Where the channel was closed before anybody here heard of it, not a byte leaves, so that any request may be
        // sent again elsewhere, if everything is in this one buffer.
        guard requests > 1, isWhole, !context.channel.isActive, case .head(let pipeline) = phase else {
            return send(head)
        }
        phase = .closed
        pool.removed(self)
        pipeline.retry(head)
    }

    func send(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
        needsFlush = true
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    /// The request is sent whole.
    func requestEnded() {
        isRequestWhole = true
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable, let pipeline { pipeline.upstreamWritable() }
        context.fireChannelWritabilityChanged()
    }

    private var pipeline: Pipeline? {
        switch phase {
        case .head(let pipeline), .body(let pipeline): pipeline
        default: nil
        }
    }

    // MARK: Receiving

    func read(context: ChannelHandlerContext) {
        if pipeline?.canTakeResponse ?? true { context.read() } else { readWithheld = true }
    }

    /// Reads on, once there is room for what comes.
    func resumeReading() {
        guard readWithheld, pipeline?.canTakeResponse ?? true else { return }
        readWithheld = false
        context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .connecting, .closed: return
        // Nobody asked for anything.
        case .idle: return close()
        case .head, .body: break
        }
        if inbox.readableBytes == 0 { inbox = bytes } else { inbox.writeBuffer(&bytes) }
        readAt = .now()
        do throws(HTTP1Refusal) {
            try process()
        } catch {
            fail(.upstreamDied)
        }
        // The storage goes back to whoever reads next, and an idle connection keeps none.
        if inbox.readableBytes == 0 { inbox = ByteBuffer() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pipeline?.flushResponse()
    }

    private func process() throws(HTTP1Refusal) {
        if case .head(let pipeline) = phase {
            guard try readHead(for: pipeline) else { return }
        }
        guard case .body(let pipeline) = phase else { return }
        try readBody(for: pipeline, after: nil)
    }

    /// Reads a head and what of the body lies behind it; returns whether there is more to do.
    private func readHead(for pipeline: Pipeline) throws(HTTP1Refusal) -> Bool {
        while true {
            let bytes = inbox
            guard try scanner.scan(bytes.readableBytesUInt8Span, answering: pipeline.method),
                let head = inbox.readSlice(length: scanner.length)
            else { return false }
            guard !scanner.isInterim else {
                // An interim response is for us: nobody waits for it (RFC 9110 §15.2).
                scanner.reset()
                continue
            }
            chunksEndedAt = nil
            if pipeline.wanted?.isAgreed(by: scanner.status) == true { return try openTunnel(head, for: pipeline) }
            framing = scanner.framing
            // After a tunnel that was not agreed on nobody knows what the upstream reads next.
            keepsAlive = scanner.keepsAlive && pipeline.wanted == nil
            body = try BodyScanner(framing)
            phase = .body(pipeline)
            let room = min(inbox.readableBytes + 16, Pipeline.copiedBytes)
            try readBody(for: pipeline, after: pipeline.makeResponseHead(scanner, head, room: room, at: readAt))
            return false
        }
    }

    /// The upstream agrees to what was asked for: from here on bytes go through as they come, until either side closes.
    private func openTunnel(_ head: ByteBuffer, for pipeline: Pipeline) throws(HTTP1Refusal) -> Bool {
        let room = min(inbox.readableBytes, Pipeline.copiedBytes)
        guard let head = try pipeline.makeTunnelHead(scanner, head, room: room) else { return false }
        framing = .none
        keepsAlive = false
        body = try BodyScanner(.untilClose)
        phase = .body(pipeline)
        try readBody(for: pipeline, after: head)
        pipeline.tunnelOpened()
        return false
    }

    /// Passes on what has come of a body; small pieces leave in one buffer with the head before them, which is taken over,
    /// so that it need not be copied.
    private func readBody(for pipeline: Pipeline, after head: consuming ByteBuffer?) throws(HTTP1Refusal) {
        var pending = head
        var pendingContent = 0
        while body?.isComplete == false, inbox.readableBytes > 0, var scanner = body {
            let step: BodyScanner.Step
            let input = inbox
            do throws(HTTP1Refusal) {
                step = try scanner.next(input.readableBytesUInt8Span)
            } catch {
                if let pending { pipeline.pass(pending, content: pendingContent) }
                throw error
            }
            body = scanner
            if step.forward > 0, let bytes = inbox.readSlice(length: step.forward) {
                pipeline.came(bytes, content: step.content, isChunked: framing == .chunked, at: readAt)
                let piece = wrap(bytes)
                if pending != nil, piece.readableBytes <= Pipeline.copiedBytes, !pipeline.isFiltered {
                    pending?.writeImmutableBuffer(piece)
                    pendingContent += step.content
                } else {
                    if let head = pending.take() { pipeline.pass(head, content: pendingContent, at: readAt) }
                    pipeline.pass(piece, content: step.content, at: readAt)
                }
            }
            inbox.moveReaderIndex(forwardBy: step.drop)
        }
        if let pending { pipeline.pass(pending, content: pendingContent, at: readAt) }
        guard body?.isComplete == true else { return }
        endResponse(for: pipeline)
        if let pending { pool.worker.spareHeads.give(pending) }
    }

    /// A piece of a body that ends with the connection becomes a chunk.
    private func wrap(_ bytes: ByteBuffer) -> ByteBuffer {
        guard case .untilClose = framing else { return bytes }
        var chunk = ByteBuffer()
        chunk.reserveCapacity(bytes.readableBytes + 12)
        chunk.writeString(String(bytes.readableBytes, radix: 16))
        chunk.writeStaticString("\r\n")
        chunk.writeImmutableBuffer(bytes)
        chunk.writeStaticString("\r\n")
        return chunk
    }

    private func endResponse(for pipeline: Pipeline) {
        // The connection is given back first: the end of the request may begin the next one.
        let isChunked = framing == .chunked
        // What was passed on may have had it closed.
        if case .body = phase, keepsAlive, isRequestWhole, inbox.readableBytes == 0,
            !isChunked || pool.keepsAfterChunks
        {
            phase = .idle
            if isChunked { chunksEndedAt = readAt }
            pool.release(self, at: readAt)
        } else {
            close()
        }
        pipeline.endResponse(at: readAt)
    }

    // MARK: The end

    func channelInactive(context: ChannelHandlerContext) {
        if case .body(let pipeline) = phase, body?.endsAtClose == true {
            phase = .closed
            pool.removed(self)
            if case .untilClose = framing { pipeline.pass(ByteBuffer(staticString: "0\r\n\r\n"), content: 0) }
            pipeline.endResponse()
        } else {
            failed("the connection was closed")
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A body that ends with the connection must end well: a cut one is no end.
        failed("\(error)")
        context.close(promise: nil)
    }

    /// The connection is gone, whatever it was doing.
    func failed(_ reason: String) {
        if let chunksEndedAt, chunksEndedAt + .seconds(1) > .now() { pool.closedAfterChunks() }
        chunksEndedAt = nil
        switch phase {
        case .closed: return
        case .connecting:
            phase = .closed
            pool.failedToConnect(reason)
            context?.close(promise: nil)
        case .idle:
            phase = .closed
            pool.removed(self)
        case .head, .body: fail(.upstreamDied)
        }
    }

    /// Ends now; a request that is under way fails.
    func end(for ending: CompletionRecord.Ending) {
        if pipeline == nil { close() } else { fail(ending) }
    }

    /// The upstream is not believed to have loaded its model, so that the connection never becomes usable.
    func refused(_ reason: UnprovenModel) {
        guard case .connecting = phase else { return }
        phase = .closed
        pool.failedToConnect(reason)
    }

    private func fail(_ ending: CompletionRecord.Ending) {
        guard let pipeline else { return }
        close()
        pipeline.upstreamFailed(ending)
    }

    /// The request is of no use any more, and the connection neither, since its response may still come.
    func abort() {
        close()
    }

    /// Closes the connection for good.
    func close() {
        // It is not the upstream that closes it.
        chunksEndedAt = nil
        switch phase {
        case .closed: return
        case .connecting: pool.failedToConnect("given up")
        case .idle, .head, .body: pool.removed(self)
        }
        phase = .closed
        context?.close(promise: nil)
    }
}
