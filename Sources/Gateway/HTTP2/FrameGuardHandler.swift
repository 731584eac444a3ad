import NIOCore

/// A connection whose frames are followed.
protocol FrameGuarded: AnyObject {
    /// Ends, since the other end sends more than it needs.
    func end(for abuse: HTTP2Abuse)
}

/// Puts ``FrameGuard`` between TLS and HTTP/2.
final class FrameGuardHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// The connection, which is ended where its other end sends too much.
    weak var connection: (any FrameGuarded)?
    /// Whether bytes came that have not all been read.
    var isReading = false
    private var frames: FrameGuard
    private var isOver = false

    init(_ limits: HTTP2Limits, from sender: FrameGuard.Sender = .client) {
        frames = FrameGuard(limits, from: sender, at: .now())
    }

    /// Since when a frame or a header section is unfinished.
    var unfinishedSince: NIODeadline? { frames.unfinishedSince }
    /// Whether HTTP/2 has told the other end of an error of the connection.
    var hasFailed: Bool { frames.hasFailed }

    /// Takes no streams after this one.
    func beginDraining(lastStreamID: Int) {
        frames.lastStreamID = UInt32(lastStreamID)
    }

    /// Passes on nothing more.
    func end() { isOver = true }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        isReading = true
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
