/// Reads a log as it grows, from within the process that writes it.
///
/// What has just become durable comes from memory; what is older, or came faster than it was read, from the files.
///
/// ```swift
/// let follower = LogFollower(log)
/// while next < log.stats.acknowledged {
///     let entries = try follower.entries(in: next..<log.stats.acknowledged)
///     next += UInt64(entries.count)
/// }
/// ```
public final class LogFollower {
    private let log: LogWriter
    private let tap: LogTap
    /// What was taken from the tap last.
    private var run = LogTap.Run()

    /// A follower of what a writer writes.
    ///
    /// - Parameters:
    ///   - log: the writer.
    ///   - limit: how many bytes of entries may wait in memory.
    public init(_ log: LogWriter, limit: Int = 16 << 20) {
        self.log = log
        tap = LogTap(limit: limit)
        log.attach(tap)
    }

    deinit { log.detach(tap) }

    /// The first entries of a range of durable ones, as many as come at once.
    ///
    /// - Parameter range: the indices wanted.
    /// - Returns: the entries; none where the range is empty, or the log has none of them any more.
    /// - Throws: ``AuditLogError`` where the log's files cannot be read.
    public func entries(in range: Range<UInt64>) throws -> [LogReader.Entry] {
        if range.lowerBound >= run.end { run = tap.take() }
        guard (run.first..<run.end).contains(range.lowerBound) else {
            // Up to what is in memory.
            let end = run.first > range.lowerBound ? min(range.upperBound, run.first) : range.upperBound
            return try LogReader(directory: log.directory).entries(in: range.lowerBound..<end)
        }
        return run.entries(in: range)
    }
}
