import Foundation
import ZeroTrust

/// pgaudit's entries, in PostgreSQL's text log, its csvlog or its jsonlog.
///
/// An entry is `AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.rows,select …,<none>,120`: whether of a session or an object, two
/// numbers, the class, the command, the object's type and name, the statement, its parameters, and, where
/// `pgaudit.log_rows` is on, how many rows it touched.
enum PostgresAudit {
    static func observation(_ line: [UInt8], _ record: UInt64) throws(MonitoringError) -> Observation? {
        if line.first == UInt8(ascii: "{") { return try json(try JSONText(line), record) }
        if isCSV(line) {
            // The message is one quoted field among others, and what the other fields hold is no message.
            guard let fields = CommaSeparated.fields(line), fields.count >= 14 else {
                throw malformed(record, "it begins as a csvlog's does and has not its fields")
            }
            guard fields[13].hasPrefix("AUDIT: ") else { return nil }
            guard let time = LogTime.postgres(fields[0]) else { throw malformed(record, "its time cannot be read") }
            return try entry(String(fields[13].dropFirst(7)), time, user: fields[1], database: fields[2], record)
        }
        guard let start = auditStart(line) else { return nil }
        let prefix = String(decoding: line[..<start], as: UTF8.self)
        let words = prefix.split(separator: " ")
        guard words.count >= 3, let time = LogTime.postgres(words[0...2].joined(separator: " ")) else {
            throw malformed(record, "its prefix has no time: set log_line_prefix to `%m [%p] user=%u,db=%d,host=%h `")
        }
        guard let user = named("user=", in: prefix), let database = named("db=", in: prefix) else {
            throw malformed(
                record,
                "its prefix names no user and database: set log_line_prefix to `%m [%p] user=%u,db=%d `"
            )
        }
        let text = String(decoding: line[(start + 7)...], as: UTF8.self)
        return try entry(text, time, user: user, database: database, record)
    }

    /// Whether a record is a csvlog's: its first field is a time and nothing else.
    static func isCSV(_ line: some Collection<UInt8>) -> Bool {
        let head = line.prefix(64)
        guard let comma = head.firstIndex(of: UInt8(ascii: ",")) else { return false }
        return LogTime.postgres(String(decoding: head[..<comma], as: UTF8.self)) != nil
    }

    /// Where the entry of a text log's line begins; nil for a line without any.
    static func auditStart(_ line: [UInt8]) -> Int? { find("AUDIT: ", in: line) }

    private static func json(_ line: JSONText, _ record: UInt64) throws(MonitoringError) -> Observation? {
        guard let message = line["message"]?.text, message.hasPrefix("AUDIT: ") else { return nil }
        guard let time = line["timestamp"]?.text.flatMap({ LogTime.postgres($0) }) else {
            throw malformed(record, "its `timestamp` cannot be read")
        }
        guard let user = line["user"]?.text, let database = line["dbname"]?.text else {
            throw malformed(record, "it names no `user`, or no `dbname`")
        }
        return try entry(String(message.dropFirst(7)), time, user: user, database: database, record)
    }

    private static func entry(
        _ text: String,
        _ time: Timestamp,
        user: String,
        database: String,
        _ record: UInt64
    ) throws(MonitoringError) -> Observation? {
        guard let fields = CommaSeparated.fields(text.utf8), fields.count >= 9 else {
            throw malformed(record, "its AUDIT entry has not nine fields or more")
        }
        let (kind, command, object) = (fields[3], fields[4], fields[6])
        let rows = fields.count >= 10 ? UInt64(fields[9]) ?? 0 : 0
        let changesSettings = kind == "ROLE" || kind == "DDL" || kind == "MISC_SET"
        return Observation(
            source: .postgres,
            record: record,
            time: time,
            caller: user,
            callee: database,
            verb: changesSettings ? command : kind,
            command: changesSettings ? "" : Self.command(command, fields[7]),
            verbClass: VerbClass(verb: kind),
            object: object,
            decision: .allow,
            rows: rows,
            marks: changesSettings ? [.controlPlane] : []
        )
    }

    /// A statement's command; an INSERT may change rows that are there, unless its text, which may have been logged before,
    /// says that it does not, and a MERGE is logged as one of the commands that it is made of.
    private static func command(_ command: String, _ statement: String) -> String {
        guard ["INSERT", "UPDATE", "DELETE"].contains(command) else { return command }
        let text = statement.lowercased()
        let isHidden = statement.hasPrefix("<")
        if text.contains("merge") || isHidden && command != "INSERT" { return "MERGE" }
        guard command == "INSERT" else { return command }
        return isHidden || text.contains("conflict") ? "INSERT ON CONFLICT" : command
    }

    private static func malformed(_ record: UInt64, _ what: String) -> MonitoringError {
        MonitoringError(.malformed, "line \(record) of the pgaudit log: \(what)")
    }

    private static func find(_ text: StaticString, in line: [UInt8]) -> Int? {
        let wanted = Array(text.description.utf8)
        guard line.count >= wanted.count else { return nil }
        return (0...(line.count - wanted.count)).first { line[$0] == wanted[0] && line[$0...].starts(with: wanted) }
    }

    private static func named(_ name: String, in prefix: String) -> String? {
        guard let start = prefix.range(of: name)?.upperBound else { return nil }
        let value = prefix[start...].prefix { $0 != "," && $0 != " " }
        return value.isEmpty ? nil : String(value)
    }
}
