import NIOCore
import NIOPosix

/// An upstream that answers each request after a time, with 1 KiB.
enum SlowUpstream {
    /// How an answer ends.
    static let end = "!end!"
    /// How many `x` the body of a request is.
    static let bodyLength = 1_000
    private static let body = String(repeating: "y", count: 1_024 - end.utf8.count) + end
    fileprivate static let answer = ByteBuffer(
        string: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    )

    /// Listens on a port of the loopback interface.
    static func start(after time: TimeAmount) async throws -> any Channel {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(time))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let time: TimeAmount
        private var last: [UInt8] = []

        init(_ time: TimeAmount) { self.time = time }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            last = (last + unwrapInboundIn(data).readableBytesView).suffix(SlowUpstream.bodyLength)
            guard last.count == SlowUpstream.bodyLength, last.allSatisfy({ $0 == UInt8(ascii: "x") }) else { return }
            last = []
            let channel = context.channel
            context.eventLoop.scheduleTask(in: time) { channel.writeAndFlush(SlowUpstream.answer, promise: nil) }
        }
    }
}
