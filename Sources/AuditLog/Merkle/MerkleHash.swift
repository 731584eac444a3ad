public import Crypto

/// A SHA-256 hash in a Merkle tree.
public struct MerkleHash: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// A hash from its 32 bytes; nil for any other count.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        // The buffer has 32 bytes, and is only read within the closure.
        let whole = bytes.withContiguousStorageIfAvailable { bytes in
            unsafe Self(words: UnsafeRawBufferPointer(bytes))
        }
        if let whole {
            self = whole
            return
        }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for (index, byte) in bytes.enumerated() {
            switch index >> 3 {
            case 0: words.0 = words.0 << 8 | UInt64(byte)
            case 1: words.1 = words.1 << 8 | UInt64(byte)
            case 2: words.2 = words.2 << 8 | UInt64(byte)
            default: words.3 = words.3 << 8 | UInt64(byte)
            }
        }
        self.words = words
    }

    /// A hash from a digest.
    public init(_ digest: SHA256.Digest) {
        // The digest is 32 bytes.
        self = unsafe digest.withUnsafeBytes { unsafe Self(words: $0) }
    }

    /// A hash from the 32 bytes of a buffer; the loads need no alignment.
    private init(words bytes: UnsafeRawBufferPointer) {
        self.words = unsafe (
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        )
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        append(to: &bytes)
        return bytes
    }

    /// Adds the 32 bytes to others.
    func append(to bytes: inout [UInt8]) {
        let words = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        // The buffer is the local tuple, and `append` copies it.
        unsafe withUnsafeBytes(of: words) { unsafe bytes.append(contentsOf: $0) }
    }

    /// The root of a tree with no entries: the hash of nothing (RFC 6962 §2.1).
    public static let emptyRoot = MerkleHash(SHA256.hash(data: [UInt8]()))

    /// The hash of an entry: SHA-256 of a zero byte and the entry (RFC 6962 §2.1).
    public static func leaf(_ entry: ArraySlice<UInt8>) -> MerkleHash {
        // The buffer is only read within the closure.
        unsafe entry.withUnsafeBytes { bytes in
            var hash = SHA256()
            hash.update(data: leafPrefix)
            unsafe hash.update(bufferPointer: bytes)
            return MerkleHash(hash.finalize())
        }
    }

    /// The hash of an entry: SHA-256 of a zero byte and the entry (RFC 6962 §2.1).
    public static func leaf(_ entry: [UInt8]) -> MerkleHash {
        leaf(entry[...])
    }

    private static let leafPrefix: [UInt8] = [0x00]

    /// The hash of a node: SHA-256 of a one byte, the left and the right hash (RFC 6962 §2.1).
    public static func node(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
        let input: (UInt8, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (
            1, left.words.0.bigEndian, left.words.1.bigEndian, left.words.2.bigEndian, left.words.3.bigEndian,
            right.words.0.bigEndian, right.words.1.bigEndian, right.words.2.bigEndian, right.words.3.bigEndian
        )
        // The tuple's first member is padded to eight bytes: 1, seven bytes of padding, then the two hashes in order.
        // The hash is fed the prefix byte and the 64 bytes after the padding.
        return unsafe withUnsafeBytes(of: input) { bytes in
            var hash = SHA256()
            unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[0..<1]))
            unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[8..<72]))
            return MerkleHash(hash.finalize())
        }
    }

    /// Whether two hashes are the same.
    public static func == (left: MerkleHash, right: MerkleHash) -> Bool {
        left.words == right.words
    }

    /// Feeds the hash's words to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension MerkleHash: CustomStringConvertible {
    /// The hash in standard base64, as notes and proofs carry it.
    public var description: String { Base64.encode(bytes) }
}
