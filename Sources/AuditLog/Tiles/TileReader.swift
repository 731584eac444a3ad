/// Reads the tiles and bundles of a log that lie in a directory, as a tree of one size has them.
///
/// Where a partial tile is gone because the full one exists, the full one's beginning is read.
package final class TileReader: HashSource {
    private let files: any FileSystem
    private let directory: String
    /// The size of the tree that is read.
    package let size: UInt64
    private var cache: [TilePath: [UInt8]] = [:]
    private static let cacheLimit = 256

    package init(directory: String, size: UInt64, files: any FileSystem = SystemFiles()) {
        self.directory = directory
        self.size = size
        self.files = files
    }

    /// The bytes of a tile: 32 for each hash.
    package func tile(level: Int, index: UInt64) throws -> [UInt8] {
        guard let path = TilePath(level: level, index: index, treeSize: size) else {
            throw AuditLogError(.notFound, "a tree of \(size) entries has no tile \(index) at level \(level)")
        }
        if let bytes = cache[path] { return bytes }
        var bytes = try contents(path)
        guard bytes.count >= path.width * 32 else {
            throw AuditLogError(.corrupt, "`\(path)` holds \(bytes.count) bytes; expected \(path.width * 32)")
        }
        bytes.removeLast(bytes.count - path.width * 32)
        if cache.count >= Self.cacheLimit { cache.removeAll(keepingCapacity: true) }
        cache[path] = bytes
        return bytes
    }

    /// The entries of a bundle.
    package func entries(bundle index: UInt64) throws -> [ArraySlice<UInt8>] {
        guard let path = TilePath(level: nil, index: index, treeSize: size) else {
            throw AuditLogError(.notFound, "a tree of \(size) entries has no bundle \(index)")
        }
        guard let entries = EntryBundle.entries(try contents(path)[...]), entries.count >= path.width else {
            throw AuditLogError(.corrupt, "`\(path)` is not a bundle of \(path.width) entries")
        }
        return Array(entries.prefix(path.width))
    }

    private func contents(_ path: TilePath) throws -> [UInt8] {
        if let bytes = try files.contents("\(directory)/\(path)") { return bytes }
        if !path.isFull, let bytes = try files.contents("\(directory)/\(path.full)") { return bytes }
        throw AuditLogError(.corrupt, "`\(path)` is missing")
    }

    /// The hash of a complete subtree.
    package func hash(level: Int, index: UInt64) throws -> MerkleHash {
        let inner = UInt64(level % 8)
        let first = index << inner
        let bytes = try tile(level: level / 8, index: first >> 8)
        let start = Int(first & 255)
        guard (start + (1 << Int(inner))) * 32 <= bytes.count else {
            throw AuditLogError(.notFound, "a tree of \(size) entries has no subtree \(index) at level \(level)")
        }
        return Self.fold(bytes[(start * 32)..<((start + (1 << Int(inner))) * 32)])
    }

    /// The hash over a power of two of hashes.
    static func fold(_ bytes: ArraySlice<UInt8>) -> MerkleHash {
        var hashes: [MerkleHash] = []
        hashes.reserveCapacity(bytes.count / 32)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            hashes.append(MerkleHash(bytes[index..<(index + 32)]) ?? .emptyRoot)
            index += 32
        }
        return fold(hashes)
    }

    /// The hash over a power of two of hashes.
    static func fold(_ hashes: [MerkleHash]) -> MerkleHash {
        var hashes = hashes
        while hashes.count > 1 {
            for index in 0..<(hashes.count / 2) {
                hashes[index] = .node(hashes[2 * index], hashes[2 * index + 1])
            }
            hashes.removeLast(hashes.count / 2)
        }
        return hashes[0]
    }
}
