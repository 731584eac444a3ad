import Synchronization

/// Durable entries that wait for somebody who follows the log, up to a bound.
final class LogTap: Sendable {
    /// Entries that follow one another.
    struct Run {
        /// The index of the first.
        var first: UInt64 = 0
        var entries: [[UInt8]] = []
        var bytes = 0

        var end: UInt64 { first + UInt64(entries.count) }
    }

    private let limit: Int
    /// Guards what waits.
    private let waiting = Mutex(Run())

    /// A tap that holds at most so many bytes.
    init(limit: Int) { self.limit = limit }

    /// Adds what has become durable; where there is no room for it, lets go of what waits.
    ///
    /// Called on the log's thread.
    func add(_ entries: [[UInt8]], first: UInt64) {
        let count = entries.reduce(0) { $0 + $1.count }
        waiting.withLock { run in
            if run.end != first || run.bytes + count > limit { run = Run(first: first) }
            guard count <= limit else { return run = Run(first: first + UInt64(entries.count)) }
            run.entries += entries
            run.bytes += count
        }
    }

    /// Takes what waits.
    func take() -> Run {
        waiting.withLock { run in
            defer { run = Run(first: run.end) }
            return run
        }
    }
}
