/// A segment of the write-ahead log that is being written.
struct SegmentFile {
    /// Where the file lies.
    let path: String
    /// The index of its first entry.
    let first: UInt64
    private let file: Int32
    private let nonce: [UInt8]
    private let length: Int
    private(set) var end: Int

    /// What the files of segments that are no longer needed are called, while they wait to be written again.
    static let usedNames = ["used-0", "used-1"]

    /// A file that was reserved ahead of its use.
    struct Spare: Sendable {
        let path: String
        let file: Int32
        let length: Int
    }

    /// Reserves a file in a directory.
    ///
    /// A used one is best, which is the path of a segment that is no longer needed and is taken where it is still there:
    /// its blocks have been written before, so that bringing a batch to the disk changes nothing of the file system's own,
    /// which would cost two or three writes more. What stands in it is of another nonce.
    static func reserve(
        in directory: String,
        length: Int,
        files: any FileSystem,
        name: String = "spare",
        reusing used: String? = nil
    ) throws(FileError) -> Spare {
        let path = "\(directory)/\(name)"
        if let used, (try? files.rename(used, to: path)) != nil {
            // Before it is written again no crash may bring its old name back.
            try files.synchronizeDirectory(directory)
        } else {
            try? files.remove(path)
        }
        let file = try files.open(path, create: true)
        do {
            try files.preallocate(file, length: length, path: path)
        } catch {
            // What was reserved of it takes nobody else's room.
            try? files.truncate(file, length: 0, path: path)
            files.close(file)
            throw error
        }
        return Spare(path: path, file: file, length: length)
    }

    /// Makes a reserved file the segment that begins at an index.
    init(spare: Spare, first: UInt64, directory: String, files: any FileSystem) throws(FileError) {
        self.path = "\(directory)/\(Segment.name(first: first))"
        self.first = first
        self.file = spare.file
        self.length = spare.length
        self.end = Segment.headerLength
        var generator = SystemRandomNumberGenerator()
        self.nonce = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let header = Segment.header(first: first, nonce: nonce)
        try files.writeAll(header, to: file, at: 0, path: spare.path)
        try files.synchronize(file, path: spare.path)
        try files.rename(spare.path, to: path)
        try files.synchronizeDirectory(directory)
    }

    /// Whether entries of so many bytes in bundle form fit behind what is written.
    func hasRoom(for payload: Int) -> Bool {
        end + Segment.batchHeaderLength + payload <= length
    }

    /// Writes a batch and brings it to the disk.
    mutating func commit(_ entries: EntryRun, first: UInt64, files: any FileSystem) throws(FileError) {
        let bytes = Segment.batch(entries, first: first, nonce: nonce)
        try files.writeAll(bytes, to: file, at: end, path: path)
        try files.synchronize(file, path: path)
        end += bytes.count
    }

    func close(files: any FileSystem) {
        files.close(file)
    }
}
