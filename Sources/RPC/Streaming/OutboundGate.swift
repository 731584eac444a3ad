import NIOCore
import Synchronization

/// Writes messages into a stream and makes the writer wait while the peer does not take them.
///
/// The promise of each write is kept by HTTP/2 when the last byte has been let through by the flow-control windows
/// and the socket, so that the bytes counted here are those that are still ours to hold.
final class OutboundGate: Sendable {
    private struct State {
        var pendingBytes = 0
        var closed: RPCStatus?
        var nextWaiter: UInt64 = 0
        var waiters: [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
    }

    /// Guards the count of bytes under way and the writers that wait.
    private let state = Mutex(State())
    private let channel: any Channel
    private let highWatermark: Int

    init(channel: any Channel, highWatermark: Int) {
        self.channel = channel
        self.highWatermark = highWatermark
    }

    /// Sends a framed message; returns when there is room for another.
    func send(_ message: ByteBuffer, last: Bool = false) async throws {
        try Task.checkCancellation()
        let size = message.readableBytes
        let closed = self.state.withLock { state in
            if state.closed == nil { state.pendingBytes += size }
            return state.closed
        }
        if let closed { throw closed }
        let promise = self.channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenComplete { result in
            self.written(size, result)
        }
        self.channel.writeAndFlush(StreamPart.message(message, last: last), promise: promise)
        try await self.waitForRoom()
    }

    /// Fails the writers that wait and every later one.
    func close(_ status: RPCStatus) {
        let waiters = self.state.withLock { state in
            if state.closed == nil { state.closed = status }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters {
            waiter.continuation.resume(throwing: status)
        }
    }

    private func written(_ size: Int, _ result: Result<Void, any Error>) {
        if case .failure = result {
            self.close(RPCStatus(.cancelled, "the stream was closed"))
            return
        }
        let waiters = self.state.withLock {
            state -> [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)] in
            state.pendingBytes -= size
            guard state.pendingBytes <= self.highWatermark / 2 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters {
            waiter.continuation.resume()
        }
    }

    private func waitForRoom() async throws {
        let id: UInt64? = self.state.withLock { state in
            guard state.pendingBytes > self.highWatermark else { return nil }
            state.nextWaiter += 1
            return state.nextWaiter
        }
        guard let id else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome: Result<Void, any Error>? = self.state.withLock { state in
                    if let closed = state.closed { return .failure(closed) }
                    // Asked under the lock, which a cancellation that comes later has to wait for.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.pendingBytes <= self.highWatermark { return .success(()) }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = self.state.withLock { state -> CheckedContinuation<Void, any Error>? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
                return state.waiters.remove(at: index).continuation
            }
            waiter?.resume(throwing: CancellationError())
        }
    }
}
