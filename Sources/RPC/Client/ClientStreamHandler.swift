import NIOCore
import NIOHPACK
import NIOHTTP2

/// Carries one call of a client: performs what ``ClientStreamStateMachine`` says.
final class ClientStreamHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundIn = StreamPart
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let head: HPACKHeaders
    private let deadline: NIODeadline?
    private let queue: InboundQueue
    private let gate: OutboundGate
    private var machine: ClientStreamStateMachine
    private var deadlineTimer: Scheduled<Void>?
    private var hasEndedRequests = false
    private var isActive = false

    init(
        head: HPACKHeaders,
        deadline: NIODeadline?,
        queue: InboundQueue,
        gate: OutboundGate,
        maximumMessageSize: Int
    ) {
        self.head = head
        self.deadline = deadline
        self.queue = queue
        self.gate = gate
        self.machine = ClientStreamStateMachine(maximumMessageSize: maximumMessageSize)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.isActive = true
        context.writeAndFlush(self.wrapOutboundOut(.headers(.init(headers: self.head))), promise: nil)
        if let deadline = self.deadline {
            self.deadlineTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
                self.abandon(RPCStatus(.deadlineExceeded, "the deadline passed"), context: context)
            }
        }
        context.fireChannelActive()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .headers(let frame):
            self.perform(
                self.machine.received(headers: frame.headers, endStream: frame.endStream),
                isEnd: frame.endStream,
                context: context
            )
        case .data(let frame):
            guard case .byteBuffer(let bytes) = frame.data else { return }
            self.perform(self.machine.received(data: bytes), isEnd: frame.endStream, context: context)
            while true {
                let action = self.machine.nextMessage()
                if action == .none { break }
                self.perform(action, isEnd: frame.endStream, context: context)
            }
        default:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if self.machine.isFinished || self.queue.wantsMore() {
            context.read()
        }
    }

    private func perform(_ action: ClientStreamStateMachine.Action, isEnd: Bool, context: ChannelHandlerContext) {
        switch action {
        case .none: break
        case .message(let bytes): self.queue.push(bytes)
        case .finish(let status):
            self.finish(status)
            // The server has said its last word, or we want no more of it: whatever is open is closed.
            if !isEnd || !self.hasEndedRequests { context.close(promise: nil) }
        }
    }

    private func finish(_ status: RPCStatus) {
        self.deadlineTimer?.cancel()
        self.deadlineTimer = nil
        self.queue.finish(status.code == .ok ? nil : status)
        self.gate.close(status)
    }

    private func abandon(_ status: RPCStatus, context: ChannelHandlerContext) {
        self.perform(self.machine.abandon(status), isEnd: false, context: context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch self.unwrapOutboundIn(data) {
        case .message(let bytes, let last):
            guard self.isActive, !self.hasEndedRequests, !self.machine.isFinished else {
                promise?.fail(RPCStatus(.cancelled, "the call is over"))
                return
            }
            self.hasEndedRequests = last
            let payload = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(bytes), endStream: last))
            context.write(self.wrapOutboundOut(payload), promise: promise)
        case .endOfRequests:
            guard self.isActive, !self.hasEndedRequests, !self.machine.isFinished else {
                promise?.succeed()
                return
            }
            self.hasEndedRequests = true
            let payload = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))
            context.write(self.wrapOutboundOut(payload), promise: promise)
        case .cancel:
            self.abandon(RPCStatus(.cancelled, "the call was given up"), context: context)
            promise?.succeed()
        case .finish, .reply:
            promise?.succeed()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isActive = false
        self.perform(self.machine.closed(reset: nil), isEnd: true, context: context)
        self.gate.close(RPCStatus(.unavailable, "the stream was closed"))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // A stream that never became active ends here.
        self.perform(self.machine.closed(reset: nil), isEnd: true, context: context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let action: ClientStreamStateMachine.Action
        if let closed = error as? NIOHTTP2Errors.StreamClosed {
            action = self.machine.closed(reset: closed.errorCode.networkCode)
        } else {
            action = self.machine.abandon(RPCStatus(.unavailable, "the stream failed"))
        }
        self.perform(action, isEnd: false, context: context)
    }
}
