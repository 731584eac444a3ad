import CLinux
import Glibc

/// Writes records to a file, a line each.
///
/// The mark is the file's length: what a crash left behind it is cut off and written again, so that every record stands
/// in the file once. A file that somebody moved away is begun anew.
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
    public func take(_ records: [ExportedRecord], after mark: UInt64) async throws -> UInt64 {
        let file = try files.open(path, create: true)
        defer { files.close(file) }
        var facts = stat()
        guard unsafe fstat(file, &facts) == 0 else { throw FileError(number: errno, operation: "read", path: path) }
        let length = Int(facts.st_size)
        var end = Int(clamping: mark)
        if length < end {
            // Another file than the one that was written.
            end = length
        } else if length > end {
            try requireOwn(from: mark)
            try files.truncate(file, length: end, path: path)
        }
        var bytes: [UInt8] = []
        for record in records { bytes += format.line(record, with: exporter) }
        try files.writeAll(bytes, to: file, at: end, path: path)
        try files.synchronize(file, path: path)
        return UInt64(end + bytes.count)
    }

    /// Refuses to cut a file that this sink never wrote.
    private func requireOwn(from mark: UInt64) throws {
        guard mark == 0 else { return }
        let start = try files.contents(path)?.prefix(16) ?? []
        let own = Array((format == .jsonl ? "{\"entry\":" : "{\"category_uid\":").utf8)
        guard start.starts(with: own.prefix(start.count)) else {
            throw AuditLogError(.malformed, "`\(path)` holds something else; name a new file, or move that one away")
        }
    }
}
