import Foundation
import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE

@testable import Gateway

/// An upstream that a test scripts: it tells what it received, and says what it is told to.
final class TestUpstream: Sendable {
    /// A request as the upstream received it.
    struct Received: Sendable {
        let head: String
        let body: String

        /// The values of a header, by its name in lower case.
        func values(_ name: String) -> [String] {
            head.split(separator: "\r\n").dropFirst().compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts[0].lowercased() == name else { return nil }
                return parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            }
        }
    }

    /// Says things on the connection that a request came on.
    struct Responder: Sendable {
        let channel: any Channel

        func write(_ text: String) {
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        }

        func close() { channel.close(promise: nil) }
    }

    static let ok = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"

    let received = Observed<[Received]>([])
    let connections = Observed(0)
    let closed = Observed(0)
    let transport: Upstream.Transport
    private let channel: any Channel

    private init(channel: any Channel, transport: Upstream.Transport, parts: Parts) {
        self.channel = channel
        self.transport = transport
        parts.owner.update { $0 = self }
    }

    private struct Parts: Sendable {
        let owner = Observed<TestUpstream?>(nil)
    }

    /// Starts on a loopback port, or on a Unix socket, or with mutual TLS.
    static func start(
        unixSocket: String? = nil,
        identity: TLSIdentity? = nil,
        respond: @escaping @Sendable (Received, Responder) -> Void = { _, responder in responder.write(ok) }
    ) async throws -> TestUpstream {
        let parts = Parts()
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let identity {
                        try channel.pipeline.syncOperations.addHandlers(identity.serverHandlers { _ in })
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(parts: parts, respond: respond))
                }
            }
        let channel: any Channel
        let transport: Upstream.Transport
        if let unixSocket {
            channel = try await bootstrap.bind(unixDomainSocketPath: unixSocket).get()
            transport = .unixSocket(unixSocket)
        } else {
            channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            let port = channel.localAddress?.port ?? 0
            transport =
                if let identity {
                    .mutualTLS(host: "127.0.0.1", port: port, id: identity.svid.id, serverName: nil)
                } else {
                    .plaintext(address: "127.0.0.1", port: port)
                }
        }
        return TestUpstream(channel: channel, transport: transport, parts: parts)
    }

    /// Binds a loopback port whose connections get the handlers that are added to them.
    static func bind(_ prepare: @escaping @Sendable (any Channel) throws -> Void) async throws -> any Channel {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try prepare(channel) } }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async { try? await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let parts: Parts
        private let respond: @Sendable (Received, Responder) -> Void
        private var inbox = ByteBuffer()
        private var isCounted = false

        init(parts: Parts, respond: @escaping @Sendable (Received, Responder) -> Void) {
            self.parts = parts
            self.respond = respond
        }

        func channelActive(context: ChannelHandlerContext) {
            isCounted = true
            parts.owner.value?.connections.update { $0 += 1 }
            context.fireChannelActive()
        }

        func channelInactive(context: ChannelHandlerContext) {
            parts.owner.value?.closed.update { $0 += 1 }
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            inbox.writeBuffer(&bytes)
            while let request = takeRequest() {
                parts.owner.value?.received.update { $0.append(request) }
                respond(request, Responder(channel: context.channel))
            }
        }

        /// A whole request off the front of what came.
        private func takeRequest() -> Received? {
            var scanner = RequestScanner(limits: HTTP1Limits())
            let bytes = Array(inbox.readableBytesView)
            guard (try? scanner.scan(bytes.span)) == true else { return nil }
            var body: [UInt8] = []
            var rest = bytes.dropFirst(scanner.length)
            guard var framing = try? BodyScanner(scanner.framing, keepsChunks: false) else { return nil }
            while !framing.isComplete {
                guard !rest.isEmpty, let step = try? framing.next(Array(rest).span) else { return nil }
                body += rest.prefix(step.forward)
                rest = rest.dropFirst(step.forward + step.drop)
            }
            inbox.moveReaderIndex(forwardBy: bytes.count - rest.count)
            return Received(
                head: String(decoding: bytes.prefix(scanner.length), as: UTF8.self),
                body: String(decoding: body, as: UTF8.self)
            )
        }
    }
}
