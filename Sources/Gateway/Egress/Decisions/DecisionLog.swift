import AuditLog
import Synchronization

/// Adds entries to the log from any event loop, and calls back once one is durable or never will be.
///
/// The log's thread wakes this once, however many wait.
final class DecisionLog: Sendable {
    private struct Waiting: Sendable {
        let index: UInt64
        let callback: @Sendable (_ isDurable: Bool) -> Void
    }

    private let log: any RecordLog
    /// Guards who waits, and which of them is wanted first.
    private let waiting = Mutex<[Waiting]>([])
    /// Guards the watcher alone, which is made once.
    private let watcher = Mutex<DurabilityWatcher?>(nil)

    init(_ log: any RecordLog) {
        self.log = log
        let watcher = DurabilityWatcher { [weak self] in self?.open() }
        self.watcher.withLock { $0 = watcher }
        log.watch(watcher)
    }

    deinit {
        watcher.withLock { $0?.cancel() }
    }

    /// Adds an entry that nobody waits for.
    func append(_ entry: [UInt8]) {
        // A log that takes no entry has failed, and lets no decision through either.
        _ = try? log.append(entry)
    }

    /// Adds an entry; `callback` is called on any thread, also at once.
    func append(_ entry: [UInt8], _ callback: @escaping @Sendable (_ isDurable: Bool) -> Void) {
        let index: UInt64
        do { index = try log.append(entry) } catch { return callback(false) }
        guard log.durable <= index else { return callback(true) }
        waiting.withLock { $0.append(Waiting(index: index, callback: callback)) }
        open()
    }

    /// Calls everybody whose entry is durable by now, and wants the first of the others.
    private func open() {
        while true {
            let (durable, hasFailed) = (log.durable, log.hasFailed)
            let (ready, first) = waiting.withLock { waiting in
                let ready = waiting.filter { $0.index < durable || hasFailed }
                waiting.removeAll { $0.index < durable || hasFailed }
                let first = waiting.map(\.index).min()
                if let first { watcher.withLock { $0?.want(first) } }
                return (ready, first)
            }
            for entry in ready { entry.callback(entry.index < durable) }
            // It may have become durable before it was wanted.
            guard let first, log.durable > first || log.hasFailed else { return }
        }
    }
}
