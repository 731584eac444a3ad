import NIOCore
import NIOPosix
package import NIOSSL
import Synchronization

/// A server of the tests' own that answers each path with the bytes that a test gives it, over TLS or in the clear.
package final class ByteServer: Sendable {
    /// What it says, and whether it then closes the connection.
    package struct Answer: Sendable {
        package var text: String
        package var closes: Bool

        package init(text: String, closes: Bool = false) {
            self.text = text
            self.closes = closes
        }

        /// A good answer with a body.
        package static func json(_ body: String) -> Answer {
            Answer(text: "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }

        /// An answer without a body; each header ends with its line.
        package static func status(_ line: String, _ headers: String = "") -> Answer {
            Answer(text: "HTTP/1.1 \(line)\r\nContent-Length: 0\r\n\(headers)\r\n")
        }

        /// A redirect.
        package static func redirect(to location: String) -> Answer {
            status("307 Temporary Redirect", "Location: \(location)\r\n")
        }
    }

    private struct State {
        var answers: [String: Answer] = [:]
        var requests: [String] = []
    }

    private final class Shared: Sendable {
        /// Guards what is answered, and what was asked.
        let state = Mutex(State())
    }

    package let port: Int
    private let scheme: String
    private let channel: any Channel
    private let shared: Shared

    private init(_ channel: any Channel, _ scheme: String, _ shared: Shared) {
        self.channel = channel
        self.port = channel.localAddress?.port ?? 0
        self.scheme = scheme
        self.shared = shared
    }

    /// Listens on loopback; without a context it speaks no TLS.
    package static func start(_ context: NIOSSLContext? = nil) async throws -> ByteServer {
        let shared = Shared()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(shared))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ByteServer(channel, context == nil ? "http" : "https", shared)
    }

    package func url(_ path: String = "/") -> String { "\(scheme)://127.0.0.1:\(port)\(path)" }

    /// Answers a path from now on; without an answer it keeps the client waiting.
    package func answer(_ path: String = "/", _ answer: Answer?) {
        shared.state.withLock { $0.answers[path] = answer }
    }

    /// The requests in their order, each with its head.
    package var requests: [String] { shared.state.withLock { $0.requests } }

    /// The paths that were asked for, in their order.
    package var paths: [String] { requests.map { Self.path(of: $0) } }

    package func stop() async { try? await channel.close() }

    private static func path(of request: String) -> String {
        String(request.split(separator: " ").dropFirst().first ?? "")
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let shared: Shared
        private var inbox = ""

        init(_ shared: Shared) { self.shared = shared }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            inbox += String(buffer: unwrapInboundIn(data))
            guard inbox.contains("\r\n\r\n") else { return }
            let request = inbox
            inbox = ""
            let answer = shared.state.withLock { state in
                state.requests.append(request)
                return state.answers[ByteServer.path(of: request)]
            }
            guard let answer else { return }
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer.text))).whenComplete { _ in
                if answer.closes { bound.value.close(promise: nil) }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
