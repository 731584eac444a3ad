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
    ///   - tenants: those for whom a legal hold keeps bodies: all records of a request whose bodies are theirs stay, since
    ///     bodies are found and authenticated by them alone.
    /// - Returns: the index, a multiple of 256, and the index of the first entry now.
    /// - Throws: ``AuditLogError`` where the log cannot be read.
    public func plan(
        olderThan time: Timestamp,
        limit: UInt64 = .max,
        holding tenants: Set<String> = []
    ) throws -> (from: UInt64, to: UInt64) {
        let reader = LogReader(directory: directory, files: files)
        let from = try reader.minimumIndex()
        let covered = try reader.checkpoint()?.size ?? 0
        // What stands in bundles that the signed tree has whole, and what the caller lets go.
        let end = min(covered, limit) / 256 * 256
        let held = tenants.isEmpty ? Held() : try self.held(by: tenants, reader)
        var next = from
        while next < end {
            let entries = try reader.entries(in: next..<(next + 256))
            let isOld =
                entries.count == 256
                && entries.allSatisfy { entry in
                    guard !held.entries.contains(entry.index), let keys = RecordKeys(entry: entry.bytes[...]) else {
                        return !held.entries.contains(entry.index)
                    }
                    if let id = keys.id, held.requests.contains(id) { return false }
                    return keys.time.map { $0.nanoseconds < time.nanoseconds } ?? true
                }
            guard isOld else { break }
            next += 256
        }
        return (from, next)
    }

    /// What a legal hold keeps.
    private struct Held {
        /// The requests whose bodies it keeps.
        var requests: Set<RequestID> = []
        /// Records of bodies that cannot be read: they may be of anybody.
        var entries: Set<UInt64> = []
    }

    /// Reads the whole log: the body of a request can be recorded long after its decision.
    private func held(by tenants: Set<String>, _ reader: LogReader) throws -> Held {
        var held = Held()
        try reader.scan(from: 0) { index, entry, _ in
            guard let keys = RecordKeys(entry: entry), keys[.kind] == "bodies" else { return true }
            guard case .bodies(let record)? = try? AuditRecord(entry: Array(entry)) else {
                held.entries.insert(index)
                return true
            }
            if tenants.contains(record.tenant) { held.requests.insert(record.id) }
            return true
        }
        return held
    }

    /// Removes the bundles before an entry, and those before it that an earlier pruning left when it was cut short.
    ///
    /// Whoever calls this has it recorded first. Where it is cut short, it can be done again, or ``finish()`` is called.
    ///
    /// - Parameter index: a multiple of 256, as ``plan(olderThan:limit:holding:)`` gives it.
    /// - Throws: ``AuditLogError`` where a file cannot be written or removed.
    public func prune(before index: UInt64) throws {
        let reader = LogReader(directory: directory, files: files)
        let from = try reader.minimumIndex()
        guard index.isMultiple(of: 256), index >= from, index <= (try reader.checkpoint()?.size ?? 0) else {
            throw AuditLogError(.malformed, "entry \(index) is not where a log can be pruned to")
        }
        do {
            // From then on nobody looks for what is about to go.
            if index > from {
                try files.install(Array("\(Self.head)\n\(index)\n".utf8), at: layout.pruned)
                try files.synchronizeDirectory(directory)
            }
            _ = try removeBundles(before: index / 256)
        } catch {
            throw AuditLogError(.io, "the log cannot be pruned", cause: error)
        }
    }

    /// Removes what a pruning that was cut short left of the entries before the first.
    ///
    /// - Returns: how many files were removed.
    /// - Throws: ``AuditLogError`` where a file cannot be removed.
    @discardableResult
    public func finish() throws -> Int {
        let minimum = try LogReader(directory: directory, files: files).minimumIndex()
        guard minimum > 0 else { return 0 }
        do { return try removeBundles(before: minimum / 256) } catch {
            throw AuditLogError(.io, "the log cannot be pruned", cause: error)
        }
    }

    /// Removes every bundle before one that is there, with the parts of it that were written before it was full.
    private func removeBundles(before bundle: UInt64) throws(FileError) -> Int {
        try removeBundles(before: bundle, in: "tile/entries")
    }

    private func removeBundles(before bundle: UInt64, in place: String) throws(FileError) -> Int {
        var removed = 0
        var isChanged = false
        for name in try files.names(directory + "/" + place) ?? [] {
            let path = place + "/" + name
            if name.hasPrefix("x") {
                removed += try removeBundles(before: bundle, in: path)
            } else if name.hasSuffix(".p") {
                guard let whole = TilePath(path.dropLast(2)), whole.index < bundle else { continue }
                for part in try files.names(directory + "/" + path) ?? [] {
                    try files.remove(directory + "/" + path + "/" + part)
                    removed += 1
                }
                try files.removeDirectory(directory + "/" + path)
                isChanged = true
            } else if let whole = TilePath(path), whole.index < bundle {
                try files.remove(directory + "/" + path)
                removed += 1
                isChanged = true
            }
        }
        if isChanged { try files.synchronizeDirectory(directory + "/" + place) }
        return removed
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
