import NIOCore
import NIOPosix

@testable import Gateway

/// An upstream that keeps what comes on each of its connections, and answers the first head with what a test says.
final class TunnelUpstream: Sendable {
    /// All that came, connection by connection.
    let heard = Observed<[String]>([])
    let closed = Observed(0)
    let transport: Upstream.Transport
    private let channel: any Channel
    private let channels: Observed<[any Channel]>

    private init(_ channel: any Channel, _ parts: Parts) {
        self.channel = channel
        self.channels = parts.channels
        self.transport = .plaintext(address: "127.0.0.1", port: channel.localAddress?.port ?? 0)
        parts.owner.update { $0 = self }
    }

    private struct Parts: Sendable {
        let owner = Observed<TunnelUpstream?>(nil)
        let channels = Observed<[any Channel]>([])
        let answer: String?
    }

    static func start(_ answer: String?) async throws -> TunnelUpstream {
        let parts = Parts(answer: answer)
        let channel = try await TestUpstream.bind { channel in
            try channel.pipeline.syncOperations.addHandler(Handler(parts))
        }
        return TunnelUpstream(channel, parts)
    }

    /// Says something on the connection that was made last.
    func send(_ text: String) { channels.value.last?.writeAndFlush(ByteBuffer(string: text), promise: nil) }

    /// Sends so many bytes on it, a piece after each piece that left.
    func pour(_ count: Int, _ sent: Observed<Int>) async throws {
        if let channel = channels.value.last { StreamingTests.pour(count, into: channel, sent) }
    }

    func close() { channels.value.last?.close(promise: nil) }

    func stop() async { try? await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let parts: Parts
        private var number: Int?
        private var hasAnswered = false

        init(_ parts: Parts) { self.parts = parts }

        func channelInactive(context: ChannelHandlerContext) {
            parts.owner.value?.closed.update { $0 += 1 }
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            let channel = context.channel
            var all = ""
            if number == nil { parts.channels.update { $0.append(channel) } }
            parts.owner.value?.heard.update { heard in
                if number == nil {
                    number = heard.count
                    heard.append("")
                }
                heard[number ?? 0] += text
                all = heard[number ?? 0]
            }
            guard !hasAnswered, all.contains("\r\n\r\n"), let answer = parts.answer else { return }
            hasAnswered = true
            context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
        }
    }
}
