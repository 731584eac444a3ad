import NIOCore
import Synchronization

/// The messages of a stream between its channel, which brings them, and one task, which takes them.
///
/// It is bounded: when more than `highWatermark` bytes wait, the channel is not read from until the task has taken
/// half of them, so that HTTP/2's window holds the sender back.
final class InboundQueue: Sendable {
    private struct State {
        var messages = CircularBuffer<ByteBuffer>()
        var bytes = 0
        /// How the stream ended: nil inside is a good end.
        var end: RPCStatus??
        var isPaused = false
        var waiter: CheckedContinuation<ByteBuffer?, any Error>?
    }

    /// Guards the messages, the end and the task that waits.
    private let state = Mutex(State())
    private let channel: any Channel
    private let highWatermark: Int

    init(channel: any Channel, highWatermark: Int) {
        self.channel = channel
        self.highWatermark = highWatermark
    }

    /// What a message counts for: one without a byte takes memory as well.
    private static func cost(of message: ByteBuffer) -> Int { message.readableBytes + 64 }

    /// Adds a message that has arrived.
    func push(_ message: ByteBuffer) {
        let waiter: CheckedContinuation<ByteBuffer?, any Error>? = self.state.withLock { state in
            guard state.end == nil else { return nil }
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            state.bytes += Self.cost(of: message)
            state.messages.append(message)
            return nil
        }
        waiter?.resume(returning: message)
    }

    /// Says that no more will come; nil is a good end.
    ///
    /// Only the first end counts.
    func finish(_ status: RPCStatus?) {
        let waiter: CheckedContinuation<ByteBuffer?, any Error>? = self.state.withLock { state in
            guard state.end == nil else { return nil }
            state.end = .some(status)
            defer { state.waiter = nil }
            return state.waiter
        }
        guard let waiter else { return }
        if let status {
            waiter.resume(throwing: status)
        } else {
            waiter.resume(returning: nil)
        }
    }

    /// Whether the stream has ended.
    var isFinished: Bool { self.state.withLock { $0.end != nil } }

    /// Whether the channel should be read from; where not, the queue asks for it when there is room.
    func wantsMore() -> Bool {
        self.state.withLock { state in
            state.isPaused = state.bytes > self.highWatermark
            return !state.isPaused
        }
    }

    /// The next message; nil at a good end.
    ///
    /// One task at a time may wait; a second is refused.
    func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.take(continuation)
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    private enum Taken {
        case message(ByteBuffer, resumeReading: Bool)
        case end(RPCStatus?)
        case wait
        case busy
        case cancelled
    }

    private func take(_ continuation: CheckedContinuation<ByteBuffer?, any Error>) {
        let taken: Taken = self.state.withLock { state in
            if let message = state.messages.popFirst() {
                state.bytes -= Self.cost(of: message)
                let resume = state.isPaused && state.bytes <= self.highWatermark / 2
                if resume { state.isPaused = false }
                return .message(message, resumeReading: resume)
            }
            if let end = state.end { return .end(end) }
            // Asked under the lock, which a cancellation that comes later has to wait for.
            if Task.isCancelled { return .cancelled }
            if state.waiter != nil { return .busy }
            state.waiter = continuation
            return .wait
        }
        switch taken {
        case .message(let message, let resumeReading):
            continuation.resume(returning: message)
            if resumeReading { self.channel.read() }
        case .end(.some(let status)): continuation.resume(throwing: status)
        case .end(.none): continuation.resume(returning: nil)
        case .cancelled: continuation.resume(throwing: CancellationError())
        case .busy:
            continuation.resume(throwing: RPCStatus(.internalError, "two tasks read from one stream"))
        case .wait: break
        }
    }
}
