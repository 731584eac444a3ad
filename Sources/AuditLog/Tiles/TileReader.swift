/// Reads the tiles and bundles of a log that lie in a directory, as a tree of one size has them.
///
/// Where a partial tile is gone because the full one exists, or is damaged beside it, the full one's beginning is read.
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
        let bytes = try read(path, as: "hashes of 32 bytes each") { bytes, found in
            bytes.count == found.width * 32 ? Array(bytes.prefix(path.width * 32)) : nil
        }
        if cache.count >= Self.cacheLimit { cache.removeAll(keepingCapacity: true) }
        cache[path] = bytes
        return bytes
    }

    /// The entries of a bundle.
    package func entries(bundle index: UInt64) throws -> [ArraySlice<UInt8>] {
        guard let path = TilePath(level: nil, index: index, treeSize: size) else {
            throw AuditLogError(.notFound, "a tree of \(size) entries has no bundle \(index)")
        }
        return try read(path, as: "entries, each after its length") { bytes, found in
            guard let entries = EntryBundle.entries(bytes[...]), entries.count == found.width else { return nil }
            return Array(entries.prefix(path.width))
        }
    }

    /// What a file of the log holds; where it is gone or damaged, the beginning of what its full form holds.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - form: of what the file is made, for an error.
    ///   - part: reads the bytes of the file that was found; nil where it does not hold exactly what it should.
    /// - Returns: what was read.
    /// - Throws: ``AuditLogError`` where no form of the file holds it.
    private func read<Part>(
        _ path: TilePath,
        as form: String,
        _ part: ([UInt8], TilePath) -> Part?
    ) throws -> Part {
        var damaged: TilePath?
        for found in path.isFull ? [path] : [path, path.full] {
            guard let bytes = try files.contents("\(directory)/\(found)") else { continue }
            if let part = part(bytes, found) { return part }
            damaged = damaged ?? found
        }
        guard let damaged else { throw AuditLogError(.corrupt, "`\(path)` is missing") }
        throw AuditLogError(.corrupt, "`\(damaged)` is damaged: it is not \(damaged.width) \(form)")
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
    static func fold(_ bytes: ArraySlice<UInt8>) -> MerkleHash { MerkleHash.root(over: Array(bytes)) }

    /// The hash over a power of two of hashes.
    static func fold(_ hashes: [MerkleHash]) -> MerkleHash {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 * hashes.count)
        for hash in hashes { hash.append(to: &bytes) }
        return MerkleHash.root(over: bytes)
    }
}
