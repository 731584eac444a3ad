import Foundation
import Synchronization

@testable import AuditLog
@testable import Gateway

/// A log in memory, whose records become durable when the test says so.
final class FakeLog: RecordLog {
    enum Mode: Sendable {
        /// Every record is durable as soon as it comes.
        case prompt
        /// Records wait for ``FakeLog/release()``.
        case held
        /// No record is taken.
        case failing
    }

    /// One record as it was written.
    struct Entry: Sendable {
        let text: String

        /// A field by its path: `decision.reason`.
        subscript(_ path: String) -> String? {
            var value: Any? = try? JSONSerialization.jsonObject(with: Data(text.utf8))
            for part in path.split(separator: ".") { value = (value as? [String: Any])?[String(part)] }
            return value.map { "\($0)" }
        }
    }

    private struct State: Sendable {
        var mode: Mode
        var count: UInt64 = 0
        var durable: UInt64 = 0
        var watchers: [DurabilityWatcher] = []
    }

    let entries = Observed<[Entry]>([])
    /// Guards the mode, and what is durable.
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "fake log")

    init(_ mode: Mode = .prompt) {
        state = Mutex(State(mode: mode))
    }

    func append(_ entry: [UInt8]) throws(AuditLogError) -> UInt64 {
        let (mode, index) = state.withLock { state in
            defer { if state.mode != .failing { state.count += 1 } }
            return (state.mode, state.count)
        }
        if mode == .failing { throw AuditLogError(.diskFull, "the disk is full") }
        entries.update { $0.append(Entry(text: String(decoding: entry, as: UTF8.self))) }
        if mode == .prompt { queue.async { self.bringToDisk() } }
        return index
    }

    var durable: UInt64 { state.withLock { $0.durable } }
    var hasFailed: Bool { state.withLock { $0.mode == .failing } }
    func watch(_ watcher: DurabilityWatcher) { state.withLock { $0.watchers.append(watcher) } }

    /// Makes the records that wait durable, and those that come later as soon as they come.
    func release() {
        state.withLock { $0.mode = .prompt }
        queue.async { self.bringToDisk() }
    }

    private func bringToDisk() {
        let (durable, watchers) = state.withLock { state in
            state.durable = state.count
            return (state.durable, state.watchers)
        }
        for watcher in watchers { watcher.tell(durable: durable, hasFailed: false) }
    }

    var stats: LogStats {
        var stats = LogStats()
        stats.acknowledged = UInt64(entries.value.count)
        if hasFailed { stats.failure = "the disk is full" }
        return stats
    }

    /// The records of one kind, once there are so many.
    func records(_ kind: String, count: Int) async -> [Entry] {
        let all = await entries.wait { $0.filter { $0["kind"] == kind }.count >= count }
        return all.filter { $0["kind"] == kind }
    }
}
