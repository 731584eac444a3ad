import NIOCore
import NIOHPACK
import NIOHTTP2
import SPIFFE
import ZeroTrust

/// One request on its way to an upstream of HTTP/2, and its response on the way back.
///
/// It takes and gives HTTP/1 messages like ``UpstreamConnection``, and speaks frames in a channel of its own. What the
/// upstream says is read as strictly as what a client says: where anything is amiss the stream is reset, and the
/// connection lives.
final class UpstreamHTTP2Stream: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private enum Phase {
        /// A request is being sent, and its response awaited.
        case head(Pipeline)
        case body(Pipeline)
        case closed
    }

    /// The bytes of a request that may wait for the stream to begin.
    private static let waitingBytes = 64 * 1024

    private let connection: UpstreamHTTP2Connection
    private var phase = Phase.closed
    private var context: ChannelHandlerContext?
    private var request: UpstreamRequestTranslator
    /// The frames of the request that wait for the stream to begin.
    private var early: [HTTP2Frame.FramePayload] = []
    private var earlyBytes = 0
    private var isActive = false
    private var isChannelWritable = true
    /// The whole request, as long as it may turn out that the upstream never looked at it.
    private var unsent: ByteBuffer?
    private var scanner = ResponseScanner(limits: UpstreamHTTP2Connection.headLimits)
    private var body: BodyScanner?
    private var framing = MessageFraming.none
    /// The whole of a response without a body, until its stream has ended.
    private var whole: ByteBuffer?
    private var readWithheld = false

    init(_ connection: UpstreamHTTP2Connection) {
        self.connection = connection
        self.request = UpstreamRequestTranslator(isSecure: connection.isSecure)
    }

    /// Whether the request was given up before the stream began.
    var isOver: Bool {
        if case .closed = phase { return true }
        return false
    }

    // MARK: Sending

    /// The model that the other end was proved to have loaded; nil where nothing is known of any.
    var model: ModelClaim? { connection.model?.claim ?? connection.peer?.model }

    /// Takes the request that the stream is for.
    func attach(_ pipeline: Pipeline) {
        phase = .head(pipeline)
        connection.begin(self)
    }

    var isWritable: Bool { isActive ? isChannelWritable : earlyBytes < Self.waitingBytes }

    /// Sends a head and what of the body was copied behind it.
    func send(head: ByteBuffer, isWhole: Bool) {
        // Only where everything is in this one buffer can it be sent again elsewhere.
        if isWhole { unsent = head }
        send(head)
    }

    func send(_ bytes: ByteBuffer) {
        if case .closed = phase { return }
        request.take(bytes)
        do throws(HTTP1Refusal) {
            while let frame = try request.next() {
                guard isActive else {
                    if case .data(let data) = frame { earlyBytes += data.data.readableBytes }
                    early.append(frame)
                    continue
                }
                context?.write(wrapOutboundOut(frame), promise: nil)
            }
        } catch {
            // What we wrote ourselves can be read.
            fail(.upstreamDied)
        }
    }

    func flush() {
        if isActive { context?.flush() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isChannelWritable = context.channel.isWritable
        if isChannelWritable, let pipeline { pipeline.upstreamWritable() }
        context.fireChannelWritabilityChanged()
    }

    private var pipeline: Pipeline? {
        switch phase {
        case .head(let pipeline), .body(let pipeline): pipeline
        case .closed: nil
        }
    }

    // MARK: The stream

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { becomeActive() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        failed(isUnprocessed: false)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        becomeActive()
        context.fireChannelActive()
    }

    private func becomeActive() {
        guard !isActive, let context else { return }
        guard !isOver else { return context.close(promise: nil) }
        isActive = true
        let wasFull = earlyBytes >= Self.waitingBytes
        for frame in early { context.write(wrapOutboundOut(frame), promise: nil) }
        early = []
        earlyBytes = 0
        context.flush()
        if wasFull, isWritable, let pipeline { pipeline.upstreamWritable() }
    }

    // MARK: Receiving

    func read(context: ChannelHandlerContext) {
        if pipeline?.canTakeResponse ?? true { context.read() } else { readWithheld = true }
    }

    /// Reads on, once there is room for what comes; until then the upstream's window stays as it is.
    func resumeReading() {
        guard readWithheld, pipeline?.canTakeResponse ?? true else { return }
        readWithheld = false
        context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.heard()
        do throws(HTTP1Refusal) {
            switch unwrapInboundIn(data) {
            case .headers(let headers): try read(headers.headers, endsStream: headers.endStream)
            case .data(let data):
                guard case .byteBuffer(let bytes) = data.data else { return }
                try read(bytes, endsStream: data.endStream)
            default: break
            }
        } catch {
            fail(.upstreamDied)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pipeline?.flushResponse()
        context.fireChannelReadComplete()
    }

    private func read(_ fields: HPACKHeaders, endsStream: Bool) throws(HTTP1Refusal) {
        switch phase {
        case .closed: return
        case .head(let pipeline): try readHead(fields, endsStream: endsStream, for: pipeline)
        case .body(let pipeline):
            // RFC 9113 §8.1: a section behind the head ends the stream.
            guard endsStream else { throw HTTP1Refusal(.badTrailer) }
            try end(with: try TrailerSection(fields), for: pipeline)
        }
    }

    private func readHead(_ fields: HPACKHeaders, endsStream: Bool, for pipeline: Pipeline) throws(HTTP1Refusal) {
        let head = try UpstreamResponseTranslator.head(fields, answering: pipeline.method, endsStream: endsStream)
        scanner.reset()
        guard try scanner.scan(head.readableBytesUInt8Span, answering: pipeline.method) else {
            throw HTTP1Refusal(.badStartLine)
        }
        // An interim response is for us: nobody waits for it (RFC 9110 §15.2).
        guard !scanner.isInterim else { return }
        framing = scanner.framing
        body = try BodyScanner(framing)
        phase = .body(pipeline)
        unsent = nil
        // A whole response without its body, or one that has none; any other lacks what it announced.
        if endsStream, case .length = framing { throw HTTP1Refusal(.lengthMismatch) }
        let passed = pipeline.makeResponseHead(scanner, head, room: 0)
        // Where nothing may follow it waits until nothing does.
        if !endsStream, case .none = framing {
            whole = passed
            return
        }
        pipeline.pass(passed, content: 0)
        if endsStream { end(for: pipeline) }
    }

    private func read(_ bytes: ByteBuffer, endsStream: Bool) throws(HTTP1Refusal) {
        switch phase {
        case .closed: return
        case .head: throw HTTP1Refusal(.unexpectedBody)
        case .body(let pipeline):
            let count = bytes.readableBytes
            if count > 0 { pipeline.came(bytes, content: count, isChunked: false) }
            switch framing {
            case .chunked:
                if count > 0 { pipeline.pass(UpstreamResponseTranslator.chunk(bytes), content: count) }
            case .length:
                guard let remaining = body?.remaining, UInt64(count) <= remaining else {
                    throw HTTP1Refusal(.lengthMismatch)
                }
                _ = try body?.next(bytes.readableBytesUInt8Span)
                if count > 0 { pipeline.pass(bytes, content: count) }
            case .none, .untilClose: guard count == 0 else { throw HTTP1Refusal(.unexpectedBody) }
            }
            if endsStream { try end(with: nil, for: pipeline) }
        }
    }

    /// The upstream has said its last word.
    private func end(with trailers: TrailerSection?, for pipeline: Pipeline) throws(HTTP1Refusal) {
        if case .length = framing, body?.isComplete == false { throw HTTP1Refusal(.lengthMismatch) }
        if let whole = whole.take() { pipeline.pass(whole, content: 0) }
        guard case .chunked = framing else { return end(for: pipeline) }
        if let trailers, !trailers.fields.isEmpty, pipeline.takesTrailers {
            pipeline.trailers = trailers
        } else {
            pipeline.pass(ByteBuffer(staticString: "0\r\n\r\n"), content: 0)
        }
        end(for: pipeline)
    }

    private func end(for pipeline: Pipeline) {
        phase = .closed
        // What is left of the request is of no use any more (RFC 9113 §8.1).
        if !request.isWhole { context?.close(promise: nil) }
        connection.release(self)
        pipeline.endResponse()
    }

    // MARK: The end

    func channelInactive(context: ChannelHandlerContext) {
        failed(isUnprocessed: false)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let id = try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID)
        let isRefused = (error as? NIOHTTP2Errors.StreamClosed)?.errorCode == .refusedStream
        // RFC 9113 §8.7: neither was looked at.
        failed(isUnprocessed: isRefused || id.map(connection.isPassedOver) ?? false)
    }

    /// The connection is gone, or the stream was reset.
    ///
    /// A request that the upstream has said it did not look at, or that has not left us, is tried again.
    func failed(isUnprocessed: Bool, for ending: CompletionRecord.Ending = .upstreamDied) {
        guard case .head(let pipeline) = phase, let unsent, isUnprocessed || !isActive else {
            return fail(ending)
        }
        close()
        pipeline.retry(unsent)
    }

    private func fail(_ ending: CompletionRecord.Ending) {
        guard let pipeline else { return }
        close()
        pipeline.upstreamFailed(ending)
    }

    /// The request is of no use any more; its stream is reset, and the connection lives.
    func abort() {
        close()
    }

    private func close() {
        if case .closed = phase { return }
        phase = .closed
        unsent = nil
        early = []
        if isActive { context?.close(promise: nil) }
        connection.release(self)
    }
}
