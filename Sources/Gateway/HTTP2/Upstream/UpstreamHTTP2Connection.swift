import Logging
import MutualTLS
import NIOCore
import NIOHTTP2
import SPIFFE
import ZeroTrust

/// A connection to an upstream of HTTP/2, which carries many requests at a time, each in an ``UpstreamHTTP2Stream``.
///
/// It can be used once the other end has proved who it is, agreed on HTTP/2 and said what it takes (its SETTINGS). As an
/// upstream is not trusted either, its frames are counted like those of clients; a connection that sends more than an
/// honest server would, or breaks the protocol, is ended and its requests with it.
final class UpstreamHTTP2Connection: ChannelInboundHandler, FrameGuarded {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private enum Phase {
        case connecting
        case open
        /// The upstream takes no more requests, or none are sent.
        case draining
        case closed
    }

    /// What the head of a response may hold.
    static let headLimits = HTTP1Limits(headBytes: 64 * 1024, fields: 200)
    /// The requests that one connection may carry: stream ids are used up once.
    private static let maximumRequests = 1 << 24
    /// What an honest server stays below in half a minute: gRPC's ask for an answer with each message, and models send
    /// a frame for each word.
    private static let limits = HTTP2Limits(
        maximumResets: 2_000,
        maximumControlFrames: 20_000,
        maximumWindowUpdates: 20_000,
        maximumSmallFrames: 1_000_000,
        maximumContinuations: 16
    )
    /// What all responses together may hold before there is news of the window.
    private static let connectionWindow = 1 << 20
    /// The second question to an upstream that stays silent, and each after it, comes so much later than the first:
    /// gRPC's servers end connections that ask often.
    private static let patience: Int64 = 10

    /// Whether the requests go over TLS.
    let isSecure: Bool
    /// Who is at the other end, where it had to prove that.
    private(set) var peer: Peer?
    /// The model that it was proved to have loaded, where it has to.
    var model: UpstreamModel?
    /// When the connection last became free of requests.
    private(set) var idleSince = NIODeadline.distantFuture
    private let pool: UpstreamPool
    private let limits: HTTP2Limits
    private let configuration: HTTP2Upstream
    private let frames: FrameGuardHandler
    private var phase = Phase.connecting
    private var context: ChannelHandlerContext?
    private var multiplexer: NIOHTTP2Handler.StreamMultiplexer?
    private var streams: [ObjectIdentifier: UpstreamHTTP2Stream] = [:]
    private var requests = 0
    /// The streams that the upstream takes at a time.
    private var offered = 100
    /// The last stream that the upstream has looked at, where it said that it goes away.
    private var lastStreamID: HTTP2StreamID?
    /// By when it has to be usable.
    private let deadline: NIODeadline
    private var heardAt = NIODeadline.now()
    /// How long the upstream may be silent before it is asked whether it is there.
    private var silence: TimeAmount
    private var answerBy: NIODeadline?

    /// A connection that is about to be made.
    init(pool: UpstreamPool, configuration: HTTP2Upstream, connectTimeout: TimeAmount) {
        self.pool = pool
        self.configuration = configuration
        self.limits = Self.limits
        self.isSecure = pool.upstream.isMutualTLS
        self.frames = FrameGuardHandler(limits, from: .server)
        self.deadline = .now() + connectTimeout
        self.silence = TimeAmount(configuration.keepalive)
        self.frames.connection = self
    }

    /// Whether another request can be sent.
    var hasRoom: Bool {
        guard case .open = phase else { return false }
        return streams.count < min(configuration.maximumStreams, offered) && requests < Self.maximumRequests
    }

    /// Whether new connections have to stand in for this one.
    var isSpent: Bool {
        if case .draining = phase { return true }
        return false
    }

    /// Whether it carries nothing, and nobody waits for it to become usable.
    var isIdle: Bool {
        if case .connecting = phase { return false }
        return streams.isEmpty
    }

    /// Whether the upstream has said that it did not look at a stream, and never will (RFC 9113 §6.8).
    func isPassedOver(_ id: HTTP2StreamID) -> Bool { lastStreamID.map { id > $0 } ?? false }

    // MARK: Becoming usable

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail("the connection was closed")
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if !isSecure { start(context) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? PeerVerified else { return context.fireUserInboundEventTriggered(event) }
        guard event.applicationProtocol == "h2" else { return fail("the upstream does not speak HTTP/2") }
        peer = event.peer
        start(context)
    }

