public import AuditLog

/// Where records go: the audit log's writer.
public protocol RecordLog: Sendable {
    /// Adds an entry and returns its index.
    ///
    /// - Throws: where the entry is not taken.
    func append(_ entry: [UInt8]) throws(AuditLogError) -> UInt64

    /// How many entries are durable: every one with a lower index is.
    var durable: UInt64 { get }

    /// Whether entries that are not durable yet never will be.
    var hasFailed: Bool { get }

    /// Has a watcher told of durable entries from now on.
    func watch(_ watcher: DurabilityWatcher)

    /// Figures for metrics and readiness.
    var stats: LogStats { get }
}

extension LogWriter: RecordLog {}
