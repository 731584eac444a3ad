import NIOCore

@testable import Gateway

/// An upstream that believes whatever it is sent: every line that looks like a request is one, and is answered with
/// what it asked for.
///
/// It reads as loosely as the loosest server behind a proxy might, so that nothing smuggled past the proxy stays
/// unseen.
final class RawUpstream: Sendable {
    /// All that was sent to it, connection after connection.
    private let heard: Observed<String>
    let transport: Upstream.Transport
    private let channel: any Channel

    private init(_ channel: any Channel, _ heard: Observed<String>) {
        self.channel = channel
        self.transport = .plaintext(address: "127.0.0.1", port: channel.localAddress?.port ?? 0)
        self.heard = heard
    }

    static func start() async throws -> RawUpstream {
        let heard = Observed("")
        let channel = try await TestUpstream.bind { channel in
            try channel.pipeline.syncOperations.addHandler(Believer(heard))
        }
        return RawUpstream(channel, heard)
    }

    /// The request lines that it has seen.
    var requests: [String] {
        heard.value.split(whereSeparator: \.isNewline).filter { $0.contains(" HTTP/") || $0.hasPrefix("GET /") }
            .map(String.init)
    }

    /// The bytes that it has seen.
    var bytes: Int { heard.value.utf8.count }

    func stop() async { try? await channel.close() }

    private final class Believer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let heard: Observed<String>
        private var answered = 0
        private var text = ""

        init(_ heard: Observed<String>) { self.heard = heard }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let piece = String(buffer: unwrapInboundIn(data))
            text += piece
            heard.update { $0 += piece }
            // Heads as they end, whatever bodies were announced.
            let heads = text.split(whereSeparator: \.isNewline).filter { $0.contains(" HTTP/") }
            while answered < heads.count, text.contains("\r\n\r\n") {
                let path = heads[answered].split(separator: " ").dropFirst().first ?? "?"
                answered += 1
                context.writeAndFlush(
                    wrapOutboundOut(
                        ByteBuffer(
                            string: "HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n\(path)"
                        )
                    ),
                    promise: nil
                )
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
