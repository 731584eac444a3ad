import NIOCore
import NIOHPACK
import NIOHTTP2
import SPIFFE
import ZeroTrust

/// One request of HTTP/2, and the client's side of its ``Pipeline``.
///
/// Its fields become the head of an HTTP/1 request and its DATA the body, which the stages read like any other; what
/// they answer becomes frames again.
final class HTTP2Stream: ChannelDuplexHandler, ClientSide {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private enum Phase {
        case head
        /// A head without a body was read, whose stream has yet to end without one.
        case empty(ByteBuffer)
        case exchange(Pipeline)
        /// The answer is on its way, and nothing else to be done.
        case answered
        case closed
    }

    let worker: Worker
    var requestBody: BodyScanner?
    private let connection: HTTP2Connection
    private var context: ChannelHandlerContext?
    private var phase = Phase.head
    private var isAdmitted = false
    private var isInVain = false
    /// The request's body as HTTP/1 has it, as far as it was not taken.
    private var inbox = ByteBuffer()
    private var framing = MessageFraming.none
    /// The bytes of a declared length that have not come.
    private var undelivered: UInt64 = 0
    /// The last of them, until the stream has ended with them: what is longer than it said does not become whole.
    private var lastBytes: ByteBuffer?
    private var isRequestWhole = false
    private var isReading = false
    private var isProcessing = false
    private var readWithheld = false
    private var response = ResponseTranslator()
    private var needsFlush = false
    private var isChannelWritable = true
    private var startedAt = NIODeadline.now()
    private var deadline = NIODeadline.distantFuture

    init(_ connection: HTTP2Connection) {
        self.connection = connection
        self.worker = connection.worker
    }

    var caller: ClientConnection.Caller? { connection.caller }
    var terms: ConnectionTerms { connection.terms }

