import AuditLog
import DataAccess
import Foundation
import Monitoring
import ZeroTrust

/// Reads logs for what was done and allowed.
struct UsageReading {
    /// Nothing before this counts.
    let since: Timestamp?
    private(set) var records: Set<UsageRecord> = []
    /// How many records were read that say something of data.
    private(set) var count = 0
    /// How many could not be read.
    private(set) var malformed = 0

    private static let chunk = 4 << 20
    private static let batch: UInt64 = 65_536

    init(since: Timestamp?) { self.since = since }

    /// Reads a file of another's log.
    ///
    /// - Throws: ``CommandError`` where it cannot be read, or is of no kind that is known.
    mutating func read(_ file: String, of source: LogSource?) throws {
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw CommandError(.usage, "`\(file)` cannot be read")
        }
        defer { try? handle.close() }
        let head = (try? handle.read(upToCount: Self.chunk)) ?? Data()
        guard let source = source ?? Self.kind(head) else {
            throw CommandError(
                .usage,
                "what `\(file)` is cannot be told; write postgres=FILE, s3=FILE or cloudtrail=FILE"
            )
        }
        if source == .cloudTrail {
            let data = head + ((try? handle.readToEnd()) ?? Data())
            do { for seen in try LogParser.cloudTrail(file: data) { take(seen) } } catch {
                throw CommandError(.usage, "`\(file)`: \(error)")
            }
            return
        }
        var splitter = LogSplitter(source)
        var data = head
        while !data.isEmpty {
            take(splitter.take(data), source, file)
            data = (try? handle.read(upToCount: Self.chunk)) ?? Data()
        }
        take(splitter.finish(), source, file)
    }

    /// Reads a node's own audit log.
    ///
    /// - Throws: ``CommandError`` where it cannot be read.
    mutating func read(audit directory: String) throws {
        let audit = try AuditRecords(directory: directory)
        let size = try audit.reading { try audit.reader.size() }
        // What was pruned is not there to be read.
        var next = try audit.reading { try audit.reader.minimumIndex() }
        if next > 0 { StandardError.write("\(next) entries were pruned: what they told of is not known") }
        while next < size {
            let end = min(next + Self.batch, size)
            for entry in try audit.reading({ try audit.reader.entries(in: next..<end) }) {
                guard case .decision(let decision)? = try? entry.record() else { continue }
                take(Observation(decision, record: entry.index))
            }
            next = end
        }
    }

    private mutating func take(_ parts: [LogSplitter.Record], _ source: LogSource, _ file: String) {
        for part in parts {
            do {
                if let problem = part.problem { throw MonitoringError(.malformed, problem) }
                if let seen = try LogParser.observation(in: part.bytes, of: source, record: part.index) { take(seen) }
            } catch {
                if malformed == 0 { StandardError.write("`\(file)`: \(error)") }
                malformed += 1
            }
        }
    }

    private mutating func take(_ seen: Observation) {
        guard seen.decision != .deny, since.map({ seen.time.nanoseconds >= $0.nanoseconds }) ?? true else { return }
        let what: UsageRecord.What
        switch seen.source {
        case .postgres:
            guard ["READ", "WRITE"].contains(seen.verb) else { return }
            let command = seen.command.isEmpty ? seen.verb : seen.command
            what = .table(database: seen.callee, command: command, table: seen.object.isEmpty ? nil : seen.object)
        case .s3, .cloudTrail:
            guard seen.source == .cloudTrail else {
                what = .s3(call: seen.verb, bucket: seen.callee, key: seen.object)
                break
            }
            // Of settings it says which service was asked, and of a bucket its ARN in the place of a key.
            let isSetting = seen.marks.contains(.controlPlane)
            guard !isSetting || seen.callee == "s3.amazonaws.com" else { return }
            let key = isSetting || seen.object.hasPrefix("arn:") ? "" : seen.object
            what = .s3(call: seen.verb, bucket: isSetting ? "" : seen.callee, key: key)
        case .lapwing: what = .request(method: seen.verb, path: seen.object)
        case .envoy, .flow: return
        }
        count += 1
        // Of what happened often, once is enough.
        records.insert(UsageRecord(who: seen.caller, what: what))
    }

    /// What a log is, by its beginning.
    private static func kind(_ head: Data) -> LogSource? {
        let line = head.prefix { $0 != UInt8(ascii: "\n") }
        let text = String(decoding: line.prefix(4096), as: UTF8.self)
        if text.contains("AUDIT: ") || text.contains("\"dbname\"") { return .postgres }
        if text.hasPrefix("{") || text.hasPrefix("[") {
            let start = String(decoding: head.prefix(65_536), as: UTF8.self)
            return start.contains("\"eventSource\"") || start.contains("\"Records\"") ? .cloudTrail : nil
        }
        if (try? LogParser.observation(in: line, of: .s3, record: 0)) != nil { return .s3 }
        return (try? LogParser.observation(in: line, of: .postgres, record: 0)) != nil ? .postgres : nil
    }
}
