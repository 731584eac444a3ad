import NIOCore
import NIOHTTP2
import Synchronization

/// Stands last in a client's connection: notes that the server wants no more calls, and closes on any error.
final class ClientConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let isGoingAway: GoingAway

    init(_ isGoingAway: GoingAway) {
        self.isGoingAway = isGoingAway
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway = self.unwrapInboundIn(data).payload {
            self.isGoingAway.mark()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isGoingAway.mark()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A stream's own error has reset that stream and no other.
        if error is NIOHTTP2Errors.StreamError { return }
        self.isGoingAway.mark()
        context.close(promise: nil)
    }
}

/// Whether a connection takes no more calls.
final class GoingAway: Sendable {
    private let value = Atomic(false)

    var isMarked: Bool { self.value.load(ordering: .acquiring) }

    func mark() {
        self.value.store(true, ordering: .releasing)
    }
}
