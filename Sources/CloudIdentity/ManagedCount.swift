import Synchronization

/// Counts what is open, up to a limit.
final class ManagedCount: Sendable {
    private let limit: Int
    private let count = Atomic(0)

    init(limit: Int) { self.limit = limit }

    /// Whether one more may be open; it counts from then on.
    func enter() -> Bool {
        if count.add(1, ordering: .relaxed).newValue <= limit { return true }
        leave()
        return false
    }

    /// One fewer is open.
    func leave() { count.subtract(1, ordering: .relaxed) }
}
