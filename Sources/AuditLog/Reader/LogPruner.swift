public import ZeroTrust

/// Removes the oldest entries of a log, as a stated policy has it, and nothing that a proof needs.
///
/// Entries go in whole bundles, from the first on; the tiles of hashes stay, so that the proof of every entry that is left,
/// and every proof that was ever made, verifies as before (C2SP tlog-tiles, "Pruning"). The index of the first entry that
/// is left is the file `pruned` in the log's directory.
public struct LogPruner: Sendable {
    private let directory: String
    private let files: any FileSystem
    private var layout: Layout { Layout(directory: directory) }

    /// A pruner of the log in a directory.
    public init(directory: String) {
        self.init(directory: directory, files: SystemFiles())
    }

    package init(directory: String, files: any FileSystem) {
        self.directory = directory
        self.files = files
    }

    /// The index that the first entry left would have: all before it are older than a moment, and no record among them is
    /// not.
    ///
    /// - Parameters:
    ///   - time: what is not older than this stays.
    ///   - limit: the first entry that stays whatever its age, such as one that a sink has not been given yet.
    /// - Returns: the index, a multiple of 256, and the index of the first entry now.
    /// - Throws: ``AuditLogError`` where the log cannot be read.
    public func plan(olderThan time: Timestamp, limit: UInt64 = .max) throws -> (from: UInt64, to: UInt64) {
        let reader = LogReader(directory: directory, files: files)
        let from = try reader.minimumIndex()
        let covered = try reader.checkpoint()?.size ?? 0
        // What stands in bundles that the signed tree has whole, and what the caller lets go.
        let end = min(covered, limit) / 256 * 256
        var next = from
        while next < end {
            let entries = try reader.entries(in: next..<(next + 256))
            let isOld =
                entries.count == 256
                && entries.allSatisfy { entry in
                    guard let made = RecordKeys(entry: entry.bytes[...])?.time else { return true }
                    return made.nanoseconds < time.nanoseconds
                }
            guard isOld else { break }
            next += 256
        }
        return (from, next)
    }

    /// Removes the bundles before an entry.
    ///
    /// Whoever calls this has it recorded first. Where it is cut short, it can be done again.
    ///
    /// - Parameter index: a multiple of 256, as ``plan(olderThan:limit:)`` gives it.
    /// - Throws: ``AuditLogError`` where a file cannot be written or removed.
    public func prune(before index: UInt64) throws {
        let reader = LogReader(directory: directory, files: files)
        let from = try reader.minimumIndex()
        guard index.isMultiple(of: 256), index >= from, index <= (try reader.checkpoint()?.size ?? 0) else {
            throw AuditLogError(.malformed, "entry \(index) is not where a log can be pruned to")
        }
        do {
            // From then on nobody looks for what is about to go.
            try files.install(Array("\(Self.head)\n\(index)\n".utf8), at: layout.pruned)
            try files.synchronizeDirectory(directory)
            for bundle in (from / 256)..<(index / 256) {
                let path = layout.file(TilePath(level: nil, index: bundle))
                if try files.contents(path) != nil { try files.remove(path) }
            }
        } catch {
            throw AuditLogError(.io, "the log cannot be pruned", cause: error)
        }
    }

    static let head = "lapwing-pruned-v1"
}

extension LogReader {
    /// The index of the first entry that was not pruned.
    ///
    /// It is what the log's directory says, and proves nothing: that a log was pruned is an act in it.
    ///
    /// - Throws: ``AuditLogError`` where that cannot be read.
    public func minimumIndex() throws -> UInt64 {
        try reading { try Self.minimumIndex(Layout(directory: directory), files) }
    }

    static func minimumIndex(_ layout: Layout, _ files: any FileSystem) throws -> UInt64 {
        guard let bytes = try files.contents(layout.pruned) else { return 0 }
        let lines = String(decoding: bytes.prefix(64), as: UTF8.self).split(separator: "\n")
        guard bytes.count <= 64, lines.count == 2, lines[0] == LogPruner.head, let index = Checkpoint.size(lines[1]),
            index.isMultiple(of: 256)
        else { throw AuditLogError(.corrupt, "`\(layout.pruned)` does not say where the log begins") }
        return index
    }
}
