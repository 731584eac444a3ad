public import Crypto
import ZeroTrust

/// What names content: an algorithm and the hash of the bytes (OCI image specification, "Digests").
///
/// Only the registered algorithms are digests here, in lower-case hexadecimal of their full length.
public struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
    /// The registered algorithms.
    public enum Algorithm: String, Hashable, Sendable, CaseIterable {
        case sha256
        case sha512

        /// The digits of a hash.
        var length: Int { self == .sha256 ? 64 : 128 }
    }

    /// The algorithm.
    public let algorithm: Algorithm
    /// The hash in lower-case hexadecimal.
    public let hex: String

    /// Parses `sha256:` and 64 digits, or `sha512:` and 128; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 135, let colon = text.firstIndex(of: ":"),
            let algorithm = Algorithm(rawValue: String(text[..<colon]))
        else { return nil }
        let hex = text[text.index(after: colon)...]
        guard hex.utf8.count == algorithm.length,
            hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.algorithm = algorithm
        self.hex = String(hex)
    }

    /// The digest of bytes.
    public init(of bytes: [UInt8], algorithm: Algorithm = .sha256) {
        switch algorithm {
        case .sha256: self.init(SHA256.hash(data: bytes))
        case .sha512: self.init(SHA512.hash(data: bytes))
        }
    }

    /// A finished hash.
    public init(_ hash: SHA256.Digest) {
        self.algorithm = .sha256
        self.hex = Hexadecimal.text(hash)
    }

    /// A finished hash.
    public init(_ hash: SHA512.Digest) {
        self.algorithm = .sha512
        self.hex = Hexadecimal.text(hash)
    }

    /// `sha256:…`.
    public var description: String { "\(algorithm.rawValue):\(hex)" }
}
