import NIOCore

/// A call that has a stream.
struct StartedCall: Sendable {
    let channel: any Channel
    let queue: InboundQueue
    let gate: OutboundGate
    let lifetime: CallLifetime

    init(channel: any Channel, queue: InboundQueue, gate: OutboundGate) {
        self.channel = channel
        self.queue = queue
        self.gate = gate
        self.lifetime = CallLifetime(channel)
    }

    /// Gives the call up.
    func cancel() {
        self.channel.writeAndFlush(StreamPart.cancel, promise: nil)
    }

    /// Says that no more requests will follow.
    func endRequests() {
        self.channel.writeAndFlush(StreamPart.endOfRequests, promise: nil)
    }
}
