import NIOCore

/// Bounds what one connection to the console can send in all, whatever it is: it is for one request.
final class ConsoleIntake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// The longest head.
    static let maximumHead = 32 << 10
    /// The longest form.
    static let maximumBody = 16 << 10
    /// The most that a request comes to, with what frames its body.
    private static let maximum = maximumHead + 2 * maximumBody

    private var count = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        count += unwrapInboundIn(data).readableBytes
        guard count <= Self.maximum else { return context.close(promise: nil) }
        context.fireChannelRead(data)
    }
}
