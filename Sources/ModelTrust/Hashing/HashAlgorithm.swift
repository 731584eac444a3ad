/// What digests the files of a model (OMS algorithm registry).
public enum HashAlgorithm: String, Hashable, Sendable, CaseIterable {
    /// SHA-256 (FIPS 180-4); every implementation has it.
    case sha256
    /// BLAKE2b with 512 bits (RFC 7693).
    case blake2b
    /// BLAKE3 with 256 bits; the only one by which several cores hash one file.
    case blake3

    /// The length of a digest, in bytes.
    public var digestLength: Int { self == .blake2b ? 64 : 32 }
}
