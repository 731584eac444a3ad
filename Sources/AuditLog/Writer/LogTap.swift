import Synchronization

/// Durable entries that wait for somebody who follows the log, up to a bound.
final class LogTap: Sendable {
    /// Entries that follow one another.
    struct Run {
        /// The index of the first.
        var first: UInt64 = 0
        var entries: [[UInt8]] = []
        /// What each entry tells, where that is known.
        var gists: [RecordGist?] = []
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
    /// Called on the log's thread; with each entry comes what it tells, where that is known.
    func add(_ entries: [[UInt8]], _ gists: [RecordGist?]? = nil, first: UInt64) {
        let gists = gists ?? Array(repeating: nil, count: entries.count)
        let count =
            entries.reduce(0) { $0 + $1.count }
            + gists.reduce(0) { $0 + ($1 == nil ? 0 : RecordGist.size) }
        waiting.withLock { run in
            if run.end != first || run.bytes + count > limit { run = Run(first: first) }
            guard count <= limit else { return run = Run(first: first + UInt64(entries.count)) }
            run.entries += entries
            run.gists += gists
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
