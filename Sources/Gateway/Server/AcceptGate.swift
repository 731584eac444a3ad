import NIOCore

/// Stands before a listener's accepting, and stops it while there are no descriptors for further connections.
///
/// Those who come meanwhile wait in the kernel's queue, which costs no descriptor. It looks again after a pause, so that
/// a listener which cannot accept neither spins nor dies of it.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(100)

    private let hasRoom: @Sendable () -> Bool
    private let onPause: () -> Void
    private var mayAccept = true
    private var isReadWanted = false
    private var timer: Scheduled<Void>?

    /// A gate that lets accept while there is room.
    ///
    /// - Parameters:
    ///   - hasRoom: whether there are descriptors for another connection.
    ///   - onPause: called each time that accepting stops.
    init(hasRoom: @escaping @Sendable () -> Bool, onPause: @escaping () -> Void) {
        self.hasRoom = hasRoom
        self.onPause = onPause
    }

    func read(context: ChannelHandlerContext) {
        guard mayAccept else {
            isReadWanted = true
            return
        }
        guard hasRoom() else {
            isReadWanted = true
            return stop(context)
        }
        context.read()
    }

    /// The system has no descriptor, or no memory, for a connection that waits (accept(2): EMFILE, ENFILE, ENOBUFS,
    /// ENOMEM); or that connection is gone again.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is IOError { stop(context) }
        context.fireErrorCaught(error)
    }

    private func stop(_ context: ChannelHandlerContext) {
        guard mayAccept else { return }
        mayAccept = false
        onPause()
        wait(context)
    }

    private func wait(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: Self.pause) {
            let (gate, context) = bound.value
            gate.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        guard hasRoom() else { return wait(context) }
        mayAccept = true
        guard isReadWanted else { return }
        isReadWanted = false
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }
}
