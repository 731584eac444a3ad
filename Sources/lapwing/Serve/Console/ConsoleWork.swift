import Dispatch

/// Where the console reads the log: one thing after another, on a thread that no request to a gateway waits for.
struct ConsoleWork: Sendable {
    private let queue: DispatchQueue

    init(_ name: String) {
        queue = DispatchQueue(label: name)
    }

    /// Does what takes its time, and returns what comes of it.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            queue.async {
                do { continuation.resume(returning: try work()) } catch { continuation.resume(throwing: error) }
            }
        }
    }

    /// Begins what nobody waits for.
    func begin(_ work: @escaping @Sendable () -> Void) {
        queue.async { work() }
    }
}
