import Synchronization

/// Runs asynchronous work that never waits to its end, on the calling thread.
///
/// swift-certificates' verifier is asynchronous for the sake of policies that fetch something; none of ours does. A
/// handshake is verified on its event loop, which must neither block nor hop, so the verifier's jobs are run here as
/// they are enqueued. Work that did wait after all leaves no result, and no result is a refusal.
package final class InlineExecutor: TaskExecutor {
    private static let shared = InlineExecutor()

    package func enqueue(_ job: consuming ExecutorJob) {
        unsafe UnownedJob(job).runSynchronously(on: asUnownedTaskExecutor())
    }

    /// The result of the work, or nil where it has not come to an end by the time it first waits.
    package static func run<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) -> Value? {
        let result = Result<Value>()
        Task(executorPreference: shared) {
            let value = await work()
            result.value.withLock { $0 = value }
        }
        return result.value.withLock { $0 }
    }

    private final class Result<Value: Sendable>: Sendable {
        /// Guards the value, which the work sets once.
        let value = Mutex<Value?>(nil)
    }
}