    /// Says the first words; the upstream's own make the connection usable.
    private func start(_ context: ChannelHandlerContext) {
        guard case .connecting = phase, multiplexer == nil else { return }
        let http2 = NIOHTTP2Handler(
            mode: .client,
            eventLoop: context.eventLoop,
            connectionConfiguration: connectionConfiguration,
            streamConfiguration: streamConfiguration
        ) { channel in
            // A stream that the upstream begins was not asked for.
            channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        do {
            try context.pipeline.syncOperations.addHandlers([frames, http2], position: .before(self))
            multiplexer = try http2.syncMultiplexer()
        } catch {
            fail("\(error)")
        }
    }

    private var connectionConfiguration: NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .initialWindowSize, value: limits.streamWindow),
            HTTP2Setting(
                parameter: .maxHeaderListSize,
                value: Self.headLimits.headBytes + 32 * (Self.headLimits.fields + 8)
            ),
        ]
        // Responses are checked by us, so that a malformed one is treated like one of HTTP/1.
        configuration.headerBlockValidation = .disabled
        configuration.contentLengthValidation = .disabled
        configuration.maximumSequentialEmptyDataFrames = 8
        configuration.maximumBufferedControlFrames = max(256, limits.maximumControlFrames)
        configuration.maximumSequentialContinuationFrames = limits.maximumContinuations
        configuration.maximumConnectionGlitches = limits.maximumResets
        configuration.maximumRecentlyResetStreams = 1_024
        configuration.targetWindowSize = Self.connectionWindow
        configuration.controlFrameRateLimit.maximumCount = limits.maximumControlFrames
        configuration.controlFrameRateLimit.windowLength = .seconds(HTTP2Limits.window)
        return configuration
    }

    private var streamConfiguration: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = limits.streamWindow
        configuration.outboundBufferSizeHighWatermark = 64 * 1024
        configuration.outboundBufferSizeLowWatermark = 32 * 1024
        configuration.streamResetFrameRateLimit.maximumCount = limits.maximumResets
        configuration.streamResetFrameRateLimit.windowLength = .seconds(HTTP2Limits.window)
        configuration.streamErrorRateLimit.maximumCount = limits.maximumResets
        configuration.streamErrorRateLimit.windowLength = .seconds(HTTP2Limits.window)
        return configuration
    }

    // MARK: What arrives

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard frame.streamID == .rootStream else { return }
        switch frame.payload {
        case .settings(.settings(let settings)):
            for setting in settings where setting.parameter == .maxConcurrentStreams { offered = setting.value }
            heard()
            if case .connecting = phase {
                phase = .open
                idleSince = .now()
                pool.connected(self)
            } else {
                pool.released(self)
            }
        case .ping(_, let ack) where ack:
            answerBy = nil
            heardAt = .now()
        case .goAway(let last, let code, _):
            lastStreamID = last
            if code != .noError { pool.count(error: "http2_goaway") }
            drain()
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        frames.isReading = false
        context.fireChannelReadComplete()
    }

    /// The upstream has said something.
    func heard() {
        heardAt = .now()
        silence = TimeAmount(configuration.keepalive)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail("the connection was closed")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if frames.hasFailed { return end(for: HTTP2Abuse(error)) }
        // HTTP/2 has reset the stream that the error is about.
        if error is any NIOHTTP2Error || error is NIOHTTP2Errors.StreamError { return }
        fail("\(error)")
    }

    // MARK: Streams

    /// A stream for a request; there has to be room for it.
    func open() -> UpstreamHTTP2Stream {
        let stream = UpstreamHTTP2Stream(self)
        streams[ObjectIdentifier(stream)] = stream
        requests += 1
        if requests == Self.maximumRequests { drain() }
        return stream
    }

    /// Gives a stream its channel.
    func begin(_ stream: UpstreamHTTP2Stream) {
        guard let context, let multiplexer else { return }
        let bound = NIOLoopBound(stream, eventLoop: context.eventLoop)
        multiplexer.createStreamChannel(promise: nil) { channel in
            channel.eventLoop.makeCompletedFuture {
                guard !bound.value.isOver else { throw ChannelError.ioOnClosedChannel }
                try channel.pipeline.syncOperations.addHandler(bound.value)
            }
        }
    }

    /// A request is over.
    func release(_ stream: UpstreamHTTP2Stream) {
        guard streams.removeValue(forKey: ObjectIdentifier(stream)) != nil else { return }
        if streams.isEmpty {
            idleSince = .now()
            if case .draining = phase { return close() }
        }
        pool.released(self)
    }

    // MARK: Time and the end

    /// Looks whether something takes too long.
    func check(_ now: NIODeadline, idleTimeout: TimeAmount) {
        switch phase {
        case .closed: return
        case .connecting: if deadline <= now { fail("it did not say what it takes in time") }
        case .open, .draining:
            if let since = frames.unfinishedSince, since + TimeAmount(configuration.keepalive) <= now {
                return end(for: .stalled)
            }
            guard !streams.isEmpty else {
                if idleSince + idleTimeout <= now { close() }
                return
            }
            if let answerBy {
                if answerBy <= now { end(for: .silent) }
            } else if heardAt + silence <= now {
                silence = TimeAmount(configuration.keepalive) * Self.patience
                answerBy = now + TimeAmount(configuration.keepalive)
                let ping = HTTP2Frame.FramePayload.ping(HTTP2PingData(withInteger: 0), ack: false)
                context?.writeAndFlush(
                    wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: ping)),
                    promise: nil
                )
            }
        }
    }

    /// Sends no more requests, and ends with those that are under way.
    func drain() {
        guard case .open = phase else { return }
        phase = .draining
        pool.spent(self)
        if streams.isEmpty { close() }
    }

    /// Ends a connection whose upstream asks for more than a server needs, or breaks the protocol.
    func end(for abuse: HTTP2Abuse) {
        frames.end()
        if case .closed = phase { return }
        pool.count(error: abuse.rawValue)
        fail(abuse.rawValue)
    }

    /// Ends now; the requests that are under way fail, or are tried again where they have not left.
    func fail(_ reason: String, for ending: CompletionRecord.Ending = .upstreamDied) {
        if case .closed = phase { return }
        if case .connecting = phase {
            phase = .closed
            pool.failedToConnect(reason, self, .unreachable)
        } else {
            close()
        }
        let failing = streams.values.map(\.self)
        streams = [:]
        for stream in failing { stream.failed(isUnprocessed: false, for: ending) }
        context?.close(promise: nil)
    }

    /// The upstream is not believed to have loaded its model, so that the connection never becomes usable.
    func refused(_ reason: UnprovenModel) {
        guard case .connecting = phase else { return }
        phase = .closed
        pool.failedToConnect("model_\(reason.rawValue)", self, .unproven(reason))
    }

    /// Closes a connection that carries nothing.
    func close() {
        if case .closed = phase { return }
        let wasSpent = isSpent
        if case .connecting = phase { pool.connecting -= 1 }
        phase = .closed
        pool.removed(self, wasSpent: wasSpent)
        context?.close(promise: nil)
    }
}
