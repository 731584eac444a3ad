/// Cuts the bytes of a log of others into its records.
///
/// A record is a line, except in PostgreSQL's text log and csvlog, where a statement that has line breaks goes over several
/// lines: in a csvlog inside quotation marks, in a text log with a tab before each further line. So a line that a caller of
/// the database put into a statement is never taken for a record of its own.
///
/// Bounded: what is longer than ``LogParser/maximumLineLength`` is passed over to its end, and told of once.
public struct LogSplitter: Sendable {
    /// One record.
    public struct Record: Hashable, Sendable {
        /// The index of its first line.
        public var index: UInt64
        /// The index of the line after it.
        public var next: UInt64
        /// Its bytes, without the last line's end; empty where there is a problem.
        public var bytes: [UInt8]
        /// Why it cannot be read; nil where it can.
        public var problem: String?
    }

    /// The log.
    public let source: LogSource
    /// The index of the next record's first line.
    public private(set) var index: UInt64
    /// How many bytes were taken and belong to a record that has not ended.
    public private(set) var pending = 0

    /// The line that has not ended.
    private var line: [UInt8] = []
    /// The lines before it that belong to the same record.
    private var record: [UInt8] = []
    /// How many those are.
    private var lines: UInt64 = 0
    private var form = Form.none
    /// Whether a quotation mark is open.
    private var isQuoted = false
    /// Whether the record is too long, so that its bytes are not kept.
    private var isTooLong = false
    /// Whether the line is too long.
    private var isLineTooLong = false
    /// The line's quotation marks, those that are not kept included.
    private var quotesInLine = 0
    /// The line's bytes, those that are not kept included.
    private var bytesInLine = 0

    private enum Form { case none, csv, text }

    /// A splitter at the beginning of a record.
    public init(_ source: LogSource, index: UInt64 = 0) {
        self.source = source
        self.index = index
    }

    /// Takes further bytes.
    ///
    /// - Returns: the records that ended in them, in order; empty lines are none.
    public mutating func take(_ bytes: some Collection<UInt8>) -> [Record] {
        var records: [Record] = []
        for byte in bytes {
            pending += 1
            bytesInLine += 1
            guard byte != UInt8(ascii: "\n") else {
                endLine(&records)
                continue
            }
            if byte == UInt8(ascii: "\"") { quotesInLine += 1 }
            if line.count < LogParser.maximumLineLength { line.append(byte) } else { isLineTooLong = true }
        }
        return records
    }

    /// Ends the log, as where its file was replaced by another.
    ///
    /// - Returns: what had not ended yet.
    public mutating func finish() -> [Record] {
        var records: [Record] = []
        if !line.isEmpty { endLine(&records) }
        if form != .none { end(&records, problem: "the log ends within a record") }
        pending = 0
        return records
    }

    private mutating func endLine(_ records: inout [Record]) {
        let quotes = quotesInLine
        defer {
            line.removeAll(keepingCapacity: true)
            isLineTooLong = false
            quotesInLine = 0
            bytesInLine = 0
        }
        switch form {
        case .csv:
            isQuoted = isQuoted != !quotes.isMultiple(of: 2)
            keep(line[...], isFirst: false)
            if !isQuoted { end(&records) }
        case .text where line.first == UInt8(ascii: "\t"):
            isQuoted = isQuoted != !quotes.isMultiple(of: 2)
            keep(line.dropFirst(), isFirst: false)
            if !isQuoted { end(&records) }
        case .text:
            end(&records, problem: "its entry is cut off")
            pending = bytesInLine
            begin(&records)
        case .none: begin(&records)
        }
    }

    /// Begins a record with the line.
    private mutating func begin(_ records: inout [Record]) {
        isQuoted = false
        if source == .postgres, line.first != UInt8(ascii: "{") {
            if line.first == UInt8(ascii: "\t") {
                // Goes on with a message that is no entry.
                index += 1
                pending = 0
                return
            }
            if PostgresAudit.isCSV(line) {
                form = .csv
                isQuoted = !quotesInLine.isMultiple(of: 2)
            } else if let start = PostgresAudit.auditStart(line) {
                form = .text
                let before = line[..<start].count { $0 == UInt8(ascii: "\"") }
                isQuoted = !(quotesInLine - before).isMultiple(of: 2)
            }
        }
        keep(line[...], isFirst: true)
        if !isQuoted { end(&records) }
    }

    private mutating func keep(_ bytes: ArraySlice<UInt8>, isFirst: Bool) {
        lines += 1
        if isLineTooLong || record.count + bytes.count >= LogParser.maximumLineLength {
            isTooLong = true
            record = []
        }
        guard !isTooLong else { return }
        if !isFirst { record.append(UInt8(ascii: "\n")) }
        record += bytes
    }

    private mutating func end(_ records: inout [Record], problem: String? = nil) {
        var what = problem
        if isTooLong { what = "it has more than \(LogParser.maximumLineLength) bytes" }
        if what != nil || !record.isEmpty {
            let words = what.map { "record \(index) of the \(source.name) log: \($0)" }
            records.append(
                Record(index: index, next: index + lines, bytes: what == nil ? record : [], problem: words)
            )
        }
        index += lines
        (record, lines, form, isQuoted, isTooLong, pending) = ([], 0, .none, false, false, 0)
    }
}
