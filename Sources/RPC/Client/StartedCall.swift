import NIOCore

/// A call that has a stream.
struct StartedCall: Sendable {
    let channel: any Channel
    let queue: InboundQueue
    let gate: OutboundGate

    /// Gives the call up.
    func cancel() {
        self.channel.writeAndFlush(StreamPart.cancel, promise: nil)
    }

    /// Says that no more requests will follow.
    func endRequests() {
        self.channel.writeAndFlush(StreamPart.endOfRequests, promise: nil)
    }
}
