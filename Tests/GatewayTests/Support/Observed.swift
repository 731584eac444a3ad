import Synchronization

/// A value that a test waits for, without looking at a clock.
final class Observed<Value: Sendable>: Sendable {
    private struct Waiter {
        let condition: @Sendable (Value) -> Bool
        let continuation: CheckedContinuation<Value, Never>
    }

    private struct State {
        var value: Value
        var waiters: [Int: Waiter] = [:]
        /// How many have waited.
        var count = 0
    }

    /// Guards the value and who waits for it.
    private let state: Mutex<State>

    init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    var value: Value { state.withLock { $0.value } }

    func update(_ change: (inout Value) -> Void) {
        let (value, ready) = state.withLock { state in
            change(&state.value)
            let value = state.value
            let ready = state.waiters.filter { $0.value.condition(value) }
            for number in ready.keys { state.waiters[number] = nil }
            return (value, ready.values)
        }
        for waiter in ready { waiter.continuation.resume(returning: value) }
    }

    /// The value, once a condition holds of it, or once the test's time is over: what is expected of it fails then, and
    /// the tests behind it are run.
    @discardableResult
    func wait(where condition: @escaping @Sendable (Value) -> Bool) async -> Value {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let value = state.withLock { state -> Value? in
                    guard !condition(state.value), !Task.isCancelled else { return state.value }
                    state.waiters[number] = Waiter(condition: condition, continuation: continuation)
                    return nil
                }
                if let value { continuation.resume(returning: value) }
            }
        } onCancel: {
            let (waiter, value) = state.withLock { ($0.waiters.removeValue(forKey: number), $0.value) }
            waiter?.continuation.resume(returning: value)
        }
    }
}
