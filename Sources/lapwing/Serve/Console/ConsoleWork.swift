import Dispatch
import Synchronization

/// Where the console reads the log: one thing after another, on a thread that no request to a gateway waits for.
final class ConsoleWork: Sendable {
    /// Too much waits to be done already.
    struct Busy: Error, CustomStringConvertible {
        var description: String { "too much is asked for at once; ask again in a moment" }
    }

    /// The most that wait behind what is being done.
    static let maximumWaiting = 16

    private let queue: DispatchQueue
    private let limit: Int
    /// Guards how many wait.
    private let waiting = Mutex(0)

    init(_ name: String, limit: Int = ConsoleWork.maximumWaiting) {
        queue = DispatchQueue(label: name)
        self.limit = limit
    }

    /// Whether something that is asked for now would be refused.
    var isFull: Bool { waiting.withLock { $0 >= limit } }

    /// Does what takes its time, and returns what comes of it; what nobody waits for any more is not begun.
    ///
    /// - Throws: ``Busy`` where too much waits already, and `CancellationError` where the task was cancelled before it
    ///   was begun.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        let isRoom = waiting.withLock { waiting -> Bool in
            guard waiting < limit else { return false }
            waiting += 1
            return true
        }
        guard isRoom else { throw Busy() }
        let job = Job()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
                queue.async {
                    guard job.leaveLine(as: .begun) else { return continuation.resume(throwing: CancellationError()) }
                    self.leave()
                    do { continuation.resume(returning: try work()) } catch { continuation.resume(throwing: error) }
                }
            }
        } onCancel: {
            // Its place is free at once, though the queue comes to it later.
            if job.leaveLine(as: .cancelled) { self.leave() }
        }
    }

    /// Begins what nobody waits for.
    func begin(_ work: @escaping @Sendable () -> Void) {
        queue.async { work() }
    }

    private func leave() { waiting.withLock { $0 -= 1 } }

    /// One thing that is to be done.
    private final class Job: Sendable {
        enum Stage: Sendable { case waiting, begun, cancelled }

        /// Guards how far it is.
        private let stage = Mutex(Stage.waiting)

        /// Ends the waiting; false where it had ended already.
        func leaveLine(as next: Stage) -> Bool {
            stage.withLock { stage in
                guard stage == .waiting else { return false }
                stage = next
                return true
            }
        }
    }
}
