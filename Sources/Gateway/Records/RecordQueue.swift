import AuditLog
import NIOCore

/// What can go no further before a record is durable.
protocol RecordWaiter: AnyObject {
    /// The record is durable, or never will be.
    func recorded(isDurable: Bool)
}

/// The requests of one event loop that can go no further before their records are durable.
///
/// Most requests never come here: by the time that their upstream has answered, their record is on the disk. Where some
/// wait, the log's thread wakes the loop once for all of them.
final class RecordQueue {
    private let log: any RecordLog
    private let eventLoop: any EventLoop
    private var watcher: DurabilityWatcher?
    private var waiting: [(index: UInt64, waiter: any RecordWaiter)] = []
    /// The lowest index that is waited for.
    private var lowest = UInt64.max

    init(log: any RecordLog, eventLoop: any EventLoop) {
        self.log = log
        self.eventLoop = eventLoop
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let watcher = DurabilityWatcher { eventLoop.execute { bound.value.open() } }
        log.watch(watcher)
        self.watcher = watcher
    }

    /// Calls a waiter once its record is durable or never will be; never at once.
    func add(_ waiter: any RecordWaiter, waitingFor index: UInt64) {
        waiting.append((index, waiter))
        guard index < lowest else { return }
        lowest = index
        watcher?.want(index)
        // It may have become durable before it was wanted.
        guard log.durable > index || log.hasFailed else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { bound.value.open() }
    }

    private func open() {
        let durable = log.durable
        let hasFailed = log.hasFailed
        var ready: [(index: UInt64, waiter: any RecordWaiter)] = []
        var others: [(index: UInt64, waiter: any RecordWaiter)] = []
        for entry in waiting {
            if entry.index < durable || hasFailed { ready.append(entry) } else { others.append(entry) }
        }
        waiting = []
        lowest = .max
        for entry in others { add(entry.waiter, waitingFor: entry.index) }
        for entry in ready { entry.waiter.recorded(isDurable: entry.index < durable) }
    }

    /// Calls nobody any more.
    func close() {
        watcher?.cancel()
        watcher = nil
        waiting = []
    }
}
