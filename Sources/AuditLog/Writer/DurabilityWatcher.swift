import Synchronization

/// Somebody who is woken when an entry that they wait for is on the disk, or never will be.
///
/// Most entries are durable before anybody asks. So an entry's author keeps its number, looks at ``LogWriter/durable`` when
/// it matters, and only where that is too low says so here: the log's thread then calls once, however many wait.
///
/// ```swift
/// let watcher = DurabilityWatcher { eventLoop.execute { lookAgain() } }
/// log.watch(watcher)
/// let number = try log.append(entry)
/// if log.durable <= number {
///     watcher.want(number)
///     if log.durable > number || log.hasFailed { lookAgain() }  // it may have come in between
/// }
/// ```
public final class DurabilityWatcher: Sendable {
    /// The number that is waited for.
    private let wanted = Atomic<UInt64>(.max)
    private let cancelled = Atomic<Bool>(false)
    private let wake: @Sendable () -> Void

    /// A watcher that waits for nothing yet.
    ///
    /// - Parameter wake: called on the log's thread; it must not block.
    public init(_ wake: @escaping @Sendable () -> Void) {
        self.wake = wake
    }

    /// Waits for the entry with a number instead of any other, until it is called.
    public func want(_ index: UInt64) {
        wanted.store(index, ordering: .sequentiallyConsistent)
    }

    /// Is never called again.
    public func cancel() {
        cancelled.store(true, ordering: .sequentiallyConsistent)
    }

    /// Whether it is never called again.
    var isCancelled: Bool { cancelled.load(ordering: .sequentiallyConsistent) }

    /// Wakes whoever waits for an entry below a count, or, where the log has failed, for any.
    ///
    /// Called by the log once the count has been published.
    package func tell(durable: UInt64, hasFailed: Bool) {
        while true {
            let index = wanted.load(ordering: .sequentiallyConsistent)
            guard index != .max, index < durable || hasFailed, !isCancelled else { return }
            let exchange = wanted.compareExchange(expected: index, desired: .max, ordering: .sequentiallyConsistent)
            if exchange.exchanged { return wake() }
        }
    }
}
