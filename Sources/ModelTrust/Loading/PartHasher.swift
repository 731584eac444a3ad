/// Hashes a part of a file as its bytes come.
final class PartHasher {
    private var hasher: StreamHasher?

    init(_ algorithm: HashAlgorithm) { hasher = StreamHasher(algorithm) }

    /// Adds bytes.
    func add(_ bytes: ArraySlice<UInt8>) {
        // Sound: the hasher reads only the slice, which lives through the call.
        unsafe bytes.withUnsafeBytes { unsafe hasher?.add($0) }
    }

    /// The digest of all that was added; asked for once.
    func digest() -> [UInt8] { hasher.take()?.digest() ?? [] }
}
