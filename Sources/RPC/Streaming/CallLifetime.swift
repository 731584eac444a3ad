import NIOCore

/// Gives a client's call up when nobody holds it any more.
final class CallLifetime: Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.channel = channel
    }

    deinit {
        // Does nothing on a call that is over.
        self.channel.writeAndFlush(StreamPart.cancel, promise: nil)
    }
}
