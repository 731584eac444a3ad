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

    private struct Waiting: Sendable {
        var mode: Mode
        var callbacks: [@Sendable (Result<UInt64, AuditLogError>) -> Void] = []
    }

    let entries = Observed<[Entry]>([])
    /// Guards the mode and the records that wait.
    private let waiting: Mutex<Waiting>
    private let queue = DispatchQueue(label: "fake log")

    init(_ mode: Mode = .prompt) {
        waiting = Mutex(Waiting(mode: mode))
    }

    func append(
        _ entry: [UInt8],
        immediately: Bool,
        onDurable: @escaping @Sendable (Result<UInt64, AuditLogError>) -> Void
    ) {
        let mode = waiting.withLock { waiting in
            if waiting.mode == .held { waiting.callbacks.append(onDurable) }
            return waiting.mode
        }
        if mode != .failing { entries.update { $0.append(Entry(text: String(decoding: entry, as: UTF8.self))) } }
        switch mode {
        case .prompt: queue.async { onDurable(.success(0)) }
        case .held: break
        case .failing: queue.async { onDurable(.failure(AuditLogError(.diskFull, "the disk is full"))) }
        }
    }

    /// Makes the records that wait durable, and those that come later as soon as they come.
    func release() {
        let callbacks = waiting.withLock { waiting in
            waiting.mode = .prompt
            defer { waiting.callbacks = [] }
            return waiting.callbacks
        }
        for callback in callbacks { queue.async { callback(.success(0)) } }
    }

    var stats: LogStats {
        var stats = LogStats()
        stats.acknowledged = UInt64(entries.value.count)
        if waiting.withLock({ $0.mode }) == .failing { stats.failure = "the disk is full" }
        return stats
    }

    /// The records of one kind, once there are so many.
    func records(_ kind: String, count: Int) async -> [Entry] {
        let all = await entries.wait { $0.filter { $0["kind"] == kind }.count >= count }
        return all.filter { $0["kind"] == kind }
    }
}
