/// What the files of a log say when a writer starts.
struct Recovery {
    /// The right edge of the integrated tree.
    var edge: TreeEdge
    /// Entries that were acknowledged and are not in the tree yet.
    var pending: [[UInt8]]
    /// The checkpoint that was published last.
    var checkpoint: Checkpoint?
    /// The segments of the write-ahead log, each with the index behind its last entry.
    var segments: [(path: String, end: UInt64)]

    /// The index of the next entry.
    var next: UInt64 { edge.size + UInt64(pending.count) }

    /// Reads the state of a log; mends what a crash leaves and refuses what a crash does not leave.
    init(layout: Layout, origin: String, files: any FileSystem) throws {
        let state = try Self.treeState(layout, files)
        self.checkpoint = try Self.checkpoint(layout, origin: origin, files)
        let size = state?.size ?? 0
        if let checkpoint, checkpoint.size > size {
            throw AuditLogError(
                .corrupt,
                "the published checkpoint has \(checkpoint.size) entries and the tree only \(size)"
            )
        }
        let reader = TileReader(directory: layout.directory, size: size, files: files)
        self.edge = try TreeEdge(reading: reader)
        if let state, edge.root != state.root {
            throw AuditLogError(.corrupt, "the tiles do not have the root that the tree of \(size) entries had")
        }
        if let checkpoint, try MerkleTree.root(size: checkpoint.size, from: reader) != checkpoint.root {
            throw AuditLogError(.corrupt, "the tiles do not have the root of the published checkpoint")
        }
        self.pending = []
        self.segments = []
        try readSegments(layout, hasTree: state != nil, files)
    }

    private mutating func readSegments(_ layout: Layout, hasTree: Bool, _ files: any FileSystem) throws {
        let names = try files.names(layout.segments) ?? []
        var next: UInt64?
        for name in names where name.hasSuffix(Segment.suffix) {
            let path = "\(layout.segments)/\(name)"
            guard let bytes = try files.contents(path) else { continue }
            guard let contents = Segment.read(bytes), Segment.name(first: contents.first) == name else {
                throw AuditLogError(.corrupt, "`\(path)` is not a segment of the write-ahead log")
            }
            guard !contents.isBroken, contents.first == next ?? contents.first else {
                throw AuditLogError(.corrupt, "acknowledged entries are missing at or before `\(path)`")
            }
            let end = contents.first + UInt64(contents.entries.count)
            if next == nil, contents.first > edge.size {
                throw AuditLogError(
                    .corrupt,
                    "the write-ahead log begins at entry \(contents.first), behind the tree's \(edge.size) entries"
                )
            }
            for (offset, entry) in contents.entries.enumerated() where contents.first + UInt64(offset) >= edge.size {
                pending.append(Array(entry))
            }
            if contents.end < bytes.count {
                try Self.cut(path, to: contents.end, files)
            }
            segments.append((path, end))
            next = end
        }
        if next == nil, hasTree {
            throw AuditLogError(.corrupt, "the write-ahead log in `\(layout.segments)` is missing")
        }
        if let next, next < edge.size {
            throw AuditLogError(.corrupt, "the write-ahead log ends at entry \(next), before the tree's \(edge.size)")
        }
        // An empty segment has the name of the one that comes next, and that takes its place at once: were it removed
        // first, a crash in between would leave a log without any.
        if let last = segments.last, last.path == "\(layout.segments)/\(Segment.name(first: last.end))" {
            segments.removeLast()
        }
    }

    /// Drops what was reserved or half written behind the last whole batch: nobody was told that it was durable.
    private static func cut(_ path: String, to length: Int, _ files: any FileSystem) throws {
        let file = try files.open(path, create: false)
        defer { files.close(file) }
        try files.truncate(file, length: length, path: path)
        try files.synchronize(file, path: path)
    }

    private static func treeState(_ layout: Layout, _ files: any FileSystem) throws -> (size: UInt64, root: MerkleHash)?
    {
        guard let bytes = try files.contents(layout.treeState) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 3, let size = Checkpoint.size(lines[0]), let hash = Base64.decode(lines[1]),
            let root = MerkleHash(hash)
        else { throw AuditLogError(.corrupt, "`\(layout.treeState)` is not a size and a root") }
        return (size, root)
    }

    private static func checkpoint(_ layout: Layout, origin: String, _ files: any FileSystem) throws -> Checkpoint? {
        guard let bytes = try files.contents(layout.checkpoint) else { return nil }
        let checkpoint = try Checkpoint(text: SignedNote(bytes).text)
        guard checkpoint.origin == origin else {
            throw AuditLogError(.corrupt, "`\(layout.checkpoint)` is of the log `\(checkpoint.origin)`")
        }
        return checkpoint
    }
}

/// Where the files of a log lie.
///
/// What lies outside `.state` is public and never changes once it is whole; `.state` belongs to the writer.
struct Layout: Sendable {
    let directory: String

    var checkpoint: String { directory + "/checkpoint" }
    /// The newest checkpoint that enough witnesses have cosigned.
    var witnessedCheckpoint: String { directory + "/checkpoint.witnessed" }
    /// Where the log begins, where its oldest entries were removed.
    var pruned: String { directory + "/pruned" }
    var state: String { directory + "/.state" }
    var lock: String { state + "/lock" }
    var treeState: String { state + "/tree" }
    var segments: String { state + "/wal" }
    /// How much the log had no room for.
    var gap: String { state + "/gap" }
    var recordIndex: String { state + "/record-index" }

    func file(_ path: TilePath) -> String { "\(directory)/\(path)" }
}
