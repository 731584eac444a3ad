import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

@testable import Federation

/// A TLS server of the tests' own that answers each path with the bytes that a test gives it.
final class HostileEndpoint: Sendable {
    private struct State {
        var answers: [String: (text: String, closes: Bool)] = [:]
        var requests: [String] = []
        var clientCertificates = 0
    }

    private final class Shared: Sendable {
        /// Guards what is answered, and what was asked.
        let state = Mutex(State())
    }

    let port: Int
    private let channel: any Channel
    private let shared: Shared

    private init(_ channel: any Channel, _ shared: Shared) {
        self.channel = channel
        self.port = channel.localAddress?.port ?? 0
        self.shared = shared
    }

    /// Listens on loopback; without a context it speaks no TLS.
    static func start(_ context: NIOSSLContext?) async throws -> HostileEndpoint {
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
        return HostileEndpoint(channel, shared)
    }

    func url(_ path: String = "/") -> String { "https://127.0.0.1:\(port)\(path)" }

    func answer(_ text: String, at path: String = "/", closes: Bool = false) {
        shared.state.withLock { $0.answers[path] = (text, closes) }
    }

    func answer(json: String, at path: String = "/") {
        answer("HTTP/1.1 200 OK\r\nContent-Length: \(json.utf8.count)\r\n\r\n\(json)", at: path)
    }

    func redirect(to location: String, at path: String = "/") {
        answer("HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: \(location)\r\n\r\n", at: path)
    }

    /// The requests, each with its head.
    var requests: [String] { shared.state.withLock { $0.requests } }

    func stop() async { try? await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let shared: Shared
        private var inbox = ""

        init(_ shared: Shared) { self.shared = shared }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            inbox += String(buffer: unwrapInboundIn(data))
            guard inbox.contains("\r\n\r\n") else { return }
            let path = String(inbox.split(separator: " ").dropFirst().first ?? "")
            let answer = shared.state.withLock { state in
                state.requests.append(inbox)
                return state.answers[path]
            }
            inbox = ""
            // Without an answer it keeps the client waiting.
            guard let answer else { return }
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer.text))).whenComplete { _ in
                if answer.closes { bound.value.close(promise: nil) }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
