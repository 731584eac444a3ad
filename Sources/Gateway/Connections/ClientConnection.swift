import AuditLog
import FoundationEssentials
import MutualTLS
import NIOCore
import SPIFFE
import Synchronization
import ZeroTrust

/// A client's connection: it finds the requests in the bytes, one after the other, and gives each a ``Pipeline``.
///
/// Before the handshake is over nothing is read. What arrives behind a request waits until that request is answered,
/// and no more is read from the network than can be held.
final class ClientConnection: ChannelDuplexHandler, RemovableChannelHandler, ClientSide, ServedConnection {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case handshake
        case head
        case exchange(Pipeline)
        /// The request was answered, and its rest is read and dropped.
        case discarding
        /// Everything was said; what still comes is dropped until the client closes.
        case lingering
        case closed
    }

    /// The bytes that may wait behind a request, and the bytes of a refused request's body that are read and dropped.
    static let waitingBytes = 64 * 1024
    /// The longest head that is remembered.
    private static let rememberedBytes = 2 * 1024

    let worker: Worker
    let listener: ListenerState
    let terms: ConnectionTerms
    private let allowsTLS12: Bool
    private(set) var caller: Caller?
    private(set) var exchange: Exchange?
    /// The body of the request that is being read.
    var requestBody: BodyScanner?
    private(set) var isWritable = true
    private var context: ChannelHandlerContext?
    private var phase = Phase.handshake
    private var scanner: RequestScanner
    /// The head that the scanner read last, where that is remembered, and whether this one is the same bytes.
    private var lastHead = ByteBuffer()
    private var lastHeadPause = TemplatePause(afterFirst: true)
    private var isLikeLast = false
    private var inbox = ByteBuffer()
    private var firstByte: NIODeadline?
    /// When what is being processed came: the clock is read once for all of it.
    private var readAt: NIODeadline
    private var deadline: NIODeadline
    private var requests = 0
    private var discarded = 0
    private var isReading = false
    private var isProcessing = false
    /// What was written last and is handed on with the flush, or with what is written next.
    private var unsent: ByteBuffer?
    private var needsFlush = false
    private var readWithheld = false
    private var isDraining = false
    private var cache = RequestCache()

    init(worker: Worker, listener: ListenerState) {
        self.worker = worker
        self.listener = listener
        self.terms = worker.current.snapshot.terms
        self.allowsTLS12 = listener.current.allowsTLS12
        self.scanner = RequestScanner(limits: terms.limits.http1, allowsUpgrade: true)
        self.readAt = .now()
        // The handshake has its own limit, below us.
        self.deadline = .distantFuture
    }

    // MARK: Connection and identity

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        worker.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let verified as PeerVerified:
            guard allowsTLS12 || verified.tlsVersion == "TLSv1.3" else {
                worker.refused("tls_version", from: context.remoteAddress)
                return close()
            }
            begin(verified, isHTTP2: verified.applicationProtocol == "h2", context)
        case let opened as PlaintextOpened: begin(nil, isHTTP2: opened.isHTTP2, context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    /// It is known who is at the other end, or that nobody proves to be.
    private func begin(_ verified: PeerVerified?, isHTTP2: Bool, _ context: ChannelHandlerContext) {
        guard case .handshake = phase else { return }
        guard let source = Exchange.Endpoint(context.remoteAddress),
            let destination = Exchange.Endpoint(context.localAddress)
        else {
            worker.refused("unknown_address", from: context.remoteAddress)
            return close()
        }
        let caller = verified.map { worker.caller($0, from: source, to: destination) } ?? .anonymous
        self.caller = caller
        exchange = Exchange(
            id: RequestID(milliseconds: 0, random: 0),
            method: "",
            path: "",
            authority: "",
            source: source,
            destination: destination,
            serverName: caller.tls?.serverName
        )
        if isDraining { return close() }
        // The mode may have changed since the connection was accepted.
        guard worker.isAdmitted(self) else {
            worker.refused("policy_changed", from: context.remoteAddress)
            return close()
        }
        if isHTTP2 { return HTTP2Connection.takeOver(from: self, context) }
        phase = .head
        deadline = .now() + terms.timeouts.idle
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        isReading = true
        switch phase {
        case .handshake, .closed: return
        case .lingering:
            discarded += bytes.readableBytes
            if discarded > Self.waitingBytes { close() }
        case .head, .exchange, .discarding:
            if inbox.readableBytes == 0 { inbox = bytes } else { inbox.writeBuffer(&bytes) }
            process()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if case .exchange(let pipeline) = phase { pipeline.sendPending() }
        if needsFlush { flush() }
    }

    /// Reads on from the network only where there is room for what comes.
    func read(context: ChannelHandlerContext) {
        if wantsBytes { context.read() } else { readWithheld = true }
    }

    private var wantsBytes: Bool {
        switch phase {
        case .handshake, .head, .lingering, .closed, .discarding: true
        case .exchange(let pipeline):
            if pipeline.isAnswered || requestBody?.isComplete != false {
                inbox.readableBytes < Self.waitingBytes
            } else {
                pipeline.canTakeBody
            }
        }
    }

    /// Goes on with the request's body, once there is room for it upstream.
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
        if inbox.readableBytes > 0 { readAt = .now() }
        defer {
            isProcessing = false
            // The storage goes back to whoever reads next, and an idle connection keeps none.
            if inbox.readableBytes == 0 { inbox = ByteBuffer() }
        }
        while inbox.readableBytes > 0 {
            switch phase {
            case .head: guard readHead() else { return }
            case .exchange(let pipeline):
                guard readBody(for: pipeline) else {
                    if !isReading { pipeline.sendPending() }
                    return
                }
            case .discarding: guard discardBody() else { return }
            case .handshake, .lingering, .closed: return
            }
        }
        if case .exchange(let pipeline) = phase, !isReading { pipeline.sendPending() }
    }

    /// Returns whether a head was whole, so that there may be more to do.
    private func readHead() -> Bool {
        if firstByte == nil { beginHead() }
        if !isLikeLast {
            do throws(HTTP1Refusal) {
                let bytes = inbox
                guard try scanner.scan(bytes.readableBytesUInt8Span) else { return false }
            } catch {
                refuse(error.code.rawValue, status: error.status)
                return false
            }
        }
        guard let head = inbox.readSlice(length: scanner.length) else { return false }
        remember(head)
        requests += 1
        discarded = 0
        deadline = .distantFuture
        let pipeline = Pipeline(
            connection: self,
            method: scanner.method,
            startedAt: firstByte ?? readAt,
            now: readAt
        )
        phase = .exchange(pipeline)
        pipeline.begin(scanner, head, room: inbox.readableBytes)
        return true
    }

    /// The first of a head has come.
    private func beginHead() {
        firstByte = readAt
        deadline = readAt + terms.timeouts.head
        let allowsConnect = worker.current.snapshot.routes.allowsConnect
        // What the same bytes say is known: nothing behind a head says how it is read.
        isLikeLast =
            lastHead.readableBytes > 0 && allowsConnect == scanner.allowsConnect
            && inbox.getSlice(at: inbox.readerIndex, length: lastHead.readableBytes) == lastHead
        if isLikeLast { return lastHeadPause.wasUsed() }
        scanner.reset()
        scanner.allowsConnect = allowsConnect
        if lastHead.readableBytes > 0 { lastHead.clear() }
    }

    /// Remembers a head that was read, as long as the next ones tend to be the same.
    private func remember(_ head: ByteBuffer) {
        guard !isLikeLast, head.readableBytes <= Self.rememberedBytes, scanner.method != .connect,
            lastHeadPause.isOver()
        else { return }
        // Copied, so that the head's storage is not kept.
        lastHead.writeImmutableBuffer(head)
    }

    /// Returns whether the loop should go on.
    private func readBody(for pipeline: Pipeline) -> Bool {
        guard var body = requestBody, !body.isComplete else { return false }
        // What is left of it waits until the answer is out; then it is dropped, or the connection closed.
        if pipeline.isAnswered { return false }
        guard pipeline.canTakeBody else { return false }
        do throws(HTTP1Refusal) {
            let bytes = inbox
            let step = try body.next(bytes.readableBytesUInt8Span)
            requestBody = body
            if step.forward > 0, let bytes = inbox.readSlice(length: step.forward) {
                pipeline.takeBody(bytes, content: step.content, at: readAt)
            }
            inbox.moveReaderIndex(forwardBy: step.drop)
            if step.isEnd { pipeline.endBody(at: readAt) }
            return true
        } catch {
            pipeline.breakBody(error)
            return false
        }
    }

    private func discardBody() -> Bool {
        guard var body = requestBody else { return false }
        do throws(HTTP1Refusal) {
            let bytes = inbox
            let step = try body.next(bytes.readableBytesUInt8Span)
            requestBody = body
            inbox.moveReaderIndex(forwardBy: step.forward + step.drop)
            discarded += step.forward + step.drop
            guard discarded <= Self.waitingBytes else {
                close()
                return false
            }
            if step.isEnd, case .discarding = phase { startNext() }
            return true
        } catch {
            close()
            return false
        }
    }

    /// Answers a head that could not be read; the connection ends with the answer.
    private func refuse(_ reason: String, status: Int) {
        let pipeline = Pipeline(connection: self, method: scanner.method, startedAt: firstByte ?? .now())
        phase = .exchange(pipeline)
        requestBody = nil
        isDraining = true
        deadline = .distantFuture
        inbox.clear()
        pipeline.refuseHead(reason: reason, status: status)
    }

    // MARK: What a pipeline asks for

    /// The normalised path, the host and the route of a head, remembered from the request before where they are the
    /// same.
    func resolve(_ scanner: borrowing RequestScanner, _ head: ByteBuffer, in snapshot: GatewaySnapshot)
        -> RequestCache.Entry
    {
        if isLikeLast, let entry = cache.entry(in: snapshot) { return entry }
        return cache.resolve(scanner, head, snapshot)
    }

    /// Sets what policy decides on, and returns it.
    func describe(id: RequestID, method: String, path: String, authority: String, headers: [Exchange.Header])
        -> Exchange?
    {
        exchange?.id = id
        exchange?.method = method
        exchange?.path = path
        exchange?.authority = authority
        exchange?.headers = headers
        return exchange
    }

    /// Whether the connection ends with this response, and then says so in it.
    func closesAfter(_ keepsAlive: Bool, isLocal: Bool, isAwaited: Bool) -> Bool {
        if !keepsAlive || isDraining || worker.isDraining { return true }
        if requests >= terms.limits.maximumRequestsPerConnection { return true }
        guard let body = requestBody else { return true }
        guard !body.isComplete else { return false }
        // The rest of the body is read and dropped where it is short and sure to come.
        guard isLocal, !isAwaited, let remaining = body.remaining else { return true }
        return remaining > UInt64(Self.waitingBytes)
    }

    func write(_ buffer: ByteBuffer) {
        handOn()
        unsent = buffer
        needsFlush = true
    }

    private func handOn() {
        guard let bytes = unsent.take() else { return }
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    var hasUnread: Bool { inbox.readableBytes > 0 }

    func write(_ trailers: TrailerSection) { write(trailers.lastChunk) }

    func flush() {
        needsFlush = false
        if let bytes = unsent.take() {
            context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        } else {
            context?.flush()
        }
    }

    /// Called by a pipeline when its request is over.
    func ended(_ pipeline: Pipeline, closes: Bool) {
        guard case .exchange(let current) = phase, current === pipeline else { return }
        if closes {
            let isWhole = requestBody?.isComplete == true && inbox.readableBytes == 0
            phase = .lingering
            discarded = 0
            inbox.clear()
            // The client has as long for the rest of the answer as for any of it.
            deadline = .now() + terms.timeouts.body
            guard let context else { return }
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            handOn()
            needsFlush = false
            context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
                if isWhole { return bound.value.close() }
                bound.value.startLinger()
            }
            return
        }
        if needsFlush { flush() }
        if requestBody?.isComplete == false {
            phase = .discarding
            discarded = 0
            deadline = .now() + terms.timeouts.body
        } else {
            startNext(at: pipeline.progress.endedAt)
        }
        resumeBody()
    }

    /// The answer has left; what the client still sends is read for a moment, so that a reset does not overtake it.
    private func startLinger() {
        guard case .lingering = phase else { return }
        deadline = .now() + terms.timeouts.linger
    }

    private func startNext(at now: NIODeadline? = nil) {
        phase = .head
        requestBody = nil
        firstByte = nil
        deadline = (now ?? .now()) + terms.timeouts.idle
        if isDraining || worker.isDraining { close() }
    }

    // MARK: Time, room and the end

    /// Looks whether something takes too long.
    func check(_ now: NIODeadline) {
        // Nobody is believed past the end of the certificate: the client comes back with its next one.
        if let caller, caller.expiry <= now, !isDraining { drain() }
        if case .exchange(let pipeline) = phase { return pipeline.check(now) }
        guard deadline <= now else { return }
        if case .head = phase, firstByte != nil { return refuse("head_timeout", status: 408) }
        close()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if case .exchange(let pipeline) = phase { pipeline.clientWritabilityChanged() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that goes away without saying so, or breaks TLS, is gone.
        leave()
        context.close(promise: nil)
    }

    func isAdmitted(by policy: PolicySnapshot) -> Bool {
        guard let exchange else { return true }
        return policy.admits(caller, to: exchange.destination)
    }

    /// Ends after the request that is under way, if any.
    func drain() {
        isDraining = true
        switch phase {
        case .head where firstByte == nil: close()
        case .handshake: close()
        default: break
        }
    }

    /// Ends now; a request that is under way ends with it.
    func abort(_ ending: CompletionRecord.Ending) {
        if case .exchange(let pipeline) = phase {
            phase = .closed
            pipeline.abandon(ending)
        }
        close()
    }

    /// Closes the connection without regard to a request.
    func close() {
        phase = .closed
        context?.close(promise: nil)
    }

    private func leave() {
        if case .exchange(let pipeline) = phase {
            phase = .closed
            pipeline.abandon(.clientLeft)
        }
        phase = .closed
        worker.remove(self)
    }
}
