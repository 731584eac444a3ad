import Crypto
import ZeroTrust

/// The count of what a log had no room for, in a place on the disk that was made while there was room.
///
/// It lies twice, and is written over in turn, so that one is whole whenever the writing stops.
struct GapFile {
    private let path: String
    private let file: Int32
    private var sequence: UInt64 = 0
    /// What was let go of and is not recorded yet; nil where nothing was.
    private(set) var gap: LogGap?
    /// What the gap's root grows from; a gap that was found here does not grow.
    private var tree = GrowingRoot()

    /// What a disk writes whole, or not at all.
    private static let slot = 512
    private static let magic = "lapwing-gap-v1"

    /// Opens the file, and makes it where there is none.
    ///
    /// - Throws: `FileError`, and ``AuditLogError`` where what it counted cannot be told.
    init(path: String, in directory: String, files: any FileSystem) throws {
        let bytes = try files.contents(path) ?? []
        // A crash leaves one of the two unreadable at most, or a file that was not made to its end, of zeros.
        var unreadable = 0
        for place in 0..<2 where bytes.count == 2 * Self.slot {
            let slot = Array(bytes[place * Self.slot..<(place + 1) * Self.slot])
            if let (number, found) = Self.read(slot) {
                guard number > sequence else { continue }
                sequence = number
                gap = found
            } else if slot.contains(where: { $0 != 0 }) {
                unreadable += 1
            }
        }
        let isMade = bytes.count == 2 * Self.slot
        guard unreadable < 2, isMade || bytes.allSatisfy({ $0 == 0 }) else {
            throw AuditLogError(
                .corrupt,
                "`\(path)` does not tell any more how many records the log had no room for: move it aside, and keep it"
            )
        }
        self.path = path
        file = try files.openPrivate(path)
        if !isMade {
            // Zeros, and not just room: nothing has to be found for what is written over.
            try files.writeAll([UInt8](repeating: 0, count: 2 * Self.slot), to: file, at: 0, path: path)
            try files.synchronize(file, path: path)
            try files.synchronizeDirectory(directory)
        }
    }

    func close(files: any FileSystem) { files.close(file) }

    /// Counts entries, and brings the count to the disk.
    mutating func add(_ entries: [[UInt8]], at time: Timestamp, files: any FileSystem) throws(FileError) {
        guard !entries.isEmpty else { return }
        if gap == nil { tree = GrowingRoot() }
        for entry in entries { tree.append(MerkleHash.leaf(entry[...])) }
        gap = LogGap(
            count: (gap?.count ?? 0) + UInt64(entries.count),
            began: gap?.began ?? time,
            ended: time,
            root: tree.root
        )
        try write(files)
    }

    /// Notes that the gap is recorded.
    mutating func clear(files: any FileSystem) throws(FileError) {
        gap = nil
        try write(files)
    }

    private mutating func write(_ files: any FileSystem) throws(FileError) {
        sequence += 1
        var text = "\(Self.magic)\n\(sequence)\n"
        if let gap { text += "\(gap.count)\n\(gap.began)\n\(gap.ended)\n\(gap.root)\n" }
        text += Self.check(text)
        let bytes = Array(text.utf8)
        let padded = bytes + [UInt8](repeating: 0, count: Self.slot - bytes.count)
        try files.writeAll(padded, to: file, at: Int(sequence % 2) * Self.slot, path: path)
        try files.synchronize(file, path: path)
    }

    /// What a slot says; nil where it was not written whole.
    private static func read(_ bytes: [UInt8]) -> (sequence: UInt64, gap: LogGap?)? {
        let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, first == magic, lines.count == 3 || lines.count == 7,
            check(text.dropLast(lines[lines.count - 1].count)) == lines[lines.count - 1],
            let sequence = UInt64(lines[1])
        else { return nil }
        guard lines.count == 7 else { return (sequence, nil) }
        guard let count = UInt64(lines[2]), let began = Timestamp(lines[3]), let ended = Timestamp(lines[4]),
            let bytes = Base64.decode(lines[5]), let root = MerkleHash(bytes)
        else { return nil }
        return (sequence, LogGap(count: count, began: began, ended: ended, root: root))
    }

    private static func check(_ text: some StringProtocol) -> String {
        Hexadecimal.text(Array(SHA256.hash(data: Array(text.utf8))))
    }
}
