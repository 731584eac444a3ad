internal import Crypto

/// Tags of a file's chunks, by which each chunk is known again alone, once the file was held to its signature whole.
///
/// A tag is an AES-GMAC (NIST SP 800-38D) of the chunk under a key that this value has made for itself and nobody else
/// knows; the nonce is the chunk's number. Whoever can write to the file cannot make other bytes of the same tag without
/// the key, and a tag costs a fraction of a hash. Tags are for this process alone: they say nothing to anybody else.
struct ChunkTags: Sendable {
    /// Bytes of a chunk, where nothing else is said.
    static let chunkSize = 1 << 20
    /// Bytes of a tag.
    private static let length = 16

    /// Bytes of a chunk; the last may be shorter.
    let chunkSize: Int
    /// Bytes of the file.
    let size: UInt64
    private let key: SymmetricKey
    /// The tags, one behind the other.
    private let tags: [UInt8]

    /// How many chunks there are.
    var count: Int { tags.count / Self.length }

    /// How many bytes a chunk has.
    func length(of index: Int) -> Int {
        Int(min(UInt64(chunkSize), size - UInt64(index) * UInt64(chunkSize)))
    }

    /// Whether some bytes are a chunk of the file.
    func verify(_ chunk: [UInt8], at index: Int) -> Bool {
        guard index >= 0, index < count, chunk.count == length(of: index) else { return false }
        guard let tag = Self.tag(of: chunk, at: index, key) else { return false }
        return tag.elementsEqual(tags[(Self.length * index)..<(Self.length * (index + 1))])
    }

    /// The tag of a chunk; nil where it cannot be made, by which nothing is verified.
    private static func tag(of chunk: [UInt8], at index: Int, _ key: SymmetricKey) -> [UInt8]? {
        let number = (0..<12).map { $0 < 8 ? UInt8(truncatingIfNeeded: index >> (8 * $0)) : 0 }
        guard let nonce = try? AES.GCM.Nonce(data: number),
            let box = try? AES.GCM.seal([UInt8](), using: key, nonce: nonce, authenticating: chunk)
        else { return nil }
        return Array(box.tag)
    }

    /// Makes tags of chunks in their order.
    struct Builder {
        private let chunkSize: Int
        private let key = SymmetricKey(size: .bits256)
        private var size: UInt64 = 0
        private var count = 0
        private var tags: [UInt8] = []

        init(chunkSize: Int = ChunkTags.chunkSize) { self.chunkSize = chunkSize }

        /// Adds the next chunk; all but the last have the full size.
        mutating func add(chunk: [UInt8]) {
            size += UInt64(chunk.count)
            // Without its tag a chunk, and each behind it, is never verified.
            if tags.count == ChunkTags.length * count, let tag = ChunkTags.tag(of: chunk, at: count, key) {
                tags += tag
            }
            count += 1
        }

        var made: ChunkTags { ChunkTags(chunkSize: chunkSize, size: size, key: key, tags: tags) }
    }
}
