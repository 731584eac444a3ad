import Foundation
import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE
import ZeroTrust

/// A client that sends bytes as a test gives them, over mutual TLS, and keeps what comes back.
final class TestClient: Sendable {
    /// What came back so far.
    struct Heard: Sendable {
        var text = ""
        var isClosed = false

        /// The statuses of the responses so far.
        var statuses: [Int] {
            text.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
        }
    }

    let heard: Observed<Heard>
    private let channel: any Channel

    private init(channel: any Channel, heard: Observed<Heard>) {
        self.channel = channel
        self.heard = heard
    }

    /// Connects, and comes back when the handshake is over.
    static func connect(
        to port: Int,
        as identity: TLSIdentity,
        expecting id: SPIFFEID,
        autoRead: Bool = true
    ) async throws -> TestClient {
        let heard = Observed(Heard())
        let verified = Observed(false)
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(identity.clientHandlers(expecting: id))
                    try channel.pipeline.syncOperations.addHandler(Collector(heard: heard, verified: verified))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        await verified.wait { $0 }
        if !autoRead { try await channel.setOption(.autoRead, value: false).get() }
        return TestClient(channel: channel, heard: heard)
    }

    /// Connects without TLS.
    static func connectPlaintext(to port: Int) async throws -> TestClient {
        let heard = Observed(Heard())
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(heard: heard, verified: Observed(true)))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return TestClient(channel: channel, heard: heard)
    }

    /// The port that it comes from.
    var port: Int { channel.localAddress?.port ?? 0 }

    /// Sends so many bytes, a piece after each piece that left.
    func pour(_ count: Int, _ sent: Observed<Int>) {
        StreamingTests.pour(count, into: channel, sent)
    }

    /// Sends a byte every few milliseconds until it is cancelled.
    func trickle() -> RepeatedTask {
        let channel = channel
        return channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(5)) { _ in
            channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
        }
    }

    func send(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    /// Sends, and waits for so many responses' heads, or for the end.
    func request(_ text: String, responses: Int = 1) async -> Heard {
        send(text)
        return await heard.wait { $0.isClosed || $0.statuses.count >= responses && $0.text.contains("\r\n\r\n") }
    }

    /// Waits until the text has come.
    @discardableResult
    func wait(for text: String) async -> Heard {
        await heard.wait { $0.isClosed || $0.text.contains(text) }
    }

    /// Waits until the other end closes.
    func end() async -> Heard { await heard.wait { $0.isClosed } }

    /// Reads on, where reading was stopped.
    func resume() async throws { try await channel.setOption(.autoRead, value: true).get() }

    func close() async { try? await channel.close() }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let heard: Observed<Heard>
        private let verified: Observed<Bool>

        init(heard: Observed<Heard>, verified: Observed<Bool>) {
            self.heard = heard
            self.verified = verified
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is PeerVerified { verified.update { $0 = true } }
            context.fireUserInboundEventTriggered(event)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            heard.update { $0.text += text }
        }

        func channelInactive(context: ChannelHandlerContext) {
            heard.update { $0.isClosed = true }
            verified.update { $0 = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
