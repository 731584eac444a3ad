import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestIdentities

/// A server of the tests' own that answers a path with the bytes that a test gives it.
final class KeyServer: Sendable {
    /// What it says, and whether it then closes the connection.
    struct Answer: Sendable {
        var text: String
        var closes = false

        static func json(_ body: String) -> Answer {
            Answer(text: "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }

        static func status(_ line: String, _ headers: String = "") -> Answer {
            Answer(text: "HTTP/1.1 \(line)\r\nContent-Length: 0\r\n\(headers)\r\n")
        }
    }

    private struct State {
        var answers: [String: Answer] = [:]
        var paths: [String] = []
    }

    let port: Int
    let scheme: String
    private let channel: any Channel
    /// Guards what is answered, and what was asked.
    private let state: Shared

    private final class Shared: Sendable {
        let value = Mutex(State())
    }

    private init(channel: any Channel, scheme: String, state: Shared) {
        self.channel = channel
        self.port = channel.localAddress?.port ?? 0
        self.scheme = scheme
        self.state = state
    }

    static func start(_ certificates: WebCertificates? = nil) async throws -> KeyServer {
        let state = Shared()
        let context = try certificates?.serverContext()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return KeyServer(channel: channel, scheme: certificates == nil ? "http" : "https", state: state)
    }

    func url(_ path: String = "/jwks") -> String { "\(scheme)://127.0.0.1:\(port)\(path)" }
    func answer(_ path: String = "/jwks", _ answer: Answer?) { state.value.withLock { $0.answers[path] = answer } }
    /// The paths that were asked for, in their order.
    var paths: [String] { state.value.withLock { $0.paths } }
    func stop() async { try? await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let state: Shared
        private var inbox = ""

        init(_ state: Shared) { self.state = state }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            inbox += String(buffer: unwrapInboundIn(data))
            guard inbox.contains("\r\n\r\n") else { return }
            let path = String(inbox.split(separator: " ").dropFirst().first ?? "")
            inbox = ""
            let answer = state.value.withLock { state in
                state.paths.append(path)
                return state.answers[path]
            }
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

extension WebCertificates {
    func serverContext() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        )
    }

    /// Runs a test with the authority in a file.
    func withFile<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let path = FileManager.default.temporaryDirectory.path + "/authority-\(UUID().uuidString.prefix(8)).pem"
        try Data(authority.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }
}
