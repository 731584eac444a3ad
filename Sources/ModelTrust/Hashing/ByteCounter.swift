import Synchronization

/// Adds up what the workers have hashed.
final class ByteCounter: Sendable {
    private let count = Atomic<UInt64>(0)
    private let total: UInt64
    private let report: @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void

    init(total: UInt64, report: @escaping @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void) {
        self.total = total
        self.report = report
    }

    func add(_ bytes: UInt64) {
        report(count.add(bytes, ordering: .relaxed).newValue, total)
    }
}
