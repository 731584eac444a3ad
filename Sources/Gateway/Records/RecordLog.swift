public import AuditLog

/// Where records go: the audit log's writer.
public protocol RecordLog: Sendable {
    /// Adds an entry, and says when it is durable or why it never will be; once, on any thread.
    func append(
        _ entry: [UInt8],
        immediately: Bool,
        onDurable: @escaping @Sendable (Result<UInt64, AuditLogError>) -> Void
    )

    /// Figures for metrics and readiness.
    var stats: LogStats { get }
}

extension LogWriter: RecordLog {}
