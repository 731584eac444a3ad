import Synchronization

/// A file whose bytes are only given out after they were hashed and found to be those that were signed.
///
/// A chunk is copied out of the file, hashed, and compared; what is given out is the copy. Whoever changes the file
/// afterwards, or between two reads, changes nothing that was given out, and is found out at the next read.
final class VerifiedFile: Sendable {
    private static let cached = 4

    let tree: ChunkTree
    private let chunks: ChunkReader
    /// The chunks that were verified last.
    private let cache = Mutex<[(index: Int, bytes: [UInt8])]>([])

    /// Hashes a file whole, once, and holds it to what the manifest says; its tree comes from the same bytes.
    init(
        _ entry: LoadManifest.File,
        in model: ModelTree,
        of manifest: LoadManifest,
        chunkSize: Int
    ) throws(LoadFailure) {
        chunks = try ChunkReader(entry.path, in: model, links: manifest.links)
        var builder = ChunkTree.Builder(chunkSize: chunkSize)
        var parts = VerifiedParts(entry, manifest.algorithm)
        var offset: UInt64 = 0
        while true {
            let chunk = try chunks.read(at: offset, count: chunkSize)
            if !chunk.isEmpty { builder.add(chunk: chunk) }
            try parts.add(chunk, at: offset)
            offset += UInt64(chunk.count)
            if chunk.count < chunkSize { break }
        }
        try parts.finish(at: offset)
        tree = builder.tree
    }

    /// How many bytes were signed.
    var size: UInt64 { tree.size }

    /// Verified bytes: as many as are asked for, or as there are behind the offset.
    func read(at offset: UInt64, count: Int) throws(LoadFailure) -> [UInt8] {
        guard offset < size, count > 0 else { return [] }
        let end = min(offset + UInt64(count), size)
        let chunkSize = UInt64(tree.chunkSize)
        var result: [UInt8] = []
        result.reserveCapacity(Int(end - offset))
        for index in Int(offset / chunkSize)...Int((end - 1) / chunkSize) {
            let start = UInt64(index) * chunkSize
            let bytes = try chunk(index)
            let from = Int(max(offset, start) - start)
            let to = Int(min(end, start + UInt64(bytes.count)) - start)
            result += bytes[from..<to]
        }
        return result
    }

    private func chunk(_ index: Int) throws(LoadFailure) -> [UInt8] {
        if let known = cache.withLock({ $0.first { $0.index == index }?.bytes }) { return known }
        let start = UInt64(index) * UInt64(tree.chunkSize)
        let bytes = try chunks.read(at: start, count: tree.length(of: index))
        guard tree.verify(bytes, at: index) else {
            throw LoadFailure(.tampered, chunks.path.text, at: start, "the bytes are not those that were signed")
        }
        cache.withLock {
            $0.removeAll { $0.index == index }
            $0.append((index, bytes))
            if $0.count > Self.cached { $0.removeFirst() }
        }
        return bytes
    }
}
