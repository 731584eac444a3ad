import Logging
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Carries one call: performs what ``ServerStreamStateMachine`` says and runs the method that answers.
final class ServerStreamHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundIn = StreamPart
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// What all calls of a connection share.
    struct Environment: Sendable {
        var router: Router
        var limits: RPCLimits
        var logger: Logger
        var credentials: PeerCredentials?
        var remoteAddress: SocketAddress?
    }

    private let environment: Environment
    private var machine: ServerStreamStateMachine
    private var method: RPCMethod.Implementation?
    private var rpcContext: RPCContext?
    private var queue: InboundQueue?
    private var gate: OutboundGate?
    /// One task per call.
    ///
    /// It is not a child of the accept loop's, since a call begins inside an event loop's callback; it ends with its
    /// stream, which cancels it.
    private var task: Task<Void, Never>?
    private var deadlineTimer: Scheduled<Void>?
    private var isActive = false

    init(_ environment: Environment) {
        self.environment = environment
        self.machine = ServerStreamStateMachine(maximumMessageSize: environment.limits.maximumMessageSize)
    }

    // MARK: What arrives

    func channelActive(context: ChannelHandlerContext) {
        self.isActive = true
        context.fireChannelActive()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .headers(let frame):
            switch self.machine.received(headers: frame.headers, endStream: frame.endStream) {
            case .call(let head):
                self.begin(head, context: context)
                self.takeInput(context: context)
            case .input:
                self.takeInput(context: context)
            case .respond(let headers, let reset):
                self.end(with: headers, reset: reset, promise: nil, context: context)
            case .ignore:
                break
            }
        case .data(let frame):
            guard case .byteBuffer(let bytes) = frame.data else { return }
            self.machine.received(data: bytes, endStream: frame.endStream)
            self.takeInput(context: context)
        default:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        self.startDeadlineTimer(context: context)
        if self.queue?.wantsMore() ?? true {
            context.read()
        }
    }

    private func begin(_ head: ServerStreamStateMachine.Head, context: ChannelHandlerContext) {
        let rpcContext = RPCContext(
            service: head.service,
            method: head.method,
            metadata: head.metadata,
            deadline: head.timeout.map { .now() + $0 },
            credentials: self.environment.credentials,
            remoteAddress: self.environment.remoteAddress
        )
        let route = self.environment.router.route(service: head.service, method: head.method)
        do {
            switch route {
            case .found(let implementation, let checks):
                for check in checks { try check(rpcContext) }
                self.rpcContext = rpcContext
                self.method = implementation
                if case .bidirectional(let handler) = implementation {
                    self.machine.acceptManyRequests()
                    self.startBidirectional(handler, rpcContext, context: context)
                }
            case .unknown(let checks, let status):
                for check in checks { try check(rpcContext) }
                throw status
            }
        } catch {
            self.finish(with: self.status(of: error), promise: nil, context: context)
        }
    }

    private func takeInput(context: ChannelHandlerContext) {
        while true {
            switch self.machine.nextInput() {
            case .message(let bytes):
                if let queue = self.queue {
                    queue.push(bytes)
                } else {
                    self.start(bytes, context: context)
                }
            case .end:
                self.queue?.finish(nil)
                return
            case .reject(let status):
                self.task?.cancel()
                self.finish(with: status, promise: nil, context: context)
                return
            case .waitForMore:
                return
            }
        }
    }

    // MARK: The method

    private func start(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
        guard let rpcContext = self.rpcContext, let method = self.method else { return }
        let channel = context.channel
        let call = ServerCall(rpcContext, self.environment.logger)
        switch method {
        case .inline(let handler):
            do {
                try self.reply(handler(bytes, rpcContext), promise: nil, context: context)
            } catch {
                self.finish(with: self.status(of: error), promise: nil, context: context)
            }
        case .unary(let handler):
            self.task = Task {
                await call.reply(on: channel) { try await handler(bytes, rpcContext) }
            }
        case .serverStreaming(let handler):
            let gate = OutboundGate(channel: channel, highWatermark: self.environment.limits.outboundHighWatermark)
            self.gate = gate
            self.task = Task {
                await call.run(on: channel) { try await handler(bytes, rpcContext, gate) }
            }
        case .bidirectional:
            break
        }
    }

    private func startBidirectional(
        _ handler: @escaping @Sendable (InboundQueue, RPCContext, OutboundGate) async throws -> Void,
        _ rpcContext: RPCContext,
        context: ChannelHandlerContext
    ) {
        let channel = context.channel
        let call = ServerCall(rpcContext, self.environment.logger)
        let queue = InboundQueue(channel: channel, highWatermark: self.environment.limits.inboundHighWatermark)
        let gate = OutboundGate(channel: channel, highWatermark: self.environment.limits.outboundHighWatermark)
        self.queue = queue
        self.gate = gate
        self.task = Task {
            await call.run(on: channel) { try await handler(queue, rpcContext, gate) }
        }
    }

    private func status(of error: any Error) -> RPCStatus {
        guard let rpcContext = self.rpcContext else { return RPCStatus(describing: error) }
        return ServerCall(rpcContext, self.environment.logger).status(of: error)
    }

    // MARK: What is sent

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch self.unwrapOutboundIn(data) {
        case .message(let bytes, _): self.send(bytes, promise: promise, context: context)
        case .reply(let bytes): self.reply(bytes, promise: promise, context: context)
        case .finish(let status): self.finish(with: status, promise: promise, context: context)
        case .endOfRequests, .cancel: promise?.succeed()
        }
    }

    private func send(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?, context: ChannelHandlerContext) {
        switch self.machine.sendMessage() {
        case .sendHeadAndMessage(let head):
            context.write(self.wrapOutboundOut(.headers(.init(headers: head))), promise: nil)
        case .sendMessage:
            break
        case .discard:
            promise?.fail(RPCStatus(.cancelled, "the call is over"))
            return
        }
        context.write(self.wrapOutboundOut(.data(.init(data: .byteBuffer(bytes)))), promise: promise)
    }

    private func reply(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?, context: ChannelHandlerContext) {
        self.send(bytes, promise: nil, context: context)
        self.finish(with: .ok, promise: promise, context: context)
    }

    private func finish(with status: RPCStatus, promise: EventLoopPromise<Void>?, context: ChannelHandlerContext) {
        switch self.machine.finish(status) {
        case .sendTrailers(let trailers, let reset):
            self.end(with: trailers, reset: reset, promise: promise, context: context)
        case .discard:
            promise?.succeed()
        }
    }

    private func end(
        with headers: HPACKHeaders,
        reset: Bool,
        promise: EventLoopPromise<Void>?,
        context: ChannelHandlerContext
    ) {
        self.release(RPCStatus(.cancelled, "the call is over"))
        guard reset else {
            context.writeAndFlush(
                self.wrapOutboundOut(.headers(.init(headers: headers, endStream: true))),
                promise: promise
            )
            return
        }
        // The peer may still be sending: RFC 9113 §8.1 has us answer first and then reset with NO_ERROR. The reset
        // must not overtake what still waits for the peer's window.
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess {
            guard self.isActive else { return }
            context.writeAndFlush(self.wrapOutboundOut(.rstStream(.noError)), promise: nil)
        }
        context.writeAndFlush(
            self.wrapOutboundOut(.headers(.init(headers: headers, endStream: true))),
            promise: written
        )
    }

    // MARK: The end

    func channelInactive(context: ChannelHandlerContext) {
        self.isActive = false
        let wasCutOff = self.machine.closed()
        if wasCutOff { self.task?.cancel() }
        self.release(RPCStatus(.cancelled, "the caller has gone"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset by the peer comes as an error and then the end of the channel; anything else ends it here.
        context.close(promise: nil)
    }

    /// Lets go of everything that belongs to the running call.
    private func release(_ status: RPCStatus) {
        self.queue?.finish(status)
        self.gate?.close(status)
        self.queue = nil
        self.gate = nil
        self.task = nil
        self.method = nil
        self.rpcContext = nil
        self.deadlineTimer?.cancel()
        self.deadlineTimer = nil
    }

    private func startDeadlineTimer(context: ChannelHandlerContext) {
        guard self.deadlineTimer == nil, !self.machine.isFinished, let deadline = self.rpcContext?.deadline else {
            return
        }
        self.deadlineTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.task?.cancel()
            self.finish(
                with: RPCStatus(.deadlineExceeded, "the deadline passed"),
                promise: nil,
                context: context
            )
        }
    }
}
