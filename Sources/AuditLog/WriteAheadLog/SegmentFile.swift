import Glibc

/// A segment of the write-ahead log that is being written.
///
/// Where the file system can, a batch goes to the disk in one write that passes by the system's memory, with what stands
/// before it in its first block: the same bytes again.
struct SegmentFile {
    /// Where the file lies.
    let path: String
    /// The index of its first entry.
    let first: UInt64
    private let file: Int32
    private let nonce: [UInt8]
    private let length: Int
    private(set) var end: Int
    /// The file as it is open for such writes; nil where batches are written and then synchronised.
    private var direct: Int32?
    /// What is written of the block in which the next batch begins.
    private var block: [UInt8]

    /// A file that was reserved ahead of its use.
    struct Spare: Sendable {
        let path: String
        let file: Int32
        let length: Int
    }

    /// Reserves a file in a directory.
    ///
    /// Blocks that were only reserved are entered in the file's metadata when they are first written, which has to be
    /// synchronised as well: one that is `isFilled` has been written before.
    static func reserve(
        in directory: String,
        length: Int,
        files: any FileSystem,
        name: String = "spare",
        isFilled: Bool = false
    ) throws(FileError) -> Spare {
        // A batch is written in whole blocks.
        let length = (length + SystemFiles.directBlock - 1) / SystemFiles.directBlock * SystemFiles.directBlock
        let path = "\(directory)/\(name)"
        let file = try files.open(path, create: true)
        do {
            // A spare of an earlier run may hold anything: what follows the last batch has to be zeros.
            try files.truncate(file, length: 0, path: path)
            try files.preallocate(file, length: length, path: path)
            if isFilled { try files.fill(file, length: length, path: path) }
        } catch {
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
        self.direct = nil
        var generator = SystemRandomNumberGenerator()
        self.nonce = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let header = Segment.header(first: first, nonce: nonce)
        self.block = header
        try files.writeAll(header, to: file, at: 0, path: spare.path)
        try files.synchronize(file, path: spare.path)
        try files.rename(spare.path, to: path)
        try files.synchronizeDirectory(directory)
        self.direct = try files.openDirect(path)
    }

    /// Whether entries of so many bytes in bundle form fit behind what is written.
    func hasRoom(for payload: Int) -> Bool {
        end + Segment.batchHeaderLength + payload <= length
    }

    /// Writes a batch and brings it to the disk.
    mutating func commit(_ entries: [[UInt8]], first: UInt64, files: any FileSystem) throws(FileError) {
        let bytes = Segment.batch(entries, first: first, nonce: nonce)
        if let direct, try write(bytes, to: direct, files) { return }
        try files.writeAll(bytes, to: file, at: end, path: path)
        try files.synchronize(file, path: path)
        end += bytes.count
    }

    /// Writes a batch in whole blocks; returns false where the disk does not take such writes.
    private mutating func write(_ batch: [UInt8], to direct: Int32, _ files: any FileSystem) throws(FileError) -> Bool {
        var blocks = block + batch
        let count = blocks.count
        let rest = count % SystemFiles.directBlock
        if rest > 0 { blocks += [UInt8](repeating: 0, count: SystemFiles.directBlock - rest) }
        do {
            try files.writeDirect(blocks, to: direct, at: end - block.count, path: path)
        } catch {
            guard error.number == EINVAL else { throw error }
            files.close(direct)
            self.direct = nil
            return false
        }
        block = Array(blocks[(count - rest)..<count])
        end += batch.count
        return true
    }

    func close(files: any FileSystem) {
        files.close(file)
        if let direct { files.close(direct) }
    }
}
