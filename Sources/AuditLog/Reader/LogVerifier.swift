/// Verifies a whole log: the checkpoint's signature, every tile against the root, every entry against its tile.
///
/// Tiles are checked from the root down, so that the first file that does not fit is the one that was changed.
///
/// ```swift
/// let report = try LogVerifier(directory: directory, keys: [key]).verify()
/// if let fault = report.fault { print(fault) }
/// ```
///
/// Whoever verified the log before can have what came since then verified alone: ``verify(since:progress:)``.
public struct LogVerifier: Sendable {
    private let directory: String
    private let keys: [NoteVerifier]
    private let files: any FileSystem
    private var layout: Layout { Layout(directory: directory) }

    /// What was found.
    public struct Report: Hashable, Sendable {
        /// What the log states of itself; nil where that cannot be read.
        public let checkpoint: Checkpoint?
        /// What the log was where the verification begins, of which the checkpoint was proved to be a continuation; nil where
        /// all of it was verified.
        public let past: Checkpoint?
        /// How many entries were hashed and fit.
        public let verified: UInt64
        /// How many entries, from the first on, the log's directory says were pruned; the tiles over them were verified.
        public let pruned: UInt64
        /// The first fault; nil where every byte is accounted for.
        public let fault: Fault?
    }

    /// A file that does not fit the checkpoint.
    public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// The file, below the log's directory, or as it was named.
        public let file: String
        /// The index of the first entry that cannot be vouched for; nil where the whole log cannot.
        public let index: UInt64?
        /// What is wrong.
        public let message: String

