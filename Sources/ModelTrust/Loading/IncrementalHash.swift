internal import Crypto

/// A hash that takes its bytes piece by piece.
protocol IncrementalHash {
    /// Takes the next bytes.
    mutating func update(_ bytes: [UInt8])
    /// The digest of all bytes taken.
    func digest() -> [UInt8]
}

/// SHA-256.
struct SHA256Hash: IncrementalHash {
    private var hasher = SHA256()

    mutating func update(_ bytes: [UInt8]) { hasher.update(data: bytes) }
    func digest() -> [UInt8] { Array(hasher.finalize()) }
}
