import NIOCore
import NIOHTTP1
import NIOPosix

/// A small HTTP server on a Unix socket: what the demo's services run on.
///
/// Only the gateway can reach it, because only the gateway's user can open the socket.
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
    static let maximumBodyLength = 65_536

    private let channel: any Channel

    /// Listens until stopped; a socket file that is left from before is replaced.
    static func start(
        unixSocket path: String,
        answer: @escaping @Sendable (Request) async -> Response
    ) async throws -> LocalHTTPServer {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(LocalHTTPHandler(answer: answer))
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true)
            .get()
        return LocalHTTPServer(channel: channel)
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
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        if !keepAlive { context.close(promise: nil) }
    }
}
