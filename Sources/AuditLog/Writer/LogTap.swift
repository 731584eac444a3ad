import Synchronization

/// Durable entries that wait for somebody who follows the log, up to a bound.
final class LogTap: Sendable {
    /// Entries that follow one another.
    struct Run {
        /// The index of the first.
        var first: UInt64 = 0
        var pieces: [EntryRun] = []
        var count = 0
        var bytes = 0

        var end: UInt64 { first + UInt64(count) }

        /// Hands over the entries of a range, as far as they are here, one by one.
        func forEach(in range: Range<UInt64>, _ body: (LogReader.Entry) -> Void) {
            var first = first
            for piece in pieces {
                let places = (first..<(first + UInt64(piece.count))).clamped(to: range)
                for index in places { body(LogReader.Entry(index: index, of: piece, at: Int(index - first))) }
                first += UInt64(piece.count)
            }
        }
    }

    private let limit: Int
    /// Guards what waits.
    private let waiting = Mutex(Run())

    /// A tap that holds at most so many bytes.
    init(limit: Int) { self.limit = limit }

    /// Adds what has become durable; where there is no room for it, lets go of what waits.
    ///
    /// Called on the log's thread.
    func add(_ entries: EntryRun, first: UInt64) {
        let bytes = entries.bytes.count + entries.gists.reduce(0) { $0 + ($1 == nil ? 0 : RecordGist.size) }
        waiting.withLock { run in
            if run.end != first || run.bytes + bytes > limit { run = Run(first: first) }
            guard bytes <= limit else { return run = Run(first: first + UInt64(entries.count)) }
            run.pieces.append(entries)
            run.count += entries.count
            run.bytes += bytes
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
