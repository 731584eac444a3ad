/// The right edge of a growing tree: the tiles and the bundle that are not full yet.
///
/// It takes entries and says which files the tree of the new size needs; it does no input or output.
struct TreeEdge: Sendable {
    /// How many entries the tree holds.
    private(set) var size: UInt64 = 0
    /// The hashes of the tile that is not full, for each level.
    private var hashes: [[MerkleHash]] = [[]]
    private var bundle: [UInt8] = []

    /// A file of the log with its bytes.
    struct File: Sendable {
        let path: TilePath
        let bytes: [UInt8]
    }

    init() {}

    /// The edge of a tree whose files are read.
    ///
    /// The entries of the last bundle are hashed and compared with the tile's hashes.
    init(reading reader: TileReader) throws {
        self.size = reader.size
        var level = 0
        self.hashes = []
        repeat {
            let count = size >> UInt64(8 * level)
            var hashes: [MerkleHash] = []
            if count % 256 > 0 {
                let bytes = try reader.tile(level: level, index: count / 256)
                for index in 0..<Int(count % 256) {
                    hashes.append(MerkleHash(bytes[(32 * index)..<(32 * index + 32)]) ?? .emptyRoot)
                }
            }
            self.hashes.append(hashes)
            level += 1
        } while level <= TilePath.maximumLevel && size >> UInt64(8 * level) > 0
        guard size % 256 > 0 else { return }
        let entries = try reader.entries(bundle: size / 256)
        for (entry, hash) in zip(entries, self.hashes[0]) {
            guard MerkleHash.leaf(entry) == hash else {
                throw AuditLogError(.corrupt, "an entry of the last bundle does not have its tile's hash")
            }
            EntryBundle.append(entry, to: &bundle)
        }
    }

    /// The entries of the bundle that is not full.
    var openEntries: [ArraySlice<UInt8>] { EntryBundle.entries(bundle[...]) ?? [] }

    /// The tree's root.
    var root: MerkleHash {
        var root: MerkleHash?
        for level in hashes {
            // The complete subtrees of the tile, from the right: each joins what is right of it.
            var end = level.count
            while end > 0 {
                let width = 1 << end.trailingZeroBitCount
                let hash = TileReader.fold(Array(level[(end - width)..<end]))
                root = root.map { .node(hash, $0) } ?? hash
                end -= width
            }
        }
        return root ?? .emptyRoot
    }

    /// Takes entries; returns the bundles, then the tiles from the lowest level up, that the new tree needs.
    mutating func append(_ runs: [EntryRun]) -> [File] {
        var bundles: [File] = []
        var tiles: [[File]] = []
        func add(_ hash: MerkleHash, level: Int) {
            if hashes.count == level { hashes.append([]) }
            if tiles.count <= level { tiles.append([]) }
            hashes[level].append(hash)
            guard hashes[level].count == 256 else { return }
            let index = (size >> UInt64(8 * level)) / 256
            tiles[level].append(File(path: TilePath(level: level, index: index), bytes: Self.bytes(hashes[level])))
            let root = TileReader.fold(hashes[level])
            hashes[level].removeAll(keepingCapacity: true)
            add(root, level: level + 1)
        }
        let before = size
        for run in runs {
            for place in 0..<run.count {
                EntryBundle.append(run[place], to: &bundle)
                add(run.leaf(place), level: 0)
                size += 1
                if size % 256 == 0 {
                    bundles.append(File(path: TilePath(level: nil, index: size / 256 - 1), bytes: bundle))
                    bundle = []
                }
            }
        }
        guard size > before else { return [] }
        if size % 256 > 0, let path = TilePath(level: nil, index: size / 256, treeSize: size) {
            bundles.append(File(path: path, bytes: bundle))
        }
        for level in tiles.indices where !hashes[level].isEmpty {
            let index = (size >> UInt64(8 * level)) / 256
            let path = TilePath(level: level, index: index, width: hashes[level].count)
            tiles[level].append(File(path: path, bytes: Self.bytes(hashes[level])))
        }
        return bundles + tiles.joined()
    }

    private static func bytes(_ hashes: [MerkleHash]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hashes.count * 32)
        for hash in hashes { hash.append(to: &bytes) }
        return bytes
    }
}
