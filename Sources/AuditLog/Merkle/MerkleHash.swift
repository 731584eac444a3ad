internal import CSHA256
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
        // Sound: the entry lives through the call.
        unsafe entry.withUnsafeBufferPointer { entry in
            unsafe digest { digest in
                var message = unsafe lapwing_sha256_bytes(start: entry.baseAddress, count: entry.count)
                unsafe lapwing_sha256_all(leafPrefix, &message, 1, digest)
            }
        }
    }

    /// The hash of an entry: SHA-256 of a zero byte and the entry (RFC 6962 §2.1).
    public static func leaf(_ entry: [UInt8]) -> MerkleHash {
        leaf(entry[...])
    }

    /// The hashes of entries that lie at some places of the same bytes; of many at once, which costs less than one by one.
    static func leaves(_ bytes: ArraySlice<UInt8>, at places: [Range<Int>]) -> [MerkleHash] {
        precondition(places.allSatisfy { bytes.startIndex <= $0.lowerBound && $0.upperBound <= bytes.endIndex })
        // Sound: every message lies within the bytes, which live through the call, and each has 32 bytes of the result.
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            let messages = unsafe places.map { place in
                unsafe lapwing_sha256_bytes(
                    start: buffer.baseAddress?.advanced(by: place.lowerBound - bytes.startIndex),
                    count: place.count
                )
            }
            return unsafe [MerkleHash](unsafeUninitializedCapacity: places.count) { hashes, count in
                let digests = UnsafeMutableRawBufferPointer(hashes)
                if let start = digests.baseAddress {
                    unsafe lapwing_sha256_all(
                        leafPrefix,
                        messages,
                        messages.count,
                        start.assumingMemoryBound(to: UInt8.self)
                    )
                }
                for index in places.indices {
                    let digest = unsafe UnsafeRawBufferPointer(rebasing: digests[(32 * index)..<(32 * index + 32)])
                    unsafe hashes[index] = MerkleHash(words: digest)
                }
                count = places.count
            }
        }
    }

    /// The hash of a node: SHA-256 of a one byte, the left and the right hash (RFC 6962 §2.1).
    public static func node(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
        let hashes = (
            left.words.0.bigEndian, left.words.1.bigEndian, left.words.2.bigEndian, left.words.3.bigEndian,
            right.words.0.bigEndian, right.words.1.bigEndian, right.words.2.bigEndian, right.words.3.bigEndian
        )
        // Sound: the tuple is 64 bytes, and lives through the call.
        return unsafe withUnsafePointer(to: hashes) { hashes in
            unsafe digest { digest in
                let bytes = unsafe UnsafeRawPointer(hashes).assumingMemoryBound(to: UInt8.self)
                unsafe lapwing_sha256_nodes(nodePrefix, bytes, 1, digest)
            }
        }
    }

    /// The root over a power of two of hashes, of 32 bytes each.
    static func root(over hashes: consuming [UInt8]) -> MerkleHash {
        var count = hashes.count / 32
        precondition(count > 0 && hashes.count == 32 * count && count & (count - 1) == 0)
        // Sound: each level takes what the one below it has left at the beginning of the array.
        return unsafe hashes.withUnsafeMutableBufferPointer { buffer in
            while count > 1, let start = buffer.baseAddress {
                count /= 2
                unsafe lapwing_sha256_nodes(nodePrefix, start, count, start)
            }
            return unsafe MerkleHash(words: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<32]))
        }
    }

    private static let leafPrefix: UInt8 = 0x00
    private static let nodePrefix: UInt8 = 0x01

    /// A hash that `body` writes.
    private static func digest(_ body: (UnsafeMutablePointer<UInt8>) -> Void) -> MerkleHash {
        var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        // Sound: the tuple is 32 bytes.
        return unsafe withUnsafeMutablePointer(to: &digest) { digest in
            unsafe body(UnsafeMutableRawPointer(digest).assumingMemoryBound(to: UInt8.self))
            return unsafe MerkleHash(words: UnsafeRawBufferPointer(start: digest, count: 32))
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
