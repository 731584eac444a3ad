import ArgumentParser
import NIOCore
import NIOPosix

/// The relay inside `lapwing run`: from the loopback port, which it inherits as descriptor 3, to the egress listener.
///
/// It decides nothing and has no more rights than the command beside it, which could speak to the socket itself.
struct EgressRelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "egress-relay",
        abstract: "Used by `lapwing run`.",
        shouldDisplay: false
    )

    @Argument(help: "The egress listener's Unix socket.")
    var socket: String

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let socket = socket
        let listener = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let inside = RelayHalf()
                    try channel.pipeline.syncOperations.addHandler(inside)
                    Self.join(inside, of: channel, to: socket)
                }
            }
            .withBoundSocket(3)
            .get()
        try await listener.closeFuture.get()
    }

    private static func join(_ inside: RelayHalf, of channel: any Channel, to socket: String) {
        let outside = RelayHalf()
        inside.other = outside
        outside.other = inside
        let bound = NIOLoopBound((inside, outside), eventLoop: channel.eventLoop)
        ClientBootstrap(group: channel.eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value.1)
                }
            }
            .connect(unixDomainSocketPath: socket)
            .whenFailure { _ in bound.value.0.close() }
    }
}

/// One side of a relayed connection: what it reads, the other writes, as fast as that goes.
private final class RelayHalf: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var other: RelayHalf?
    private var context: ChannelHandlerContext?
    private var isConnected = false
    private var isWritable = false
    private var readWithheld = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        isConnected = true
        isWritable = context.channel.isWritable
        other?.resume()
        context.fireChannelActive()
    }

    func read(context: ChannelHandlerContext) {
        if other?.isWritable ?? false { context.read() } else { readWithheld = true }
    }

    private func resume() {
        guard readWithheld, other?.isWritable ?? false else { return }
        readWithheld = false
        context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other?.write(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        other?.context?.flush()
    }

    private func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable { other?.resume() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            other?.context?.close(mode: .output, promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let other = other
        self.other = nil
        other?.close()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Closes this side, and with it the other.
    func close() { context?.close(promise: nil) }
}
