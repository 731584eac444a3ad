import Logging
import NIOCore
import NIOHTTP2

/// Looks after a connection: performs what ``ServerConnectionStateMachine`` says, and keeps its times.
///
/// It stands behind HTTP/2 in the pipeline and sees the frames of the connection itself; those of calls go to their
/// own channels.
final class ServerConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let limits: RPCLimits
    private let logger: Logger
    private let drainFilter: DrainFilterHandler
    private var machine = ServerConnectionStateMachine()
    private var context: ChannelHandlerContext?
    private var prefaceTimer: Scheduled<Void>?
    private var idleTimer: Scheduled<Void>?
    private var keepaliveTimer: Scheduled<Void>?
    private var lingerTimer: Scheduled<Void>?
    private var isPingAnswered = true

    /// How long a client that has been told to go may take to close the connection itself.
    ///
    /// Where we close with bytes of its unread, what we have sent may not reach it.
    private static let linger = TimeAmount.milliseconds(100)

    private static let pingData = HTTP2PingData(withInteger: 0x6C61_7077_696E_6721)

    init(limits: RPCLimits, logger: Logger, drainFilter: DrainFilterHandler) {
        self.limits = limits
        self.logger = logger
        self.drainFilter = drainFilter
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.prefaceTimer = context.eventLoop.assumeIsolated().scheduleTask(in: self.limits.prefaceTimeout) {
            context.close(promise: nil)
        }
        self.scheduleKeepalive(context: context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.cancelTimers()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.cancelTimers()
        context.fireChannelInactive()
    }

    private func cancelTimers() {
        for timer in [self.prefaceTimer, self.idleTimer, self.keepaliveTimer, self.lingerTimer] { timer?.cancel() }
        self.prefaceTimer = nil
        self.idleTimer = nil
        self.keepaliveTimer = nil
        self.lingerTimer = nil
    }

    // MARK: What arrives

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The first frame of a connection is the peer's SETTINGS.
        if let timer = self.prefaceTimer {
            timer.cancel()
            self.prefaceTimer = nil
            self.startIdleTimer(context: context)
        }
        if case .ping(Self.pingData, ack: true) = self.unwrapInboundIn(data).payload {
            self.isPingAnswered = true
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            self.perform(self.machine.drain(), context: context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A stream's own error has reset that stream and no other.
        if error is NIOHTTP2Errors.StreamError { return }
        self.logger.debug("rpc connection failed", metadata: ["error": "\(error)"])
        // HTTP/2 has written its GOAWAY by now where it has one to write.
        context.close(promise: nil)
    }

    // MARK: Calls

    fileprivate func streamOpened(_ id: HTTP2StreamID) {
        self.machine.streamOpened(Int(id))
        self.idleTimer?.cancel()
        self.idleTimer = nil
    }

    fileprivate func streamClosed() {
        guard let context = self.context else { return }
        switch self.machine.streamClosed() {
        case .none: break
        case .startIdleTimer: self.startIdleTimer(context: context)
        case .close: self.closeSoon(context: context)
        }
    }

    private func perform(_ action: ServerConnectionStateMachine.DrainAction, context: ChannelHandlerContext) {
        switch action {
        case .none: break
        case .sendGoAway(let lastStreamID, let close):
            self.drainFilter.beginDraining(lastStreamID: lastStreamID)
            let frame = HTTP2Frame(
                streamID: .rootStream,
                payload: .goAway(lastStreamID: HTTP2StreamID(lastStreamID), errorCode: .noError, opaqueData: nil)
            )
            context.writeAndFlush(self.wrapOutboundOut(frame), promise: nil)
            if close { self.closeSoon(context: context) }
        }
    }

    private func closeSoon(context: ChannelHandlerContext) {
        guard self.lingerTimer == nil else { return }
        self.lingerTimer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.linger) {
            context.close(promise: nil)
        }
    }

    // MARK: Times

    private func startIdleTimer(context: ChannelHandlerContext) {
        guard let timeout = self.limits.idleTimeout, self.idleTimer == nil else { return }
        self.idleTimer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.idleTimer = nil
            self.perform(self.machine.idled(), context: context)
        }
    }

    private func scheduleKeepalive(context: ChannelHandlerContext) {
        guard let interval = self.limits.keepaliveInterval else { return }
        self.keepaliveTimer = context.eventLoop.assumeIsolated().scheduleTask(in: interval) {
            self.isPingAnswered = false
            let ping = HTTP2Frame(streamID: .rootStream, payload: .ping(Self.pingData, ack: false))
            context.writeAndFlush(self.wrapOutboundOut(ping), promise: nil)
            self.keepaliveTimer = context.eventLoop.assumeIsolated().scheduleTask(in: self.limits.keepaliveTimeout) {
                if self.isPingAnswered {
                    self.scheduleKeepalive(context: context)
                } else {
                    context.close(promise: nil)
                }
            }
        }
    }
}

/// Tells a connection's handler of the calls that begin and end on it.
struct ServerStreamDelegate: NIOHTTP2StreamDelegate {
    private let handler: NIOLoopBound<ServerConnectionHandler>

    init(_ handler: ServerConnectionHandler, eventLoop: any EventLoop) {
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    func streamCreated(_ id: HTTP2StreamID, channel: any Channel) {
        self.handler.value.streamOpened(id)
    }

    func streamClosed(_ id: HTTP2StreamID, channel: any Channel) {
        self.handler.value.streamClosed()
    }
}

/// Puts ``DrainFilter`` in front of HTTP/2.
final class DrainFilterHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var filter = DrainFilter()

    func beginDraining(lastStreamID: Int) {
        self.filter.lastStreamID = UInt32(lastStreamID)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.filter.filter(self.unwrapInboundIn(data))
        if bytes.readableBytes > 0 {
            context.fireChannelRead(self.wrapInboundOut(bytes))
        }
    }
}
