public import ZeroTrust

/// Reads a log that lies in a directory, while a writer may be adding to it.
///
/// ```swift
/// let log = LogReader(directory: "/var/lib/lapwing/audit")
/// for entry in try log.find(id) { print(String(decoding: entry.bytes, as: UTF8.self)) }
/// ```
public struct LogReader: Sendable {
    /// Where the log lies.
    public let directory: String
    let files: any FileSystem
    private var layout: Layout { Layout(directory: directory) }

    /// One entry of the log.
    public struct Entry: Hashable, Sendable {
        /// Its index.
        public let index: UInt64
        /// Its bytes, which may lie among those of others.
        private let slice: ArraySlice<UInt8>
        /// Its bytes.
        public var bytes: [UInt8] { Array(slice) }
        /// Whether the published checkpoint covers it; if not, it is in the write-ahead log only, for a second or so.
        public let isCovered: Bool
        /// What the entry tells, where it was made by this process a moment ago.
        package var gist: RecordGist?

        /// An entry that was read.
        init(index: UInt64, bytes: [UInt8], isCovered: Bool, gist: RecordGist? = nil) {
            self.index = index
            self.slice = bytes[...]
            self.isCovered = isCovered
            self.gist = gist
        }

        /// An entry of a run that was just written.
        init(index: UInt64, of run: EntryRun, at place: Int) {
            self.index = index
            self.slice = run[place]
            self.isCovered = false
            self.gist = run.gists[place]
        }

        /// The record that the entry holds.
        ///
        /// - Throws: ``AuditLogError`` where it holds none.
        public func record() throws -> AuditRecord { try AuditRecord(entry: bytes) }

        /// The record that the entry holds, one of many that are read in turn.
        ///
        /// - Parameter known: the texts of those before.
        /// - Returns: the record.
        /// - Throws: ``AuditLogError`` where it holds none.
        public func record(knowing known: RecordTexts?) throws -> AuditRecord {
            try AuditRecord(entry: bytes, knowing: known)
        }
    }

    /// A reader of the log in a directory.
    public init(directory: String) {
        self.init(directory: directory, files: SystemFiles())
    }

    package init(directory: String, files: any FileSystem) {
        self.directory = directory
        self.files = files
    }

    /// The published checkpoint as a signed note; nil before the first.
    ///
    /// Nothing about it has been verified.
    ///
    /// - Throws: ``AuditLogError`` where it cannot be read.
    public func note() throws -> SignedNote? {
        try reading { try files.contents(layout.checkpoint).map { try SignedNote($0) } }
    }

    /// The newest checkpoint that enough witnesses have cosigned; nil where there is none.
    ///
    /// Nothing about it has been verified.
    ///
    /// - Throws: ``AuditLogError`` where it cannot be read.
    public func witnessedNote() throws -> SignedNote? {
        try reading { try files.contents(layout.witnessedCheckpoint).map { try SignedNote($0) } }
    }

    /// What the published checkpoint states; nil before the first.
    ///
    /// Nothing about it has been verified.
    ///
    /// - Throws: ``AuditLogError`` where it cannot be read.
    public func checkpoint() throws -> Checkpoint? {
        try note().map { try Checkpoint(text: $0.text) }
    }

    /// How many entries the log holds, those in the write-ahead log included.
    ///
    /// - Throws: ``AuditLogError`` where it cannot be read.
    public func size() throws -> UInt64 {
        try snapshot().size
    }

    /// The entries of a range, as far as the log has them.
    ///
    /// - Throws: ``AuditLogError`` where they cannot be read.
    public func entries(in range: Range<UInt64>) throws -> [Entry] {
        try entries(in: range, of: snapshot())
    }

    /// The newest entries, oldest first.
    ///
    /// - Throws: ``AuditLogError`` where they cannot be read.
    public func tail(_ count: Int) throws -> [Entry] {
        let snapshot = try snapshot()
        let count = min(UInt64(clamping: count), snapshot.size)
        return try entries(in: (snapshot.size - count)..<snapshot.size, of: snapshot)
    }

    /// The records of an id, in order: for a request its decision and, once it is over, its completion.
    ///
    /// - Parameters:
    ///   - id: the id.
    ///   - thorough: whether every bundle is searched, and not only those that the index of ids names. The index proves
    ///     nothing: where somebody may have changed the files, search thoroughly, or verify the log.
    /// - Returns: the entries; none where the log has no such record.
    /// - Throws: ``AuditLogError`` where the log cannot be read.
    public func find(_ id: RequestID, thorough: Bool = false) throws -> [Entry] {
        try findAll([id], thorough: thorough)[id] ?? []
    }

