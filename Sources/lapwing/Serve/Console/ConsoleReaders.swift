import Synchronization

/// Who has pages open that are live: a few for each caller, and not many in all.
final class ConsoleReaders<Caller: Hashable & Sendable>: Sendable {
    private let maximum: Int
    private let maximumPerCaller: Int
    /// Guards how many each caller has.
    private let counts = Mutex<[Caller: Int]>([:])

    init(maximum: Int, perCaller: Int) {
        self.maximum = maximum
        maximumPerCaller = perCaller
    }

    /// Counts one more of a caller; false where there is no room.
    func enter(_ caller: Caller) -> Bool {
        counts.withLock { counts in
            let own = counts[caller] ?? 0
            guard own < maximumPerCaller, counts.values.reduce(0, +) < maximum else { return false }
            counts[caller] = own + 1
            return true
        }
    }

    /// Counts one less of a caller.
    func leave(_ caller: Caller) {
        counts.withLock { counts in
            let left = (counts[caller] ?? 0) - 1
            counts[caller] = left > 0 ? left : nil
        }
    }
}
