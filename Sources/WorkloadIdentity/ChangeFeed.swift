import Synchronization

/// Tells observers that something changed, without saying what: they read the new snapshot themselves.
///
/// Observers are called on the thread that announces, so they do no more than wake somebody.
public final class ChangeFeed: Sendable {
    /// What an observer holds to be removed.
    public typealias Token = UInt64

    private struct State {
        var next: Token = 0
        var observers: [Token: @Sendable () -> Void] = [:]
    }

    // Guards the list of observers.
    private let state = Mutex(State())

    /// A feed that nobody observes yet.
    public init() {}

    /// Calls `body` at every change from now on, until the token is given back.
    public func observe(_ body: @escaping @Sendable () -> Void) -> Token {
        state.withLock { state in
            state.next += 1
            state.observers[state.next] = body
            return state.next
        }
    }

    /// Ends an observation.
    ///
    /// An announcement that is under way may still reach the observer.
    public func remove(_ token: Token) {
        _ = state.withLock { $0.observers.removeValue(forKey: token) }
    }

    /// Calls every observer.
    public func announce() {
        for observer in state.withLock({ Array($0.observers.values) }) { observer() }
    }

    /// The changes as a sequence; several that nobody took in time are one.
    public var changes: AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let token = observe { continuation.yield() }
        continuation.onTermination = { [weak self] _ in self?.remove(token) }
        return stream
    }
}
