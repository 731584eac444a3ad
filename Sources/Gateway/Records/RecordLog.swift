public import AuditLog

/// Where records go: the audit log's writer.
public protocol RecordLog: Sendable {
    /// Adds an entry and returns its number, which is its index as long as the log has no gap.
    ///
    /// - Throws: where the entry is not taken.
    func append(_ entry: [UInt8]) throws(AuditLogError) -> UInt64

    /// Adds an entry with what it tells those who follow the log in this process, and returns its number.
    ///
    /// - Throws: where the entry is not taken.
    func append(_ entry: RecordEntry) throws(AuditLogError) -> UInt64

    /// Adds an entry, and says when it is durable or why it never will be; once, on any thread.
    ///
    /// Costs a call for each entry; the path of a request does without.
    func append(
        _ entry: [UInt8],
        immediately: Bool,
        onDurable: @escaping @Sendable (Result<UInt64, AuditLogError>) -> Void
    )

    /// How many entries are settled: each with a lower number is durable, or counted as one of a gap.
    var durable: UInt64 { get }

    /// Whether entries that are not durable yet never will be.
    var hasFailed: Bool { get }

    /// Has a watcher told of durable entries from now on.
    func watch(_ watcher: DurabilityWatcher)

    /// Figures for metrics and readiness.
    var stats: LogStats { get }
}

extension RecordLog {
    /// Adds an entry to a log that nobody follows.
    public func append(_ entry: RecordEntry) throws(AuditLogError) -> UInt64 { try append(entry.bytes) }
}

extension LogWriter: RecordLog {}
