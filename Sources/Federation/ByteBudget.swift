import NIOCore

/// Closes a connection over which more bytes come than a message of its protocol may have.
///
/// It stands before the HTTP decoder, so that neither a head nor a body without end is gathered.
final class ByteBudget: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// More came than is read.
    struct Exceeded: Error {}

    private var left: Int

    init(_ bytes: Int) { left = bytes }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        left -= unwrapInboundIn(data).readableBytes
        guard left >= 0 else {
            context.fireErrorCaught(Exceeded())
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
    }
}
