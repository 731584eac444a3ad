import AuditLog
import Foundation
import Monitoring
import Resources

/// How commands read logs into a monitor.
enum MonitorReading {
    private static let batch: UInt64 = 65_536
    private static let chunk = 4 << 20

    /// The configuration; nil where there is none and none was named.
    ///
    /// - Throws: `ResourceError` where it is wrong.
    static func configuration(_ settings: Settings) throws -> Configuration? {
        // One that is named is there: the settings were found by it.
        guard FileManager.default.fileExists(atPath: settings.config.value) else { return nil }
        return try Configuration(settings: settings)
    }

    /// The monitor of a node as it stands: what the gateway wrote down last, and what the log has had since.
    ///
    /// - Throws: ``CommandError`` where the log cannot be read.
    static func current(_ settings: Settings) throws -> Monitor {
        let configuration = try configuration(settings)
        let declared = try configuration.map { try PolicyClosure($0) }
        let policy = configuration?.monitorPolicy.settings ?? MonitorSettings()
        let store = MonitorStore(directory: settings.monitorDirectory)
        var kept: Monitor?
        do { kept = try store.monitor(policy, declared: declared) } catch {
            StandardError.write("the monitor's state is not taken up: \(error)")
        }
        var monitor = kept ?? Monitor(settings: policy, declared: declared)
        try catchUp(&monitor, with: settings.auditDirectory, at: try configuration.map { try ServedPorts($0) })
        return monitor
    }

    /// Reads what a log has that the monitor has not seen.
    ///
    /// - Throws: ``CommandError`` where it cannot be read.
    static func catchUp(_ monitor: inout Monitor, with directory: String, at ports: ServedPorts? = nil) throws {
        let records = try AuditRecords(directory: directory)
        let size = try records.reading { try records.reader.size() }
        _ = try records.reading { try monitor.passOverPruned(of: records.reader) }
        let first = min(monitor.next[.lapwing] ?? 0, size)
        var next = first
        let bar = ProgressBar(label: "reading", unit: "entries")
        let texts = RecordTexts()
        while next < size {
            let end = min(next + batch, size)
            for entry in try records.reading({ try records.reader.entries(in: next..<end) }) {
                monitor.take(entry, at: ports ?? ServedPorts(), knowing: texts)
            }
            next = end
            bar.show(next - first, of: size - first)
        }
        bar.finish()
    }

    /// Reads a whole log of another kind.
    ///
    /// - Returns: how many records could not be read.
    /// - Throws: ``CommandError`` where the file cannot be read.
    static func read(_ file: String, of source: LogSource, into monitor: inout Monitor) throws -> Int {
        if source == .cloudTrail {
            let data = Data(try InputFile.bytes(file, atMost: 256 << 20, of: "file of CloudTrail's"))
            var malformed = 0
            do {
                try LogParser.cloudTrail(file: data, first: monitor.next[source] ?? 0) { record, event in
                    switch event {
                    case .success(let seen?): monitor.observe(seen)
                    case .success(nil): monitor.skip(to: record + 1, of: source)
                    case .failure(let problem):
                        if malformed == 0 { StandardError.write("`\(file)`: \(problem)") }
                        malformed += 1
                        monitor.take(.unreadable(problem.message), of: source, record: record)
                        monitor.skip(to: record + 1, of: source)
                    }
                }
            } catch {
                throw CommandError(.usage, "`\(file)`: \(error)")
            }
            return malformed
        }
        guard let handle = file == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: file) else {
            throw CommandError.unreadable(file)
        }
        var malformed = 0
        var splitter = LogSplitter(source, index: monitor.next[source] ?? 0)
        func take(_ records: [LogSplitter.Record]) {
            for record in records {
                guard let problem = monitor.observe(record, of: source) else { continue }
                if malformed == 0 { StandardError.write("`\(file)`: \(problem)") }
                malformed += 1
            }
        }
        do {
            while let data = try handle.read(upToCount: chunk), !data.isEmpty { take(splitter.take(data)) }
        } catch {
            throw CommandError(.usage, "`\(file)` cannot be read: \(SystemReason.of(error))")
        }
        take(splitter.finish())
        return malformed
    }
}