        /// The file, the index and what is wrong.
        public var description: String {
            "`\(file)`: \(message)" + (index.map { " (first affected entry: \($0))" } ?? "")
        }
    }

    /// What the log was at an earlier time.
    public enum Past: Hashable, Sendable {
        /// It had so many entries.
        case size(UInt64)
        /// It had so many entries, by what its own entries say: the bundle before is hashed too, which may have said it.
        case sizeFound(UInt64)
        /// It had published this, which its reader kept.
        case checkpoint(Checkpoint)

        /// How many entries it had.
        var size: UInt64 {
            switch self {
            case .size(let size), .sizeFound(let size): size
            case .checkpoint(let checkpoint): checkpoint.size
            }
        }
    }

    /// A verifier of the log in a directory.
    ///
    /// - Parameters:
    ///   - directory: where the log lies.
    ///   - keys: the keys that are trusted to sign its checkpoint.
    public init(directory: String, keys: [NoteVerifier]) {
        self.init(directory: directory, keys: keys, files: SystemFiles())
    }

    package init(directory: String, keys: [NoteVerifier], files: any FileSystem) {
        self.directory = directory
        self.keys = keys
        self.files = files
    }

    /// Hashes everything that the published checkpoint covers.
    ///
    /// - Parameter progress: called now and then with how many entries were verified, and of how many.
    /// - Returns: the report; a fault is a result, not an error.
    /// - Throws: ``AuditLogError`` where a file exists and cannot be read.
    public func verify(progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> Report {
        try verify(from: nil, progress)
    }

    /// Proves that the log continues what it was at an earlier time, and hashes everything that came since.
    ///
    /// The proof of consistency needs some hashes of the tiles from before, and no entry: what it is made of is proved by
    /// the two roots. That the entries from before still lie there is not looked at.
    ///
    /// - Parameters:
    ///   - past: what the log was.
    ///   - progress: called now and then with how many entries were verified, and of how many.
    /// - Returns: the report; a fault is a result, not an error.
    /// - Throws: ``AuditLogError`` where a file exists and cannot be read.
    public func verify(since past: Past, progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> Report {
        try verify(from: past, progress)
    }

    private func verify(from past: Past?, _ progress: (UInt64, UInt64) -> Void) throws -> Report {
        var checkpoint: Checkpoint?
        var known: Checkpoint?
        var hashed: UInt64 = 0
        var pruned: UInt64 = 0
        // Whole bundles are hashed; the entries that stand before do not count.
        let size = past?.size ?? 0
        var first = size / 256 * 256
        if case .sizeFound? = past, first > 0 { first -= 256 }
        func report(_ fault: Fault?) -> Report {
            let before = pruned < size ? size - max(first, pruned) : 0
            return Report(
                checkpoint: checkpoint,
                past: known,
                verified: hashed - min(hashed, before),
                pruned: pruned,
                fault: fault
            )
        }
        do {
            pruned = try LogReader.minimumIndex(layout, files)
            let stated = try signedCheckpoint()
            checkpoint = stated
            guard pruned <= stated.size else {
                throw Fault(
                    file: "pruned",
                    index: nil,
                    message: "says that the entries before \(pruned) were pruned, and the log has \(stated.size)"
                )
            }
            let reader = TileReader(directory: directory, size: stated.size, files: files)
            try checkEdge(reader, stated)
            known = try past.map { try checkConsistency(reader, stated, with: $0) }
            var level = 0
            while stated.size >> UInt64(8 * (level + 1)) > 0 { level += 1 }
            while level > 0 {
                try checkTiles(reader, level: level, from: first >> UInt64(8 * level))
                level -= 1
            }
            try checkEntries(reader, from: max(pruned, first), verified: &hashed, progress)
            return report(nil)
        } catch let fault as Fault {
            return report(fault)
        } catch let error as FileError {
            throw AuditLogError(.io, "the audit log cannot be read", cause: error)
        }
    }

    /// What a checkpoint states that somebody kept.
    ///
    /// - Parameters:
    ///   - bytes: the signed note.
    ///   - file: how the file is called where it is at fault.
    /// - Returns: what it states.
    /// - Throws: ``Fault`` where it is no checkpoint, or no trusted key of its log has signed it.
    public func checkpoint(_ bytes: [UInt8], file: String) throws -> Checkpoint {
        func fault(_ message: String) -> Fault { Fault(file: file, index: nil, message: message) }
        guard let note = try? SignedNote(bytes), let checkpoint = try? Checkpoint(text: note.text) else {
            throw fault("is not a checkpoint")
        }
        guard note.verify(with: keys.filter({ $0.text.isNamed(checkpoint.origin) })) else {
            throw fault("is not signed by a trusted key of the log `\(checkpoint.origin)`")
        }
        return checkpoint
    }

    /// Judges the checkpoint that witnesses cosigned, and holds it against the log's tiles.
    ///
    /// The tiles are believed: ``verify(progress:)`` checks them.
    ///
    /// - Returns: the checkpoint and who cosigned it, or why it proves nothing.
    /// - Throws: ``AuditLogError`` where a file exists and cannot be read, or is not well formed.
    public func verify(witnessedBy policy: LogPolicy) throws -> LogPolicy.Verdict {
        do {
            guard let bytes = try files.contents(layout.witnessedCheckpoint) else {
                return .refused("no checkpoint of this log has been cosigned")
            }
            let verdict = policy.judge(try SignedNote(bytes), keys: keys)
            guard case .accepted(let checkpoint, _) = verdict else { return verdict }
            let stated = try signedCheckpoint()
            guard checkpoint.origin == stated.origin, checkpoint.size <= stated.size else {
                return .refused(
                    "the witnesses saw \(checkpoint.size) entries of `\(checkpoint.origin)`, and this log has "
                        + "\(stated.size) of `\(stated.origin)`: it was rolled back"
                )
            }
            let reader = TileReader(directory: directory, size: checkpoint.size, files: files)
            guard try checkpoint.size == 0 || MerkleTree.root(size: checkpoint.size, from: reader) == checkpoint.root
            else {
                return .refused("the first \(checkpoint.size) entries are not those that the witnesses saw")
            }
            return verdict
        } catch let fault as Fault {
            return .refused(fault.description)
        } catch let error as FileError {
            throw AuditLogError(.io, "the audit log cannot be read", cause: error)
        }
    }

    private func signedCheckpoint() throws -> Checkpoint {
        guard let bytes = try files.contents(layout.checkpoint) else {
            throw Fault(file: "checkpoint", index: nil, message: "is missing")
        }
        return try checkpoint(bytes, file: "checkpoint")
    }

    /// Proves that the signed tree begins with what the log was; returns that, with the root that it had.
    private func checkConsistency(
        _ reader: TileReader,
        _ stated: Checkpoint,
        with past: Past
    ) throws -> Checkpoint {
        func fault(_ message: String) -> Fault { Fault(file: "checkpoint", index: nil, message: message) }
        if case .checkpoint(let older) = past, older.origin != stated.origin {
            throw fault("is of the log `\(stated.origin)`, and the one from before is of `\(older.origin)`")
        }
        let size = past.size
        guard size <= stated.size else {
            throw fault("states \(stated.size) entries, and there were \(size): the log was rolled back")
        }
        let root: MerkleHash
        let proof: [MerkleHash]
        do {
            root = try MerkleTree.root(size: size, from: reader)
            proof = try MerkleTree.consistencyProof(oldSize: size, size: stated.size, from: reader)
        } catch let error as AuditLogError where error.code == .corrupt {
            throw fault("cannot be proved to continue what was there before: \(error.message)")
        }
        if case .checkpoint(let older) = past, older.root != root {
            throw fault("does not continue the \(size) entries that were signed before, with the root \(older.root)")
        }
        // Every tree begins with the empty one.
        let holds =
            size == 0
            || MerkleProof.verifyConsistency(
                oldSize: size,
                oldRoot: root,
                size: stated.size,
                root: stated.root,
                path: proof
            )
        guard holds else { throw fault("does not continue the \(size) entries whose hashes are in the tiles") }
        return Checkpoint(origin: stated.origin, size: size, root: root)
    }

    /// The bytes of a file as the tree has it, with the path at which they were found.
    private func contents(_ path: TilePath) throws -> (bytes: [UInt8], path: TilePath) {
        if let bytes = try files.contents(layout.file(path)) { return (bytes, path) }
        if !path.isFull, let bytes = try files.contents(layout.file(path.full)) { return (bytes, path.full) }
        throw Fault(file: path.description, index: Self.first(path), message: "is missing")
    }

    /// The first entry below a tile.
    private static func first(_ path: TilePath) -> UInt64 {
        path.index << UInt64(8 * (path.level ?? 0) + 8)
    }

    /// The hashes of a tile; its file has to have the right length.
    private func tile(_ path: TilePath) throws -> [UInt8] {
        let (bytes, found) = try contents(path)
        guard bytes.count == found.width * 32 else {
            let message = "holds \(bytes.count) bytes; expected \(found.width * 32)"
            throw Fault(file: found.description, index: Self.first(path), message: message)
        }
        return Array(bytes.prefix(path.width * 32))
    }

    /// Checks that the tiles of the right edge have the root; where they do not, finds the one at fault.
    private func checkEdge(_ reader: TileReader, _ checkpoint: Checkpoint) throws {
        let size = checkpoint.size
        var edge: [(path: TilePath, bytes: [UInt8])] = []
        for level in 0...TilePath.maximumLevel {
            let count = size >> UInt64(8 * level)
            guard count > 0 else { break }
            let last = TilePath(level: level, index: (count - 1) / 256, treeSize: size)
            if let last { edge.append((last, try tile(last))) }
        }
        guard try MerkleTree.root(size: size, from: reader) != checkpoint.root else { return }
        for (path, bytes) in edge {
            for offset in 0..<path.width {
                let index = path.index * 256 + UInt64(offset)
                guard let hash = MerkleHash(bytes[(32 * offset)..<(32 * offset + 32)]) else { continue }
                let below: MerkleHash? =
                    if let level = path.level, level > 0 {
                        try? TileReader.fold(tile(TilePath(level: level - 1, index: index))[...])
                    } else {
                        try entry(index, size: size).map { MerkleHash.leaf($0) }
                    }
                if below != hash {
                    let message = "does not have the hash of what is below it"
                    throw Fault(file: path.description, index: index << UInt64(8 * (path.level ?? 0)), message: message)
                }
            }
        }
        throw Fault(file: "checkpoint", index: nil, message: "does not have the root of the log's \(size) entries")
    }

    private func entry(_ index: UInt64, size: UInt64) throws -> ArraySlice<UInt8>? {
        guard let path = TilePath(level: nil, index: index / 256, treeSize: size) else { return nil }
        let entries = EntryBundle.entries(try contents(path).bytes[...]) ?? []
        return Int(index % 256) < entries.count ? entries[Int(index % 256)] : nil
    }

    /// Checks that the full tiles below a level have the hashes that the level, which was checked, has for them.
    private func checkTiles(_ reader: TileReader, level: Int, from first: UInt64) throws {
        for index in first..<max(first, reader.size >> UInt64(8 * level)) {
            let below = TilePath(level: level - 1, index: index)
            let bytes = try tile(below)
            let above = try reader.hash(level: 8 * level, index: index)
            if TileReader.fold(bytes[...]) != above {
                let message = "does not have the hash that the tile above has for it"
                throw Fault(file: below.description, index: Self.first(below), message: message)
            }
        }
    }

    /// Checks that the entries have the hashes of the lowest tiles, which were checked.
    private func checkEntries(
        _ reader: TileReader,
        from first: UInt64,
        verified: inout UInt64,
        _ progress: (UInt64, UInt64) -> Void
    ) throws {
        let size = reader.size
        while first + verified < size {
            let bundle = (first + verified) / 256
            guard let path = TilePath(level: nil, index: bundle, treeSize: size),
                let hashes = TilePath(level: 0, index: bundle, treeSize: size)
            else { return }
            let (bytes, found) = try contents(path)
            let tile = try tile(hashes)
            func fault(_ offset: Int, _ message: String) -> Fault {
                Fault(file: found.description, index: path.index * 256 + UInt64(offset), message: message)
            }
            let entries = EntryBundle.entries(bytes[...]) ?? []
            let leaves = MerkleHash.leaves(bytes[...], at: entries.prefix(path.width).map(\.indices))
            for (offset, leaf) in leaves.enumerated() {
                guard leaf == MerkleHash(tile[(32 * offset)..<(32 * offset + 32)]) else {
                    throw fault(offset, "holds an entry that does not have its hash in `\(hashes)`")
                }
            }
            guard entries.count == found.width else {
                throw fault(min(entries.count, path.width), "is not a bundle of \(found.width) entries")
            }
            verified += UInt64(path.width)
            if path.index % 64 == 63 { progress(first + verified, size) }
        }
        progress(max(size, first), size)
    }
}
