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
        var limit = SinkRunner.fullBatch
    }

    /// How many entries are offered at a time.
    static let fullBatch = 2_048

    private let log: LogReader
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
    /// - Throws: ``AuditLogError`` where the file cannot be read or is in use.
    public convenience init(log: LogReader, sink: any RecordSink, cursor: String, start: UInt64 = 0) throws {
        try self.init(log: log, sink: sink, cursor: cursor, start: start, files: SystemFiles())
    }

    package init(
        log: LogReader,
        sink: any RecordSink,
        cursor path: String,
        start: UInt64 = 0,
        files: any FileSystem
    ) throws {
        self.log = log
        self.sink = sink
        self.path = path
        self.files = files
        do {
            try files.makeDirectories(SystemFiles.parent(path))
            lock = try FileLock(path + ".lock")
            let cursor = try files.contents(path).map { try SinkCursor($0, file: path) }
            let first = cursor ?? SinkCursor(next: start, mark: 0)
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
    /// A record that the sink refuses alone is passed over and counted: it stays in the log.
    ///
    /// - Throws: what the sink throws, and ``AuditLogError`` where the log or the cursor cannot be used.
    public func round() async throws -> Round {
        let (records, next, cursor) = try state.withLock { state in
            let size = try log.size()
            guard state.cursor.next <= size else {
                throw AuditLogError(
                    .rolledBack,
                    "the cursor `\(path)` is at entry \(state.cursor.next), and the log has \(size); remove it to begin anew"
                )
            }
            let read = try state.reader.next(from: state.cursor.next, limit: state.limit)
            return (read.records, read.next, state.cursor)
        }
        guard next > cursor.next else { return .upToDate }
        var mark = cursor.mark
        var refusal: SinkRefusal?
        if !records.isEmpty {
            do {
                mark = try await sink.take(records, after: mark)
            } catch let error as SinkRefusal {
                guard next == cursor.next + 1 else {
                    // Fewer at a time show which it is.
                    state.withLock { state in
                        state.limit = max(1, Int(next - cursor.next) / 2)
                        state.reader = ExportReader(log)
                    }
                    return .moved
                }
                refusal = error
            }
        }
        let moved = SinkCursor(next: next, mark: mark)
        do {
            try files.install(moved.bytes, at: path)
        } catch {
            throw AuditLogError(.io, "the cursor `\(path)` cannot be written", cause: error)
        }
        state.withLock { state in
            state.cursor = moved
            state.status.next = next
            state.limit = min(state.limit * 2, Self.fullBatch)
            if let refusal {
                state.status.refused += 1
                state.status.refusal = "entry \(cursor.next): \(refusal)"
            }
        }
        return .moved
    }
}

/// How far a sink has come.
struct SinkCursor: Hashable, Sendable {
    /// The index of the first entry that it has not been given.
    var next: UInt64
    /// What the sink wants to be told the next time.
    var mark: UInt64

    init(next: UInt64, mark: UInt64) {
        self.next = next
        self.mark = mark
    }

    private static let head = "lapwing-cursor-v1"

    init(_ bytes: [UInt8], file: String) throws {
        let lines = String(decoding: bytes.prefix(256), as: UTF8.self).split(separator: "\n")
        guard bytes.count <= 256, lines.count == 3, lines[0] == Self.head, let next = UInt64(lines[1]),
            let mark = UInt64(lines[2])
        else { throw AuditLogError(.malformed, "`\(file)` is no cursor; remove it to begin anew") }
        self.init(next: next, mark: mark)
    }

    var bytes: [UInt8] { Array("\(Self.head)\n\(next)\n\(mark)\n".utf8) }
}
