internal import Crypto
internal import ZeroTrust

/// The SHA-256 of an artifact: of a model or a dataset it is that of its manifest, the name left out.
///
/// It prints as `sha256:` and 64 lower-case hexadecimal digits.
public struct ArtifactDigest: Hashable, Sendable {
    /// 64 lower-case hexadecimal digits.
    public let hexadecimal: String

    /// A digest, written with or without `sha256:` in front; nil for anything else, capitals included.
    public init?(_ text: some StringProtocol) {
        let digits = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
        guard digits.utf8.count == 64,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        hexadecimal = String(digits)
    }

    /// The digest by which releases and claims know what a manifest is of.
    init(of manifest: SignedManifest) {
        hexadecimal = Hexadecimal.text(manifest.manifestDigest)
    }

    /// The digest of these bytes.
    init(of bytes: [UInt8]) {
        hexadecimal = Hexadecimal.text(Array(SHA256.hash(data: bytes)))
    }
}

extension ArtifactDigest: CustomStringConvertible {
    /// The digest with its algorithm.
    public var description: String { "sha256:" + hexadecimal }
}

extension ArtifactDigest: Comparable {
    /// By the digits.
    public static func < (left: ArtifactDigest, right: ArtifactDigest) -> Bool { left.hexadecimal < right.hexadecimal }
}
