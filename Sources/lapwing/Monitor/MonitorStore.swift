import AuditLog
import Foundation
import Monitoring

/// Where a node's monitor keeps what it has learned: a cache of what the log says, and never more than that.
struct MonitorStore: Sendable {
    let directory: String
    private var state: String { directory + "/monitor.state" }
    private var deliveries: String { directory + "/deliveries.state" }
    private var sources: String { directory + "/sources.json" }
    private var deadLetters: String { directory + "/dead-letters.jsonl" }

    /// The most bytes of a state that are read.
    private static let maximumBytes = 2 << 30
    /// The size at which the file of dead letters is begun anew; one older file is kept.
    private static let maximumDeadLetters: UInt64 = 16 << 20

    /// The monitor as it was written last.
    ///
    /// - Returns: nil where there is none; the log then gives it anew.
    /// - Throws: ``CommandError`` where the file cannot be read, and `MonitoringError` where what it holds cannot be taken up;
    ///   the log then gives it anew, too.
    func monitor(_ settings: MonitorSettings, declared: (any DeclaredEdges)?) throws -> Monitor? {
        guard FileManager.default.fileExists(atPath: state) else { return nil }
        guard let bytes = contents(state) else {
            throw CommandError(.unreachable, "`\(state)` cannot be read, or is larger than any state")
        }
        return try Monitor(encoded: bytes, settings: settings, declared: declared)
    }

    /// What still has to go out.
    ///
    /// - Throws: ``CommandError`` where there is a file and what waits cannot be known; it has been moved aside then.
    func queue() throws -> DeliveryQueue {
        guard FileManager.default.fileExists(atPath: deliveries) else { return DeliveryQueue() }
        let problem: String
        if let bytes = contents(deliveries) {
            do { return try DeliveryQueue(encoded: bytes) } catch { problem = error.message }
        } else {
            problem = "it cannot be read, or is larger than any"
        }
        let aside = deliveries + ".unread"
        try? FileManager.default.removeItem(atPath: aside)
        do { try FileManager.default.moveItem(atPath: deliveries, toPath: aside) } catch {
            throw CommandError(.unreachable, "`\(deliveries)`: \(problem)")
        }
        throw CommandError(.unreachable, "`\(deliveries)`, which is `\(aside)` now: \(problem)")
    }

    /// Where the files of others go on, by their paths.
    func positions() -> [String: LineFollower.Position] {
        let bytes = contents(sources).map { Data($0) } ?? Data("{}".utf8)
        return (try? JSONDecoder().decode([String: LineFollower.Position].self, from: bytes)) ?? [:]
    }

    /// Writes all three, each in one piece: what waits to go out first, and last where files go on, since lines that are
    /// read twice are told by their index.
    ///
    /// - Throws: where a file cannot be written.
    func save(_ monitor: Monitor, _ queue: DeliveryQueue, _ positions: [String: LineFollower.Position]) throws {
        try save(queue)
        try write(monitor.encoded(), to: state)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try write(Array(try encoder.encode(positions)), to: sources)
    }

    /// Writes what waits to go out.
    ///
    /// - Throws: where the file cannot be written.
    func save(_ queue: DeliveryQueue) throws { try write(queue.encoded(), to: deliveries) }

    /// Lays aside an alert that nobody took.
    ///
    /// - Throws: where the file cannot be written.
    func layAside(_ item: DeliveryQueue.Item) throws {
        let files = FileManager.default
        let size = (try? files.attributesOfItem(atPath: deadLetters))?[.size] as? UInt64 ?? 0
        if size > Self.maximumDeadLetters {
            try? files.removeItem(atPath: deadLetters + ".1")
            try files.moveItem(atPath: deadLetters, toPath: deadLetters + ".1")
        }
        if !files.fileExists(atPath: deadLetters),
            !files.createFile(atPath: deadLetters, contents: nil, attributes: [.posixPermissions: 0o640])
        {
            throw CommandError(.unreachable, "cannot make `\(deadLetters)`")
        }
        do {
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: deadLetters))
            defer { try? handle.close() }
            try handle.seekToEnd()
            try handle.write(contentsOf: Data((item.json + "\n").utf8))
        } catch {
            throw CommandError.unwritable(deadLetters, error)
        }
    }

    private func contents(_ path: String) -> [UInt8]? {
        guard let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? UInt64,
            size <= Self.maximumBytes
        else { return nil }
        return FileManager.default.contents(atPath: path).map { Array($0) }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o750]
            )
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandError.unwritable(path, error)
        }
    }
}

extension Settings {
    /// Where the monitor keeps its state.
    var monitorDirectory: String { state.value + "/monitor" }
}
