import Logging
import NIOCore
import NIOHTTP2
import SPIFFE
import Synchronization
import ZeroTrust

/// A client's HTTP/2 connection: it knows who is at the other end, gives each request an ``HTTP2Stream``, and counts
/// what all of them cost.
///
/// It stands behind HTTP/2 in the pipeline and sees the frames of the connection itself; those of requests go to
/// channels of their own.
final class HTTP2Connection: ChannelInboundHandler, ServedConnection, FrameGuarded {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let worker: Worker
    let listener: ListenerState
    let terms: ConnectionTerms
    let caller: ClientConnection.Caller?
    /// What policy decides on, but for what each request says itself.
    let exchange: Exchange
    /// The bytes of answers that wait for the client.
    let buffer: BufferAccount
    var cache = RequestCache()
    var scanner: RequestScanner
    private let frames: FrameGuardHandler
    private var context: ChannelHandlerContext?
    private var streams: [ObjectIdentifier: HTTP2Stream] = [:]
    /// The streams whose requests go on once everything that came at once has been read.
    private var postponed: [HTTP2Stream] = []
    private var lastStreamID = 0
    private var requests = 0
    private var resets: FrameBudget
    private var deadline: NIODeadline
    private var isDraining = false
    private var isOver = false

    /// How long a client that was told to go may take to close the connection itself.
    ///
    /// Where we close with bytes of its unread, what we have sent may not reach it.
    private static let linger = TimeAmount.milliseconds(100)
    /// What all streams together may send before there is news of the window.
    private static let connectionWindow = 1 << 20

    private init(_ client: ClientConnection, _ caller: ClientConnection.Caller, _ exchange: Exchange) {
        let limits = client.terms.limits
        self.worker = client.worker
        self.listener = client.listener
        self.terms = client.terms
        self.caller = caller
        self.exchange = exchange
        self.buffer = BufferAccount(limit: limits.http2.bufferBytes, within: worker.http2Buffer)
        self.scanner = RequestScanner(limits: limits.http1)
        self.frames = FrameGuardHandler(limits.http2)
        self.resets = FrameBudget(limits.http2.maximumResets)
        self.deadline = .now() + terms.timeouts.idle
        self.frames.connection = self
        self.buffer.onRoom = { [weak self] in self?.roomChanged() }
    }

