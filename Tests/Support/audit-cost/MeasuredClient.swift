import Gateway
import MutualTLS
import NIOCore
import NIOPosix
import ZeroTrust

/// A client that asks over mutual TLS, one request after the other, and says how long each took.
final class MeasuredClient: Sendable {
    /// The gateway said something else than was expected, or nothing any more.
    struct Disappointed: Error {}

    private let channel: any Channel

    private init(_ channel: any Channel) { self.channel = channel }

    /// Connects to a gateway's listener.
    static func connect(to gateway: GatewayServer, as identity: TLSIdentity) async throws -> MeasuredClient {
        let id = try SPIFFEID("spiffe://cluster.local/ns/ml-inference/sa/inference-service")
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(identity.clientHandlers(expecting: id))
                    try channel.pipeline.syncOperations.addHandler(Answers())
                }
            }
            .connect(host: "127.0.0.1", port: gateway.ports["mtls"] ?? 0).get()
        return MeasuredClient(channel)
    }

    /// Asks once; returns the nanoseconds until the last byte of the answer.
    func ask() async throws -> Int64 {
        let promise = channel.eventLoop.makePromise(of: Int64.self)
        channel.writeAndFlush(promise, promise: nil)
        return try await promise.futureResult.get()
    }

    func close() async { try? await channel.close() }

    private final class Answers: ChannelDuplexHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundIn = EventLoopPromise<Int64>
        typealias OutboundOut = ByteBuffer

        private static let request: ByteBuffer = {
            let body = String(repeating: "x", count: SlowUpstream.bodyLength)
            return ByteBuffer(
                string:
                    "POST /v1/predict HTTP/1.1\r\nHost: inference.example\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                    + body
            )
        }()
        private var waiting: EventLoopPromise<Int64>?
        private var since = NIODeadline.now()
        private var tail: [UInt8] = []
        private var isVerified = false
        private var hasBegun = false

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            waiting = unwrapOutboundIn(data)
            tail = []
            hasBegun = false
            guard isVerified else { return }
            send(context)
        }

        private func send(_ context: ChannelHandlerContext) {
            since = .now()
            context.writeAndFlush(wrapOutboundOut(Self.request), promise: nil)
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is PeerVerified {
                isVerified = true
                if waiting != nil { send(context) }
            }
            context.fireUserInboundEventTriggered(event)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            if !hasBegun, !bytes.readableBytesView.starts(with: "HTTP/1.1 200".utf8) {
                return context.close(promise: nil)
            }
            hasBegun = true
            tail = (tail + bytes.readableBytesView).suffix(SlowUpstream.end.utf8.count)
            guard tail.elementsEqual(SlowUpstream.end.utf8), let promise = waiting.take() else { return }
            promise.succeed((NIODeadline.now() - since).nanoseconds)
        }

        func channelInactive(context: ChannelHandlerContext) { waiting.take()?.fail(Disappointed()) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
