import NIOCore
import NIOPosix

/// A client that sends bytes as a test gives them, without TLS, and keeps what comes back.
final class EgressClient: Sendable {
    /// What came back so far.
    struct Heard: Sendable {
        var bytes: [UInt8] = []
        var isClosed = false

        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    let heard: Observed<Heard>
    private let channel: any Channel

    private init(channel: any Channel, heard: Observed<Heard>) {
        self.channel = channel
        self.heard = heard
    }

    static func connect(port: Int) async throws -> EgressClient {
        try await connect { $0.connect(host: "127.0.0.1", port: port) }
    }

    static func connect(unixSocket path: String) async throws -> EgressClient {
        try await connect { $0.connect(unixDomainSocketPath: path) }
    }

    private static func connect(_ connect: (ClientBootstrap) -> EventLoopFuture<any Channel>) async throws
        -> EgressClient
    {
        let heard = Observed(Heard())
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(heard: heard))
                }
            }
        return EgressClient(channel: try await connect(bootstrap).get(), heard: heard)
    }

    func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Waits until the text has come, or the end.
    @discardableResult
    func wait(for text: String) async -> Heard { await heard.wait { $0.isClosed || $0.text.contains(text) } }

    /// Waits until the other end sends no more.
    @discardableResult
    func end() async -> Heard { await heard.wait { $0.isClosed } }

    /// Sends no more.
    func finish() async { try? await channel.close(mode: .output) }

    func close() async { try? await channel.close() }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let heard: Observed<Heard>

        init(heard: Observed<Heard>) { self.heard = heard }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(unwrapInboundIn(data).readableBytesView)
            heard.update { $0.bytes += bytes }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed? = event as? ChannelEvent { heard.update { $0.isClosed = true } }
        }

        func channelInactive(context: ChannelHandlerContext) { heard.update { $0.isClosed = true } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
