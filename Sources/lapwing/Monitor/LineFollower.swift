import Foundation
import Monitoring

/// Reads the lines that are added to a file, and finds its place again after a restart, or after the file was replaced.
struct LineFollower {
    /// Where reading goes on.
    struct Position: Codable, Equatable {
        /// The file, by its number in the file system; nil where none was read yet.
        var identity: UInt64?
        /// The byte that the next line begins at.
        var offset: UInt64 = 0
        /// The next line's index, over all files that had this name.
        var record: UInt64 = 0
    }

    let file: String
    private(set) var position: Position
    /// The beginning of a line that has not ended.
    private var rest: [UInt8] = []
    /// Lines before this index were observed already, whatever the position says.
    private let known: UInt64

    private static let chunk = 1 << 20

    init(file: String, at position: Position?, after record: UInt64) {
        self.file = file
        self.position = position ?? Position()
        self.known = record
    }

    /// The lines that have come since the last call, of at most about a mebibyte, each with its index.
    ///
    /// A line that is longer than what is read of one is passed over.
    mutating func lines() -> [(record: UInt64, bytes: [UInt8])] {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: file),
            let size = attributes[.size] as? UInt64
        else { return [] }
        let number = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value
        if number != position.identity || size < position.offset {
            // Another file: its lines go on counting where the last one ended.
            position.offset = 0
            position.identity = number
            rest = []
        }
        let start = position.offset + UInt64(rest.count)
        guard size > start, let handle = FileHandle(forReadingAtPath: file) else { return [] }
        defer { try? handle.close() }
        guard (try? handle.seek(toOffset: start)) != nil, let data = try? handle.read(upToCount: Self.chunk) else {
            return []
        }
        rest += data
        var lines: [(record: UInt64, bytes: [UInt8])] = []
        var begin = 0
        while let end = rest[begin...].firstIndex(of: UInt8(ascii: "\n")) {
            if position.record >= known, end > begin { lines.append((position.record, Array(rest[begin..<end]))) }
            position.record += 1
            begin = end + 1
        }
        if rest.count - begin > LogParser.maximumLineLength { begin = rest.count }
        rest.removeFirst(begin)
        position.offset += UInt64(begin)
        return lines
    }
}
