import CLinux
import Glibc

/// Writes records to a file, a line each.
///
/// The mark is the file's length, and which file it is: what a crash left behind it is cut off and written again, so that
/// every record stands in the file once. A file that somebody moved away is begun anew, readable by its owner and group.
/// What this sink did not write is never cut off.
public struct FileSink: RecordSink {
    private let path: String
    private let format: ExportFormat
    private let exporter: OCSFExporter
    private let files: any FileSystem

    /// A sink that adds to a file.
    public init(path: String, format: ExportFormat, exporter: OCSFExporter) {
        self.init(path: path, format: format, exporter: exporter, files: SystemFiles())
    }

    package init(path: String, format: ExportFormat, exporter: OCSFExporter, files: any FileSystem) {
        self.path = path
        self.format = format
        self.exporter = exporter
        self.files = files
    }

    /// Adds records to the file and brings them to the disk.
    ///
    /// - Throws: ``AuditLogError`` with `malformed` where the file holds what the sink did not write.
    public func take(_ records: [ExportedRecord], after mark: SinkMark) async throws -> SinkMark {
        var bytes: [UInt8] = []
        for record in records { bytes += format.line(record, with: exporter) }
        guard !bytes.isEmpty else { return mark }
        let file = try open()
        defer { files.close(file) }
        var facts = stat()
        guard unsafe fstat(file, &facts) == 0 else { throw FileError(number: errno, operation: "read", path: path) }
        let place = "\(facts.st_dev) \(facts.st_ino) \(path)"
        let length = Int(facts.st_size)
        // A file that was emptied, or is another than the one that was written, is begun where it is empty.
        let isKnown = mark.length > 0 && (mark.place ?? place) == place
        let end = isKnown ? min(Int(clamping: mark.length), length) : 0
        if length > end {
            try requireOwn(file, from: end, to: length, asIn: bytes, isKnown: isKnown)
            try files.truncate(file, length: end, path: path)
        }
        try files.writeAll(bytes, to: file, at: end, path: path)
        try files.synchronize(file, path: path)
        return SinkMark(length: UInt64(end + bytes.count), place: place)
    }

    /// Opens the file; a new one has its mode from the beginning, since records are nobody else's business.
    private func open() throws(FileError) -> Int32 {
        let file = unsafe Glibc.open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o640)
        guard file < 0 else {
            do { try files.synchronizeDirectory(SystemFiles.parent(path)) } catch {
                files.close(file)
                throw error
            }
            return file
        }
        guard errno == EEXIST else { throw FileError(number: errno, operation: "create", path: path) }
        return try files.open(path, create: false)
    }

    /// Refuses to cut off what this sink never wrote.
    ///
    /// What a crash left begins as what is about to be written; of a file that the sink knows, the disk may also have the
    /// length and not the bytes.
    private func requireOwn(_ file: Int32, from start: Int, to end: Int, asIn bytes: [UInt8], isKnown: Bool) throws {
        let line = bytes.prefix { $0 != 0x0a }
        let count = min(end - start, line.count)
        var found = [UInt8](repeating: 0, count: count)
        // Reads only into the buffer, and no more than it holds.
        let read = unsafe found.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, count, start) }
        guard read == count else { throw FileError(number: read < 0 ? errno : EIO, operation: "read", path: path) }
        guard found.elementsEqual(line.prefix(count)) || isKnown && found.allSatisfy({ $0 == 0 }) else {
            throw AuditLogError(
                .malformed,
                "`\(path)` holds what this export did not write, from byte \(start) on; name a new file, or move that one away"
            )
        }
    }
}
