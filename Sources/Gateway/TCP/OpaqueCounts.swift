import Synchronization

/// The connections without HTTP that stand to each upstream, over all event loops.
final class OpaqueCounts: Sendable {
    /// Guards the counts, by the names of the upstreams.
    private let counts = Mutex<[String: Int]>([:])

    /// Counts one more, unless that would be more than the upstream takes.
    func add(_ upstream: String, limit: Int) -> Bool {
        counts.withLock { counts in
            guard counts[upstream, default: 0] < limit else { return false }
            counts[upstream, default: 0] += 1
            return true
        }
    }

    /// Counts one less.
    func remove(_ upstream: String) {
        counts.withLock { $0[upstream, default: 1] -= 1 }
    }
}
