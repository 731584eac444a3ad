internal import Crypto

/// A Merkle tree over a file's chunks, by which each chunk can be verified alone.
///
/// The form is RFC 6962's (section 2.1) with SHA-256: a leaf is the hash of a byte 0 and a chunk, a node that of a byte 1
/// and its two children, and a tree of n leaves is split at the largest power of two below n. The tree of an empty file
/// is the hash of nothing. Chunks are 1 MiB; the last may be shorter.
public struct ChunkTree: Hashable, Sendable {
    /// Bytes of a chunk, where nothing else is said.
    public static let chunkSize = 1 << 20

    /// Bytes of a chunk.
    public let chunkSize: Int
    /// Bytes of the file.
    public let size: UInt64
    /// The leaves, 32 bytes each, one behind the other.
    private let leaves: [UInt8]

    /// How many chunks there are.
    public var count: Int { leaves.count / 32 }

    init(chunkSize: Int, size: UInt64, leaves: [UInt8]) {
        self.chunkSize = chunkSize
        self.size = size
        self.leaves = leaves
    }

    /// The tree of bytes in memory.
    public init(of bytes: [UInt8], chunkSize: Int = ChunkTree.chunkSize) {
        var builder = Builder(chunkSize: chunkSize)
        var start = 0
        while start < bytes.count {
            let end = min(start + chunkSize, bytes.count)
            builder.add(chunk: Array(bytes[start..<end]))
            start = end
        }
        self = builder.tree
    }

    /// The tree's root: 32 bytes.
    public var root: [UInt8] { subtree(0..<count) }

    private func subtree(_ range: Range<Int>) -> [UInt8] {
        switch range.count {
        case 0: return Array(SHA256.hash(data: [UInt8]()))
        case 1: return leaf(range.lowerBound)
        default:
            var split = 1
            while split * 2 < range.count { split *= 2 }
            var hasher = SHA256()
            hasher.update(data: [1])
            hasher.update(data: subtree(range.lowerBound..<(range.lowerBound + split)))
            hasher.update(data: subtree((range.lowerBound + split)..<range.upperBound))
            return Array(hasher.finalize())
        }
    }

    private func leaf(_ index: Int) -> [UInt8] { Array(leaves[(32 * index)..<(32 * index + 32)]) }

    /// How many bytes a chunk has.
    public func length(of index: Int) -> Int {
        Int(min(UInt64(chunkSize), size - UInt64(index) * UInt64(chunkSize)))
    }

    /// Whether some bytes are a chunk of the file.
    public func verify(_ chunk: [UInt8], at index: Int) -> Bool {
        guard index >= 0, index < count, chunk.count == length(of: index) else { return false }
        return Self.hash(chunk) == leaf(index)
    }

    fileprivate static func hash(_ chunk: [UInt8]) -> [UInt8] {
        var hasher = SHA256()
        hasher.update(data: [0])
        hasher.update(data: chunk)
        return Array(hasher.finalize())
    }

    /// Makes a tree from chunks in their order.
    struct Builder {
        private let chunkSize: Int
        private var size: UInt64 = 0
        private var leaves: [UInt8] = []

        init(chunkSize: Int = ChunkTree.chunkSize) { self.chunkSize = chunkSize }

        /// Adds the next chunk; all but the last have the full size.
        mutating func add(chunk: [UInt8]) {
            size += UInt64(chunk.count)
            leaves += ChunkTree.hash(chunk)
        }

        var tree: ChunkTree { ChunkTree(chunkSize: chunkSize, size: size, leaves: leaves) }
    }
}
