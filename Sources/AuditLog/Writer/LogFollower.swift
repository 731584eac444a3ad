/// Reads a log as it grows, from within the process that writes it.
///
/// What has just become durable comes from memory; what is older, or came faster than it was read, from the files.
///
/// ```swift
/// let follower = LogFollower(log)
/// while next < log.stats.acknowledged {
///     next += UInt64(try follower.forEach(in: next..<log.stats.acknowledged) { print($0.index) })
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

    /// Hands over the first entries of a range of durable ones, as many as come at once.
    ///
    /// - Parameters:
    ///   - range: the indices wanted.
    ///   - body: what is done with each, in their order.
    /// - Returns: how many there were; none where the range is empty, or the log has none of them any more.
    /// - Throws: ``AuditLogError`` where the log's files cannot be read.
    public func forEach(in range: Range<UInt64>, _ body: (LogReader.Entry) -> Void) throws -> Int {
        if range.lowerBound >= run.end { run = tap.take() }
        guard (run.first..<run.end).contains(range.lowerBound) else {
            // Up to what is in memory.
            let end = run.first > range.lowerBound ? min(range.upperBound, run.first) : range.upperBound
            let entries = try LogReader(directory: log.directory).entries(in: range.lowerBound..<end)
            for entry in entries { body(entry) }
            return entries.count
        }
        run.forEach(in: range, body)
        return Int(min(range.upperBound, run.end) - range.lowerBound)
    }
}