    /// The records of several ids, all looked up as the log stands at one moment.
    ///
    /// - Parameters:
    ///   - ids: the ids.
    ///   - thorough: whether every bundle is searched, as in ``find(_:thorough:)``.
    /// - Returns: the entries of each id in order; an id of which the log has no record is not among them.
    /// - Throws: ``AuditLogError`` where the log cannot be read.
    public func findAll(_ ids: Set<RequestID>, thorough: Bool = false) throws -> [RequestID: [Entry]] {
        guard !ids.isEmpty else { return [:] }
        let snapshot = try snapshot()
        let full = snapshot.covered / 256
        var found: [RequestID: [Entry]] = [:]
        func look(at entry: ArraySlice<UInt8>, _ index: UInt64) {
            guard let id = RecordIndex.id(in: entry), ids.contains(id) else { return }
            let isCovered = index < snapshot.covered
            found[id, default: []].append(Entry(index: index, bytes: Array(entry), isCovered: isCovered))
        }
        try reading {
            let bundles =
                thorough
                ? Array(0..<full)
                : try RecordIndex.candidates(for: ids, bundles: full, layout: layout, files: files)
            for bundle in bundles where bundle >= snapshot.minimum / 256 {
                for (offset, entry) in try snapshot.reader.entries(bundle: bundle).enumerated() {
                    look(at: entry, bundle * 256 + UInt64(offset))
                }
            }
        }
        // The entries of the bundle that is not full, and those that are in the write-ahead log only.
        try scan(from: full * 256, of: snapshot) { index, entry, _ in
            look(at: entry, index)
            return true
        }
        return found
    }

    /// The proof that an entry is in the log that the published checkpoint describes.
    ///
    /// It carries the entry itself. Where the checkpoint that witnesses cosigned covers the entry, the proof is made
    /// from that one, so that it also shows what they saw.
    ///
    /// - Throws: ``AuditLogError`` with the code `notFound` where the checkpoint does not cover the entry yet.
    public func proof(of index: UInt64) throws -> LogProof {
        let witnessed = try witnessedNote()
        return try reading {
            guard let published = try files.contents(layout.checkpoint) else {
                throw AuditLogError(.notFound, "the log has no checkpoint yet")
            }
            var bytes = published
            var checkpoint = try Checkpoint(text: SignedNote(published).text)
            if let witnessed, let older = try? Checkpoint(text: witnessed.text), older.origin == checkpoint.origin,
                older.size > index, older.size <= checkpoint.size
            {
                (bytes, checkpoint) = (witnessed.bytes, older)
            }
            guard index < checkpoint.size else {
                throw AuditLogError(
                    .notFound,
                    "entry \(index) is not covered yet: the checkpoint has \(checkpoint.size) entries"
                )
            }
            let reader = TileReader(directory: directory, size: checkpoint.size, files: files)
            let minimum = try Self.minimumIndex(layout, files)
            guard index >= minimum else {
                throw AuditLogError(.notFound, "entry \(index) was pruned: the log begins at entry \(minimum)")
            }
            let entries = try reader.entries(bundle: index / 256)
            let path = try MerkleTree.inclusionProof(index: index, size: checkpoint.size, from: reader)
            return LogProof(index: index, path: path, extra: Array(entries[Int(index % 256)]), note: bytes)
        }
    }

    /// What the log holds at one moment.
    struct Snapshot {
        let reader: TileReader
        let covered: UInt64
        let first: UInt64
        let recent: [ArraySlice<UInt8>]
        /// The index of the first entry that was not pruned.
        let minimum: UInt64

        var size: UInt64 { max(covered, first + UInt64(recent.count)) }
    }

    /// Reads the write-ahead log first: what is gone from it by then is covered by the checkpoint that is read second.
    func snapshot() throws -> Snapshot {
        try reading {
            var first: UInt64?
            var recent: [ArraySlice<UInt8>] = []
            for name in try files.names(layout.segments) ?? [] where name.hasSuffix(Segment.suffix) {
                // A file that has become another segment while it was read is covered by now.
                guard let bytes = try files.contents("\(layout.segments)/\(name)"), let segment = Segment.read(bytes),
                    Segment.name(first: segment.first) == name
                else { continue }
                if let known = first, known + UInt64(recent.count) != segment.first {
                    // Segments before this one were removed in between.
                    first = nil
                    recent = []
                }
                first = first ?? segment.first
                recent += segment.entries
            }
            let covered = try checkpoint()?.size ?? 0
            return Snapshot(
                reader: TileReader(directory: directory, size: covered, files: files),
                covered: covered,
                first: first ?? covered,
                recent: recent,
                minimum: try Self.minimumIndex(layout, files)
            )
        }
    }

    private func entries(in range: Range<UInt64>, of snapshot: Snapshot) throws -> [Entry] {
        let range = range.clamped(to: min(snapshot.minimum, snapshot.size)..<snapshot.size)
        var entries: [Entry] = []
        try reading {
            var index = range.lowerBound
            while index < min(range.upperBound, snapshot.covered) {
                let bundle = try snapshot.reader.entries(bundle: index / 256)
                let end = min(range.upperBound, snapshot.covered, (index / 256 + 1) * 256)
                for position in index..<end {
                    let bytes = Array(bundle[Int(position % 256)])
                    entries.append(Entry(index: position, bytes: bytes, isCovered: true))
                }
                index = end
            }
            while index < range.upperBound {
                let bytes = Array(snapshot.recent[Int(index - snapshot.first)])
                entries.append(Entry(index: index, bytes: bytes, isCovered: false))
                index += 1
            }
        }
        return entries
    }

    /// Runs a body whose file errors become errors of the log.
    func reading<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as FileError {
            throw AuditLogError(.io, "the audit log cannot be read", cause: error)
        }
    }
}
