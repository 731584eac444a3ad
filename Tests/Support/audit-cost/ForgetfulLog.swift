import AuditLog
import Gateway
import Synchronization

/// A log that has every record on its disk at once, since it has none.
final class ForgetfulLog: RecordLog {
    private let count = Atomic<UInt64>(0)

    func append(_ entry: [UInt8]) throws(AuditLogError) -> UInt64 {
        count.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    func append(
        _ entry: [UInt8],
        immediately: Bool,
        onDurable: @escaping @Sendable (Result<UInt64, AuditLogError>) -> Void
    ) {
        onDurable(.success(count.wrappingAdd(1, ordering: .relaxed).oldValue))
    }

    var durable: UInt64 { count.load(ordering: .relaxed) }
    var hasFailed: Bool { false }
    func watch(_ watcher: DurabilityWatcher) {}
    var stats: LogStats { LogStats() }
}