    // MARK: The stream

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let id = try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID)
        isAdmitted = id.map { connection.admit(self, id: $0) } ?? false
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The stream was reset, and ends next.
    }

    private func leave() {
        switch phase {
        case .exchange(let pipeline) where !response.isWhole:
            phase = .closed
            isInVain = true
            pipeline.abandon(.clientLeft)
        // Its pipeline is about to say that it has ended.
        case .exchange: break
        default: phase = .closed
        }
        connection.release(self, inVain: isInVain)
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        switch unwrapInboundIn(data) {
        case .headers(let headers):
            if case .head = phase {
                begin(headers.headers, endsStream: headers.endStream)
            } else {
                readTrailers(headers.headers)
            }
        case .data(let data):
            guard !isRequestWhole, case .byteBuffer(let bytes) = data.data else { return }
            switch phase {
            case .empty(let head): endEmpty(head, isEmpty: bytes.readableBytes == 0, endsStream: data.endStream)
            case .exchange(let pipeline): readData(bytes, endsStream: data.endStream, for: pipeline)
            default: break
            }
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // HTTP/2 ends a stream's read after its head, though its body may have come with it: both leave in one write.
        if !connection.postpone(self) { readEnded() }
        context.fireChannelReadComplete()
    }

    /// What came at once has been read.
    func readEnded() {
        isReading = false
        if case .exchange(let pipeline) = phase { pipeline.sendPending() }
        if needsFlush { flush() }
    }

    /// Reads on only where there is room for what comes; until then the client's window stays as it is.
    func read(context: ChannelHandlerContext) {
        if wantsBytes { context.read() } else { readWithheld = true }
    }

    private var wantsBytes: Bool {
        guard case .exchange(let pipeline) = phase, !isRequestWhole else { return true }
        return !pipeline.isAnswered && inbox.readableBytes == 0 && pipeline.canTakeBody
    }

    private func begin(_ fields: HPACKHeaders, endsStream: Bool) {
        guard isAdmitted else { return reset(.refusedStream) }
        isRequestWhole = endsStream
        do throws(HTTP1Refusal) {
            let head = try RequestTranslator.head(
                fields,
                endsStream: endsStream,
                isPlaintext: connection.caller?.tls == nil
            )
            try scan(head)
            framing = connection.scanner.framing
            if case .length(let length) = framing { undelivered = length }
            guard !endsStream || undelivered == 0 else { throw HTTP1Refusal(.lengthMismatch) }
            guard endsStream || framing != .none else {
                phase = .empty(head)
                deadline = .now() + terms.timeouts.head
                return
            }
            begin(head)
        } catch {
            refuse(error)
        }
    }

    private func scan(_ head: ByteBuffer) throws(HTTP1Refusal) {
        connection.scanner.reset()
        guard try connection.scanner.scan(head.readableBytesUInt8Span) else { throw HTTP1Refusal(.badStartLine) }
    }

    /// Begins with the head that was scanned last.
    private func begin(_ head: ByteBuffer) {
        let pipeline = Pipeline(connection: self, method: connection.scanner.method, startedAt: startedAt)
        phase = .exchange(pipeline)
        deadline = .distantFuture
        pipeline.begin(connection.scanner, head, room: 0)
    }

    /// Answers a request that could not be read; the stream ends with the answer.
    private func refuse(_ refusal: HTTP1Refusal) {
        isInVain = true
        requestBody = nil
        let pipeline = Pipeline(connection: self, method: .get, startedAt: startedAt)
        phase = .exchange(pipeline)
        deadline = .distantFuture
        pipeline.refuseHead(reason: refusal.code.rawValue, status: refusal.status)
    }

    /// A request that has no body goes on once its stream has ended without one.
    private func endEmpty(_ head: ByteBuffer, isEmpty: Bool, endsStream: Bool) {
        isRequestWhole = endsStream
        do throws(HTTP1Refusal) {
            guard isEmpty else { throw HTTP1Refusal(.lengthMismatch) }
            guard endsStream else { return }
            try scan(head)
            begin(head)
        } catch {
            refuse(error)
        }
    }

    private func readData(_ bytes: ByteBuffer, endsStream: Bool, for pipeline: Pipeline) {
        isRequestWhole = endsStream
        let count = UInt64(bytes.readableBytes)
        switch framing {
        case .chunked:
            if count > 0 {
                inbox.writeString(String(count, radix: 16))
                inbox.writeStaticString("\r\n")
                inbox.writeImmutableBuffer(bytes)
                inbox.writeStaticString("\r\n")
            }
            if endsStream { inbox.writeStaticString("0\r\n\r\n") }
        default:
            guard count <= undelivered, !endsStream || count == undelivered else {
                return breakBody(HTTP1Refusal(.lengthMismatch), for: pipeline)
            }
            undelivered -= count
            if undelivered == 0, !endsStream {
                if lastBytes == nil { lastBytes = bytes }
                return
            }
            take(lastBytes.take() ?? bytes)
        }
        process()
    }

    private func take(_ bytes: ByteBuffer) {
        if inbox.readableBytes == 0 { inbox = bytes } else { inbox.writeImmutableBuffer(bytes) }
    }

    private func readTrailers(_ fields: HPACKHeaders) {
        guard !isRequestWhole else { return }
        isRequestWhole = true
        do throws(HTTP1Refusal) {
            try RequestTranslator.checkTrailers(fields, limits: terms.limits.http1)
            guard undelivered == 0 else { throw HTTP1Refusal(.lengthMismatch) }
        } catch {
            if case .empty = phase { return refuse(error) }
            guard case .exchange(let pipeline) = phase else { return }
            return breakBody(error, for: pipeline)
        }
        if case .empty(let head) = phase { return endEmpty(head, isEmpty: true, endsStream: true) }
        if case .chunked = framing { inbox.writeStaticString("0\r\n\r\n") }
        if let bytes = lastBytes.take() { take(bytes) }
        process()
    }

    private func breakBody(_ refusal: HTTP1Refusal, for pipeline: Pipeline) {
        isInVain = true
        inbox = ByteBuffer()
        lastBytes = nil
        // Where it is answered there is nothing to take back.
        if !pipeline.isAnswered { pipeline.breakBody(refusal) }
    }

    func resumeBody() {
        process()
        guard readWithheld, wantsBytes else { return }
        readWithheld = false
        context?.read()
    }

    /// Takes what lies in the inbox as far as it goes.
    private func process() {
        // What a request's end sets in motion comes back here; the loop below goes on with it.
        guard !isProcessing else { return }
        isProcessing = true
        defer {
            isProcessing = false
            if inbox.readableBytes == 0 { inbox = ByteBuffer() }
        }
        while inbox.readableBytes > 0, case .exchange(let pipeline) = phase, readBody(for: pipeline) {}
        if case .exchange(let pipeline) = phase, !isReading { pipeline.sendPending() }
    }

    /// Returns whether the loop should go on.
    private func readBody(for pipeline: Pipeline) -> Bool {
        guard var body = requestBody, !body.isComplete, !pipeline.isAnswered, pipeline.canTakeBody else { return false }
        do throws(HTTP1Refusal) {
            let bytes = inbox
            let step = try body.next(bytes.readableBytesUInt8Span)
            requestBody = body
            if step.forward > 0, let bytes = inbox.readSlice(length: step.forward) {
                pipeline.takeBody(bytes, content: step.content)
            }
            inbox.moveReaderIndex(forwardBy: step.drop)
            if step.isEnd { pipeline.endBody() }
            return true
        } catch {
            breakBody(error, for: pipeline)
            return false
        }
    }

    // MARK: What a pipeline asks for

    func resolve(_ scanner: borrowing RequestScanner, _ head: ByteBuffer, in snapshot: GatewaySnapshot)
        -> RequestCache.Entry
    {
        connection.cache.resolve(scanner, head, snapshot)
    }

    func describe(id: RequestID, method: String, path: String, authority: String, headers: [Exchange.Header])
        -> Exchange?
    {
        var exchange = connection.exchange
        exchange.id = id
        exchange.method = method
        exchange.path = path
        exchange.authority = authority
        exchange.headers = headers
        return exchange
    }

    /// The end of a request is not the end of its connection, nor is it said in the answer.
    func closesAfter(_ keepsAlive: Bool, isLocal: Bool, isAwaited: Bool) -> Bool { false }

    var isWritable: Bool { isChannelWritable && connection.buffer.hasRoom }

    func write(_ buffer: ByteBuffer) {
        guard case .exchange(let pipeline) = phase else { return }
        response.take(buffer)
        do throws(HTTP1Refusal) {
            while let frame = try response.next(answering: pipeline.method) { send(frame) }
        } catch {
            reset(.internalError)
            pipeline.abandon(.upstreamDied)
        }
    }

    var hasUnread: Bool { inbox.readableBytes > 0 }

    func write(_ trailers: TrailerSection) {
        guard case .exchange = phase else { return }
        response.end()
        send(.headers(.init(headers: trailers.headers, endStream: true)))
    }

    private func send(_ frame: HTTP2Frame.FramePayload) {
        guard let context else { return }
        needsFlush = true
        var count = 0
        if case .data(let data) = frame { count = data.data.readableBytes }
        guard count > 0 || response.isWhole else { return context.write(wrapOutboundOut(frame), promise: nil) }
        let account = connection.buffer
        account.add(count)
        let isLast = response.isWhole
        context.write(wrapOutboundOut(frame)).assumeIsolated().whenComplete { result in
            account.remove(count)
            if isLast, case .success = result { self.answerLeft() }
        }
    }

    /// The whole answer has left: a client that is still sending is told that it need not (RFC 9113 §8.1).
    private func answerLeft() {
        guard !isRequestWhole, context?.channel.isActive == true else { return }
        reset(.noError)
    }

    func flush() {
        needsFlush = false
        context?.flush()
    }

    func ended(_ pipeline: Pipeline, closes: Bool) {
        guard case .exchange(let current) = phase, current === pipeline else { return }
        guard response.isWhole else { return reset(.internalError) }
        phase = .answered
        inbox = ByteBuffer()
        // The client has as long for the rest of the answer as for any of it.
        deadline = .now() + terms.timeouts.body
        flush()
    }

    func close() { reset(.internalError) }

    // MARK: Time, room and the end

    /// Looks whether something takes too long.
    func check(_ now: NIODeadline) {
        if case .exchange(let pipeline) = phase { return pipeline.check(now) }
        guard deadline <= now else { return }
        isInVain = true
        // An answer that is not read (CVE-2019-9517 and others): its stream is given up.
        guard case .empty = phase else { return reset(.cancel) }
        refuse(HTTP1Refusal(.lengthMismatch))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isChannelWritable = context.channel.isWritable
        roomChanged()
        context.fireChannelWritabilityChanged()
    }

    /// There is room again for what the upstream says.
    func roomChanged() {
        if case .exchange(let pipeline) = phase { pipeline.clientWritabilityChanged() }
    }

    /// The connection is gone, and the request with it.
    func abandon(_ ending: CompletionRecord.Ending) {
        guard case .exchange(let pipeline) = phase else { return }
        phase = .closed
        pipeline.abandon(ending)
    }

    private func reset(_ code: HTTP2ErrorCode) {
        if case .closed = phase { return }
        phase = .closed
        context?.writeAndFlush(wrapOutboundOut(.rstStream(code)), promise: nil)
    }
}