    /// Takes a connection on which HTTP/2 was agreed on from the handler that saw its handshake through.
    static func takeOver(from client: ClientConnection, _ context: ChannelHandlerContext) {
        guard let caller = client.caller, let exchange = client.exchange else { return client.close() }
        let connection = HTTP2Connection(client, caller, exchange)
        let bound = NIOLoopBound(connection, eventLoop: context.eventLoop)
        let limits = client.terms.limits
        let http2 = NIOHTTP2Handler(
            mode: .server,
            eventLoop: context.eventLoop,
            connectionConfiguration: connectionConfiguration(limits),
            streamConfiguration: streamConfiguration(limits)
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(HTTP2Stream(bound.value))
            }
        }
        do {
            try context.pipeline.syncOperations.addHandlers(
                [connection.frames, http2, connection],
                position: .after(client)
            )
        } catch {
            return client.close()
        }
        client.worker.replace(client, by: connection)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private static func connectionConfiguration(_ limits: GatewayLimits) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.http2.maximumStreams),
            HTTP2Setting(parameter: .initialWindowSize, value: limits.http2.streamWindow),
            // As HTTP/2 counts, each field is 32 bytes longer. What is somewhat too large gets an answer; only what is
            // far too large ends the connection.
            HTTP2Setting(
                parameter: .maxHeaderListSize,
                value: limits.headBytes + 32 * (limits.headerCount + 8) + 4 * 1024
            ),
        ]
        // Requests are checked by us, so that a malformed one is answered and recorded like one of HTTP/1.
        configuration.headerBlockValidation = .disabled
        configuration.contentLengthValidation = .disabled
        configuration.maximumSequentialEmptyDataFrames = 8
        configuration.maximumBufferedControlFrames = max(256, limits.http2.maximumControlFrames)
        configuration.maximumSequentialContinuationFrames = limits.http2.maximumContinuations
        configuration.maximumConnectionGlitches = limits.http2.maximumResets
        configuration.targetWindowSize = connectionWindow
        configuration.controlFrameRateLimit.maximumCount = limits.http2.maximumControlFrames
        configuration.controlFrameRateLimit.windowLength = .seconds(HTTP2Limits.window)
        return configuration
    }

    private static func streamConfiguration(_ limits: GatewayLimits) -> NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = limits.http2.streamWindow
        configuration.outboundBufferSizeHighWatermark = 64 * 1024
        configuration.outboundBufferSizeLowWatermark = 32 * 1024
        configuration.streamResetFrameRateLimit.maximumCount = limits.http2.maximumResets
        configuration.streamResetFrameRateLimit.windowLength = .seconds(HTTP2Limits.window)
        configuration.streamErrorRateLimit.maximumCount = limits.http2.maximumResets
        configuration.streamErrorRateLimit.windowLength = .seconds(HTTP2Limits.window)
        return configuration
    }

    // MARK: What arrives

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // SETTINGS, PING, GOAWAY and their like are HTTP/2's own affair.
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        frames.isReading = false
        let streams = postponed
        postponed.removeAll(keepingCapacity: true)
        for stream in streams { stream.readEnded() }
        context.fireChannelReadComplete()
    }

    /// Comes back to a stream when everything that came at once has been read; false where nothing is being read.
    func postpone(_ stream: HTTP2Stream) -> Bool {
        guard frames.isReading else { return false }
        if postponed.last !== stream { postponed.append(stream) }
        return true
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if frames.hasFailed { return end(for: HTTP2Abuse(error)) }
        // HTTP/2 has reset the stream that the error is about.
        if error is any NIOHTTP2Error || error is NIOHTTP2Errors.StreamError { return }
        // A client that goes away without saying so, or breaks TLS, is gone.
        leave()
        context.close(promise: nil)
    }

    // MARK: Streams

    /// Takes in a request, or has no place for it.
    func admit(_ stream: HTTP2Stream, id: HTTP2StreamID) -> Bool {
        lastStreamID = max(lastStreamID, Int(id))
        let limits = terms.limits
        guard !isOver else { return false }
        guard streams.count < limits.http2.maximumStreams else {
            if !resets.take(at: .now()) { end(for: .streams) }
            return false
        }
        guard
            worker.context.streamCount.wrappingAdd(1, ordering: .relaxed).newValue <= limits.http2.maximumTotalStreams
        else {
            worker.context.streamCount.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        streams[ObjectIdentifier(stream)] = stream
        requests += 1
        if requests >= limits.maximumRequestsPerConnection, let context {
            // After the bytes that are being read.
            context.eventLoop.assumeIsolated().execute { self.drain() }
        }
        return true
    }

    /// A request is over, and came to nothing where its client made us work in vain.
    func release(_ stream: HTTP2Stream, inVain: Bool) {
        guard streams.removeValue(forKey: ObjectIdentifier(stream)) != nil else { return }
        worker.context.streamCount.wrappingSubtract(1, ordering: .relaxed)
        guard !isOver else { return }
        if inVain, !resets.take(at: .now()) { return end(for: .resets) }
        guard streams.isEmpty else { return }
        deadline = .now() + terms.timeouts.idle
        if isDraining { closeSoon() }
    }

    /// There is room again for what upstreams say.
    func roomChanged() {
        for stream in Array(streams.values) { stream.roomChanged() }
    }

    // MARK: Time and the end

    func check(_ now: NIODeadline) {
        guard !isOver else { return }
        // Nobody is believed past the end of the certificate: the client comes back with its next one.
        if let caller, caller.expiry <= now { drain() }
        if let since = frames.unfinishedSince, since + terms.timeouts.head <= now {
            return end(for: .stalled)
        }
        if streams.isEmpty, deadline <= now { return drain() }
        // A copy, since streams leave the table as they end.
        for stream in Array(streams.values) { stream.check(now) }
    }

    func isAdmitted(by policy: PolicySnapshot) -> Bool {
        policy.admits(caller, to: exchange.destination)
    }

    func drain() {
        guard !isDraining, !isOver else { return }
        isDraining = true
        frames.beginDraining(lastStreamID: lastStreamID)
        sendGoAway(.noError)
        if streams.isEmpty { closeSoon() }
    }

    func abort(_ ending: CompletionRecord.Ending) {
        isOver = true
        for stream in Array(streams.values) { stream.abandon(ending) }
        frames.end()
        context?.close(promise: nil)
    }

    /// Ends a connection whose client asks for more than a client needs.
    func end(for abuse: HTTP2Abuse) {
        guard !isOver else { return }
        isOver = true
        frames.end()
        worker.refused(abuse.rawValue, from: context?.remoteAddress)
        worker.context.logger.warning(
            "http2 connection ended",
            metadata: ["reason": "\(abuse.rawValue)", "spiffe.id": "\(caller?.name ?? "")"]
        )
        for stream in Array(streams.values) { stream.abandon(.badRequest) }
        if !frames.hasFailed { sendGoAway(.enhanceYourCalm) }
        closeSoon()
    }

    private func sendGoAway(_ code: HTTP2ErrorCode) {
        let frame = HTTP2Frame(
            streamID: .rootStream,
            payload: .goAway(lastStreamID: HTTP2StreamID(lastStreamID), errorCode: code, opaqueData: nil)
        )
        context?.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    private func closeSoon() {
        guard let context else { return }
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.linger) {
            self.context?.close(promise: nil)
        }
    }

    private func leave() {
        isOver = true
        for stream in Array(streams.values) { stream.abandon(.clientLeft) }
        worker.remove(self)
    }
}
