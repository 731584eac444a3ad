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
    /// The kinds of logs of which some could not be read.
    private(set) var damaged: Set<LogSource> = []

    private static let chunk = 4 << 20
    private static let batch: UInt64 = 65_536
    /// The most bytes of a file of CloudTrail's, which is read as a whole.
    private static let maximumTrail = 256 << 20

    init(since: Timestamp?) { self.since = since }

    /// Reads a file of another's log.
    ///
    /// - Throws: ``CommandError`` where it cannot be read, or is of no kind that is known.
    mutating func read(_ file: String, of source: LogSource?) throws {
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw CommandError.unreadable(file)
        }
        defer { try? handle.close() }
        let head = try Self.next(of: handle, file)
        guard let source = source ?? Self.kind(head) else {
            throw CommandError(
                .usage,
                "what `\(file)` is cannot be told; write postgres=FILE, s3=FILE or cloudtrail=FILE"
            )
        }
        if source == .cloudTrail {
            var data = head
            while true {
                let more = try Self.next(of: handle, file)
                guard !more.isEmpty else { break }
                guard data.count + more.count <= Self.maximumTrail else {
                    throw CommandError(
                        .usage,
                        "`\(file)` is larger than \(Self.maximumTrail >> 20) MiB, which one file of CloudTrail's is not"
                    )
                }
                data += more
            }
            do { for seen in try LogParser.cloudTrail(file: data) { take(seen) } } catch {
                throw CommandError(.usage, "`\(file)`: \(error)")
            }
            return
        }
        var splitter = LogSplitter(source)
        var data = head
        while !data.isEmpty {
            take(splitter.take(data), source, file)
            data = try Self.next(of: handle, file)
        }
        take(splitter.finish(), source, file)
    }

    /// The next bytes of a file; none at its end.
    private static func next(of handle: FileHandle, _ file: String) throws -> Data {
        do { return try handle.read(upToCount: chunk) ?? Data() } catch {
            throw CommandError(.unreachable, "`\(file)` cannot be read: \(SystemReason.of(error))")
        }
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
                do {
                    guard case .decision(let decision) = try entry.record() else { continue }
                    take(Observation(decision, record: entry.index))
                } catch {
                    note("entry \(entry.index) of `\(directory)`: \(error)", .lapwing)
                }
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
                note("`\(file)`: \(error)", source)
            }
        }
    }

    private mutating func note(_ problem: String, _ source: LogSource) {
        if malformed == 0 { StandardError.write(problem) }
        malformed += 1
        damaged.insert(source)
    }

    private mutating func take(_ seen: Observation) {
        guard seen.decision != .deny, since.map({ seen.time.nanoseconds >= $0.nanoseconds }) ?? true else { return }
        let what: UsageRecord.What
        switch seen.source {
        case .postgres:
            // A lock is told as a command of no class of its own, and needs a privilege on a table, too.
            let isLock = seen.verb == "MISC" && seen.command == "LOCK TABLE"
            guard isLock || ["READ", "WRITE"].contains(seen.verb) else { return }
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
            if ["CopyObject", "UploadPartCopy"].contains(seen.verb) {
                records.insert(UsageRecord(who: seen.caller, what: Self.source(ofCopy: seen.command)))
            }
        case .lapwing: what = .request(method: seen.verb, path: seen.object)
        case .envoy, .flow: return
        }
        count += 1
        // Of what happened often, once is enough.
        let record = UsageRecord(who: seen.caller, what: what)
        records.insert(record)
        if let besides = record.needed(for: seen.status) { records.insert(besides) }
    }

    /// The reading of what a call copied, `BUCKET/KEY?versionId=ID`; of anything, where that is not known.
    private static func source(ofCopy text: String) -> UsageRecord.What {
        let unknown = UsageRecord.What.s3(call: "CopyObject", bucket: "", key: "")
        let path = text.prefix { $0 != "?" }.drop { $0 == "/" }
        // An access point's ARN does not say which bucket it is of.
        guard !path.hasPrefix("arn"), let slash = path.firstIndex(of: "/") else { return unknown }
        let key = path[path.index(after: slash)...]
        guard !key.isEmpty, slash > path.startIndex else { return unknown }
        return .s3(call: UsageRecord.copySource, bucket: String(path[..<slash]), key: String(key))
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
