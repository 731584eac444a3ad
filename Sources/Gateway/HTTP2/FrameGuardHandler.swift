import NIOCore

/// Puts ``FrameGuard`` between TLS and HTTP/2.
final class FrameGuardHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// The connection, which is ended where its client sends too much.
    weak var connection: HTTP2Connection?
    private var frames: FrameGuard
    private var isOver = false

    init(_ limits: HTTP2Limits) {
        frames = FrameGuard(limits, at: .now())
    }

    /// Since when a frame or a header section is unfinished.
    var unfinishedSince: NIODeadline? { frames.unfinishedSince }
    /// Whether HTTP/2 has told the client of an error of the connection.
    var hasFailed: Bool { frames.hasFailed }

    /// Takes no streams after this one.
    func beginDraining(lastStreamID: Int) {
        frames.lastStreamID = UInt32(lastStreamID)
    }

    /// Passes on nothing more.
    func end() { isOver = true }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        do throws(HTTP2Abuse) {
            for piece in try frames.receive(unwrapInboundIn(data), at: .now()) where !isOver {
                context.fireChannelRead(wrapInboundOut(piece))
            }
        } catch {
            connection?.end(for: error)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .byteBuffer(let bytes) = unwrapOutboundIn(data) { frames.send(bytes) }
        context.write(data, promise: promise)
    }
}
