import Logging
import NIOCore
import NIOHTTP2

/// Stands last in a connection's pipeline: closes it where HTTP/2 does not begin in time, and on any error.
final class ServerConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let prefaceTimeout: TimeAmount
    private let logger: Logger
    private var prefaceTimer: Scheduled<Void>?

    init(prefaceTimeout: TimeAmount, logger: Logger) {
        self.prefaceTimeout = prefaceTimeout
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.prefaceTimer = context.eventLoop.assumeIsolated().scheduleTask(in: self.prefaceTimeout) {
            context.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The first frame of a connection is the peer's SETTINGS.
        self.prefaceTimer?.cancel()
        self.prefaceTimer = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.prefaceTimer?.cancel()
        self.prefaceTimer = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.logger.debug("rpc connection failed", metadata: ["error": "\(error)"])
        // HTTP/2 has written its GOAWAY by now where it has one to write.
        context.close(promise: nil)
    }
}
