import Synchronization

/// What a bound listener gives its next connection; a new configuration may change it while the socket stays.
final class ListenerState: Sendable {
    /// Guards the listener alone.
    private let listener: Mutex<Listener>

    init(_ listener: Listener) {
        self.listener = Mutex(listener)
    }

    /// The listener as it is configured now.
    var current: Listener { listener.withLock { $0 } }

    /// Takes what is configured from now on.
    func replace(_ next: Listener) { listener.withLock { $0 = next } }
}
