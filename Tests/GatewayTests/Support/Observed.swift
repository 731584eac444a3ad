import Synchronization

/// A value that a test waits for, without looking at a clock.
final class Observed<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var waiters: [(condition: @Sendable (Value) -> Bool, continuation: CheckedContinuation<Value, Never>)] = []
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
            let ready = state.waiters.filter { $0.condition(value) }.map(\.continuation)
            state.waiters.removeAll { $0.condition(value) }
            return (value, ready)
        }
        for continuation in ready { continuation.resume(returning: value) }
    }

    /// The value, once a condition holds of it.
    @discardableResult
    func wait(where condition: @escaping @Sendable (Value) -> Bool) async -> Value {
        await withCheckedContinuation { continuation in
            let value = state.withLock { state -> Value? in
                guard !condition(state.value) else { return state.value }
                state.waiters.append((condition, continuation))
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
