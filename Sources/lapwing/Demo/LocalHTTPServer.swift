import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP server on a Unix socket or on loopback: what the demo's services and a witness run on.
///
/// At a Unix socket only the gateway can reach it, because only the gateway's user can open the socket.
///
/// ```swift
/// let server = try await LocalHTTPServer.start(unixSocket: path) { request in .json(#"{"status":"fine"}"#) }
/// try await server.stop()
/// ```
struct LocalHTTPServer: Sendable {
    /// A request, read whole.
    struct Request: Sendable {
        let method: String
        /// The request target without its query.
        let path: String
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    /// What a service answers with.
    struct Response: Sendable {
        var status: HTTPResponseStatus = .ok
        var contentType = "application/json"
        var body: Body

        /// The content of an answer.
        enum Body: Sendable {
            case whole([UInt8])
            /// Server-sent events, written one at a time with a pause after each.
            case events([String], pause: TimeAmount)
        }

        static func json(_ text: String, status: HTTPResponseStatus = .ok) -> Response {
            Response(status: status, body: .whole(Array(text.utf8)))
        }
    }

    /// The longest body that is read, in bytes.
    static let maximumBodyLength = 128 << 10
    /// How long a connection may send nothing, and how many may be open at a time.
    private static let idleTimeout = TimeAmount.seconds(60)
    private static let maximumConnections = 1024

    private let channel: any Channel

    /// The port that it listens on; nil at a Unix socket.
    var port: Int? { channel.localAddress?.port }

    /// Listens until stopped; a socket file that is left from before is replaced.
    static func start(
        unixSocket path: String,
        answer: @escaping @Sendable (Request) async -> Response
    ) async throws -> LocalHTTPServer {
        let bootstrap = bootstrap(answer)
        return LocalHTTPServer(
            channel: try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        )
    }

    /// Listens until stopped at an address and port, of which 0 is one that is free.
    static func start(
        host: String,
        port: Int,
        answer: @escaping @Sendable (Request) async -> Response
    ) async throws -> LocalHTTPServer {
        LocalHTTPServer(channel: try await bootstrap(answer).bind(host: host, port: port).get())
    }

    private static func bootstrap(_ answer: @escaping @Sendable (Request) async -> Response) -> ServerBootstrap {
        let open = Atomic(0)
        return ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard open.wrappingAdd(1, ordering: .relaxed).newValue <= maximumConnections else {
                    open.subtract(1, ordering: .relaxed)
                    return channel.eventLoop.makeFailedFuture(ChannelError.eof)
                }
                channel.closeFuture.whenComplete { _ in open.subtract(1, ordering: .relaxed) }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(readTimeout: idleTimeout))
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(LocalHTTPHandler(answer: answer))
                }
            }
    }

    /// Stops listening.
    func stop() async throws { try await channel.close() }
}

/// Reads requests whole, asks for the answer and writes it.
private final class LocalHTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable (LocalHTTPServer.Request) async -> LocalHTTPServer.Response
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isAnswering = false

    init(answer: @escaping @Sendable (LocalHTTPServer.Request) async -> LocalHTTPServer.Response) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let part):
            guard head != nil else { return }
            guard body.count + part.readableBytes <= LocalHTTPServer.maximumBodyLength else {
                head = nil
                write(.json(#"{"error":"the body is too long"}"#, status: .payloadTooLarge), keepAlive: false, context)
                return
            }
            body.append(contentsOf: part.readableBytesView)
        case .end:
            guard let head else { return }
            self.head = nil
            let path = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
            let request = LocalHTTPServer.Request(
                method: head.method.rawValue,
                path: String(path),
                headers: head.headers,
                body: body
            )
            let answered = context.eventLoop.makePromise(of: LocalHTTPServer.Response.self)
            answered.completeWithTask { [answer] in await answer(request) }
            // The next request of the connection waits until this one is answered.
            answered.futureResult.assumeIsolated().whenSuccess { response in
                self.write(response, keepAlive: head.isKeepAlive, context)
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // An answer that is still being written keeps its connection.
        if event is IdleStateHandler.IdleStateEvent, !isAnswering { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func write(_ response: LocalHTTPServer.Response, keepAlive: Bool, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: response.status)
        head.headers.add(name: "content-type", value: response.contentType)
        if !keepAlive { head.headers.add(name: "connection", value: "close") }
        switch response.body {
        case .whole(let bytes):
            head.headers.add(name: "content-length", value: String(bytes.count))
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
            end(keepAlive: keepAlive, context)
        case .events(let events, let pause):
            isAnswering = true
            head.headers.add(name: "cache-control", value: "no-store")
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            send(events[...], pause: pause, keepAlive: keepAlive, context)
        }
    }

    private func send(
        _ events: ArraySlice<String>,
        pause: TimeAmount,
        keepAlive: Bool,
        _ context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else { return }
        guard let event = events.first else { return end(keepAlive: keepAlive, context) }
        let bytes = ByteBuffer(string: "data: \(event)\n\n")
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.send(events.dropFirst(), pause: pause, keepAlive: keepAlive, context)
        }
    }

    private func end(keepAlive: Bool, _ context: ChannelHandlerContext) {
        isAnswering = false
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        if !keepAlive { context.close(promise: nil) }
    }
}
