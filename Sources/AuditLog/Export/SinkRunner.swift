import Synchronization

/// Brings a log's records to a sink, from where it stopped.
///
/// How far a sink has come is in a file of its own, so that a sink that fails holds up neither the log nor another sink:
/// it goes on where it was once it takes records again.
public final class SinkRunner: Sendable {
    /// How a sink stands.
    public struct Status: Hashable, Sendable {
        /// The index of the first entry that it has not been given.
        public var next: UInt64
        /// How many records it would not take, and were passed over.
        public var refused: UInt64 = 0
        /// What it said of the last of them.
        public var refusal: String?
    }

    /// What one round did.
    public enum Round: Hashable, Sendable {
        /// The sink has everything.
        case upToDate
        /// It took some, and there may be more.
        case moved
    }

    private struct State {
        var reader: ExportReader
        var cursor: SinkCursor
        var status: Status
        /// What was read and not taken yet.
        var batch: Batch?
        /// How many records are offered at a time.
        var limit = SinkRunner.fullBatch
        /// How many records were refused alone since one was taken.
        var refusedInRow = 0
        /// Whether the log was found to be the one that the cursor is of.
        var isChecked = false
    }

    /// Records on their way to the sink, and where the cursor is once it has all of them.
    private struct Batch {
        var records: ArraySlice<ExportedRecord>
        let next: UInt64
        let tip: MerkleHash?
    }

    /// How many entries are offered at a time.
    static let fullBatch = 2_048
    /// How many records in a row may be refused and passed over; a sink that refuses more of them takes none at all.
    static let maximumRefusedInRow = 16

    private let log: LogReader
    private let durable: (@Sendable () -> UInt64)?
    private let sink: any RecordSink
    private let path: String
    private let files: any FileSystem
    private let lock: FileLock
    /// Guards how far the sink is; rounds follow one another.
    private let state: Mutex<State>

    /// A runner whose cursor is a file.
    ///
    /// - Parameters:
    ///   - log: the log.
    ///   - sink: where records go.
    ///   - cursor: the file that says how far the sink is.
    ///   - start: the entry that a sink without a cursor begins with.
    ///   - durable: how many entries are on the disk, of which alone a sink may know; where it is nil, those are that the
    ///     published checkpoint covers.
    /// - Throws: ``AuditLogError`` where the file cannot be read or is in use.
    public convenience init(
        log: LogReader,
        sink: any RecordSink,
        cursor: String,
        start: UInt64 = 0,
        durable: (@Sendable () -> UInt64)? = nil
    ) throws {
        try self.init(log: log, sink: sink, cursor: cursor, start: start, durable: durable, files: SystemFiles())
    }

    package init(
        log: LogReader,
        sink: any RecordSink,
        cursor path: String,
        start: UInt64 = 0,
        durable: (@Sendable () -> UInt64)? = nil,
        files: any FileSystem
    ) throws {
        self.log = log
        self.durable = durable
        self.sink = sink
        self.path = path
        self.files = files
        do {
            try files.makeDirectories(SystemFiles.parent(path))
            lock = try FileLock(path + ".lock")
            let cursor = try files.contents(path).map { try SinkCursor($0, file: path) }
            let first = cursor ?? SinkCursor(next: start, mark: SinkMark(), tip: nil)
            state = Mutex(State(reader: ExportReader(log), cursor: first, status: Status(next: first.next)))
        } catch let error as FileError {
            throw AuditLogError(.io, "the cursor `\(path)` cannot be used", cause: error)
        }
    }

    /// The index of the first entry that the sink of a cursor has not been given; nil where there is no such cursor.
    ///
    /// - Throws: ``AuditLogError`` where it cannot be read.
    public static func position(of cursor: String) throws -> UInt64? {
        do {
            return try SystemFiles().contents(cursor).map { try SinkCursor($0, file: cursor).next }
        } catch let error as FileError {
            throw AuditLogError(.io, "the cursor `\(cursor)` cannot be read", cause: error)
        }
    }

    /// How the sink stands.
    public var status: Status { state.withLock { $0.status } }

    /// Offers what is next; where the sink takes it, the cursor moves on.
    ///
    /// A record that the sink refuses alone is passed over and counted: it stays in the log. A sink that refuses one after
    /// the other is at fault itself, and gets no further.
    ///
    /// - Throws: what the sink throws, and ``AuditLogError`` where the log or the cursor cannot be used.
    public func round() async throws -> Round {
        guard let (records, moved) = try state.withLock({ try offer(&$0) }) else { return .upToDate }
        var cursor = moved
        guard !records.isEmpty else {
            try advance(to: cursor, by: 0)
            return .moved
        }
        do {
            cursor.mark = try await sink.take(Array(records), after: moved.mark)
        } catch let error as SinkRefusal {
            guard records.count == 1 else {
                // Fewer at a time show which it is.
                state.withLock { $0.limit = records.count / 2 }
                return .moved
            }
            let entry = records[records.startIndex].index
            let count = state.withLock { state in
                state.refusedInRow = min(state.refusedInRow + 1, Self.maximumRefusedInRow + 1)
                return state.refusedInRow
            }
            guard count <= Self.maximumRefusedInRow else {
                throw SinkRefusal("every record is refused, one after the other, and entry \(entry) too: \(error)")
            }
            try advance(to: cursor, by: 1)
            state.withLock { state in
                state.status.refused += 1
                state.status.refusal = "entry \(entry): \(error)"
            }
            return .moved
        }
        state.withLock { $0.refusedInRow = 0 }
        try advance(to: cursor, by: records.count)
        return .moved
    }

