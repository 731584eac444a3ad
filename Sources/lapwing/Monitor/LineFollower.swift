import Foundation
import Monitoring

/// Reads the records that are added to a file, and finds its place again after a restart, or after the file was replaced.
///
/// The file is held open, so that one that is moved away is read to its end before the one that takes its name is begun.
struct LineFollower {
    /// Where reading goes on.
    struct Position: Codable, Equatable {
        /// The file, by its number in the file system; nil where none was read yet.
        var identity: UInt64?
        /// The byte that the next record begins at.
        var offset: UInt64 = 0
        /// The index of the next record's first line, over all files that had this name.
        var record: UInt64 = 0
        /// The index of the file's own first line.
        var start: UInt64?
    }

    let file: String
    private(set) var position: Position
    private var splitter: LogSplitter
    /// The file that is read.
    private var handle: FileHandle?
    /// The byte that is read next.
    private var offset: UInt64 = 0
    /// Whether the file's end was reached last time, while another file had its name.
    private var isDrained = false
    /// What is wrong with the file, as long as nobody took it.
    private var problem: String?
    /// Whether the file cannot be read, which was said.
    private var isUnreadable = false
    /// Records before this index were observed already, whatever the position says.
    private let known: UInt64

    private static let chunk = 1 << 20

    init(file: String, of source: LogSource, at position: Position?, after record: UInt64) {
        self.file = file
        self.position = position ?? Position()
        self.known = record
        splitter = LogSplitter(source, index: self.position.record)
    }

    /// A follower that reads again what is still there, for a monitor that knows nothing of it.
    ///
    /// - Returns: the follower, and the index of the first line that there is; those before it are lost.
    static func fromTheBeginning(
        _ file: String,
        of source: LogSource,
        last: Position?
    ) -> (follower: LineFollower, first: UInt64) {
        var position = Position()
        if let last {
            // A file that is no longer the one that was read last has nothing of what came before.
            let isSame = last.identity == Self.identity(of: file)
            position.record = isSame ? last.start ?? 0 : last.record
        }
        return (LineFollower(file: file, of: source, at: position, after: 0), position.record)
    }

    /// The records that have come since the last call, of at most about a mebibyte.
    mutating func records() -> [LogSplitter.Record] {
        if handle == nil { open() }
        guard let handle else { return [] }
        let size = try? handle.seekToEnd()
        // What cannot be read is not one that was cut short.
        if size == nil { cannotBeRead() }
        if let size, size < offset {
            // It was cut short in its place, and begins anew.
            let records = splitter.finish()
            begin(position.identity, at: 0, record: splitter.index)
            return new(records)
        }
        var data = Data()
        if let size, size > offset {
            do {
                try handle.seek(toOffset: offset)
                data = try handle.read(upToCount: Self.chunk) ?? Data()
            } catch {
                // Where another file has taken its place, that one is gone on with.
                cannotBeRead()
            }
        }
        if !data.isEmpty {
            (isDrained, isUnreadable) = (false, false)
            offset += UInt64(data.count)
            let records = splitter.take(data)
            position.offset = offset - UInt64(splitter.pending)
            position.record = splitter.index
            return new(records)
        }
        guard let number = Self.identity(of: file), number != position.identity else { return [] }
        // Whoever writes may not have the new file yet: the old one is looked at once more.
        guard isDrained else {
            isDrained = true
            return []
        }
        let records = splitter.finish()
        try? handle.close()
        self.handle = nil
        begin(nil, at: 0, record: splitter.index)
        return new(records)
    }

    /// What is wrong with the file, said once for as long as it is; what is read nowhere is seen by nobody.
    ///
    /// - Returns: nil where nothing is, or it was said.
    mutating func takeProblem() -> String? {
        defer { problem = nil }
        return problem
    }

    private mutating func cannotBeRead() {
        guard !isUnreadable else { return }
        isUnreadable = true
        problem = "`\(file)` is not there, or cannot be read"
    }

    private func new(_ records: [LogSplitter.Record]) -> [LogSplitter.Record] {
        records.filter { $0.index >= known }
    }

    /// Opens the file that was read last, also where it has another name by now, or else the one that there is.
    private mutating func open() {
        if let wanted = position.identity, let path = path(of: wanted), let handle = Self.opened(path) {
            self.handle = handle
            offset = position.offset
            isUnreadable = false
            return
        }
        guard let number = Self.identity(of: file), let handle = Self.opened(file) else { return cannotBeRead() }
        if position.identity != nil {
            problem =
                "the file that was read last as `\(file)` is gone, or cannot be read, with what came to it since its record "
                + "\(position.record)"
        }
        self.handle = handle
        isUnreadable = false
        begin(number, at: 0, record: position.record)
    }

    private static func opened(_ path: String) -> FileHandle? {
        let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let type = (try? FileManager.default.attributesOfItem(atPath: place))?[.type] as? FileAttributeType
        return type == .typeDirectory ? nil : FileHandle(forReadingAtPath: path)
    }

    private mutating func begin(_ identity: UInt64?, at offset: UInt64, record: UInt64) {
        position = Position(identity: identity, offset: offset, record: record, start: record)
        splitter = LogSplitter(splitter.source, index: record)
        self.offset = offset
        isDrained = false
    }

    /// The path of the file of a number: its own, or one that begins with its name, as rotated files do.
    private func path(of number: UInt64) -> String? {
        if Self.identity(of: file) == number { return file }
        let url = URL(fileURLWithPath: file)
        let folder = url.deletingLastPathComponent().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let stem = url.deletingPathExtension().lastPathComponent
        return names.filter { $0.hasPrefix(stem) }.map { folder + "/" + $0 }.first { Self.identity(of: $0) == number }
    }

    private static func identity(of path: String) -> UInt64? {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.systemFileNumber] as? NSNumber)?.uint64Value
    }
}