    /// What is offered next, and where the cursor is once it was taken; nil where the sink has everything.
    private func offer(_ state: inout State) throws -> (records: ArraySlice<ExportedRecord>, cursor: SinkCursor)? {
        if state.batch == nil { state.batch = try read(&state) }
        guard let batch = state.batch else { return nil }
        var cursor = state.cursor
        let records = batch.records.prefix(state.limit)
        if let last = records.last, records.count < batch.records.count {
            (cursor.next, cursor.tip) = (last.index + 1, MerkleHash.leaf(last.entry[...]).description)
        } else {
            (cursor.next, cursor.tip) = (batch.next, batch.tip?.description)
        }
        return (records, cursor)
    }

    /// Reads what follows the cursor and is on the disk.
    private func read(_ state: inout State) throws -> Batch? {
        // What is durable by now is asked first: the log has it.
        let durable = try durable?() ?? log.checkpoint()?.size ?? 0
        let next = state.cursor.next
        // Where nothing has come, the log need not be read: a sink that has everything asks often.
        if state.isChecked, durable == next { return nil }
        if !state.isChecked || durable < next {
            let size = try log.size()
            guard next <= size else {
                throw AuditLogError(
                    .rolledBack,
                    "the cursor `\(path)` is at entry \(next), and the log has \(size); remove it to begin anew"
                )
            }
        }
        if !state.isChecked { try requireSameLog(state.cursor) }
        state.isChecked = true
        guard durable > next else { return nil }
        let read = try state.reader.next(from: next, before: durable, limit: Self.fullBatch)
        return read.next > next ? Batch(records: read.records[...], next: read.next, tip: read.tip) : nil
    }

    /// Refuses a log whose entry before the cursor is not the one that the sink was given last.
    private func requireSameLog(_ cursor: SinkCursor) throws {
        guard cursor.next > 0, let tip = cursor.tip,
            let last = try log.entries(in: (cursor.next - 1)..<cursor.next).first
        else { return }
        guard MerkleHash.leaf(last.bytes[...]).description == tip else {
            throw AuditLogError(
                .rolledBack,
                "the sink of `\(path)` was given another entry \(cursor.next - 1) than the log has: "
                    + "it is not the same log; remove the cursor to begin anew"
            )
        }
    }

    /// Moves the cursor behind so many of the records that were read.
    private func advance(to cursor: SinkCursor, by count: Int) throws {
        do {
            try files.install(cursor.bytes, at: path)
            try files.synchronizeDirectory(SystemFiles.parent(path))
        } catch {
            throw AuditLogError(.io, "the cursor `\(path)` cannot be written", cause: error)
        }
        state.withLock { state in
            state.cursor = cursor
            state.status.next = cursor.next
            state.limit = min(state.limit * 2, Self.fullBatch)
            state.batch?.records.removeFirst(count)
            if state.batch?.next == cursor.next { state.batch = nil }
        }
    }
}

/// How far a sink has come.
struct SinkCursor: Hashable, Sendable {
    /// The index of the first entry that it has not been given.
    var next: UInt64
    /// What the sink wants to be told the next time.
    var mark: SinkMark
    /// The leaf hash of the entry before, by which another log is told from this one; nil where it is not known.
    var tip: String?

    init(next: UInt64, mark: SinkMark, tip: String?) {
        self.next = next
        self.mark = mark
        self.tip = tip
    }

    private static let head = "lapwing-cursor-v2"
    /// An older form, without the leaf hash and the place.
    private static let oldHead = "lapwing-cursor-v1"
    private static let maximumLength = 12_288

    init(_ bytes: [UInt8], file: String) throws {
        let lines = String(decoding: bytes.prefix(Self.maximumLength), as: UTF8.self).split(separator: "\n")
        guard bytes.count <= Self.maximumLength, let cursor = Self(lines) else {
            throw AuditLogError(.malformed, "`\(file)` is no cursor; remove it to begin anew")
        }
        self = cursor
    }

    private init?(_ lines: [Substring]) {
        guard let head = lines.first else { return nil }
        let isOld = head == Self.oldHead
        guard isOld || head == Self.head, lines.count == (isOld ? 3 : 5), let next = UInt64(lines[1]),
            let length = UInt64(lines[2])
        else { return nil }
        self.init(next: next, mark: SinkMark(length: length), tip: nil)
        guard !isOld else { return }
        if lines[3] != "-" {
            guard Base64.decode(lines[3])?.count == 32 else { return nil }
            tip = String(lines[3])
        }
        if lines[4] != "-" {
            guard let place = Base64.decode(lines[4]), place.count <= SinkMark.maximumPlace else { return nil }
            mark.place = String(decoding: place, as: UTF8.self)
        }
    }

    var bytes: [UInt8] {
        let place = mark.place.map { Base64.encode(Array($0.utf8)) } ?? "-"
        return Array("\(Self.head)\n\(next)\n\(mark.length)\n\(tip ?? "-")\n\(place)\n".utf8)
    }
}
