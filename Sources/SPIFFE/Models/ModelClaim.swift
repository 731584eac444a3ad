/// Which model a workload was shown to have loaded: what an X.509-SVID may say beside its SPIFFE ID.
///
/// Lapwing's authority puts it into a certificate only while a loader proves that the workload reads that model's
/// verified bytes and no others. Of a certificate of another trust domain it is that domain's authority who says so.
public struct ModelClaim: Hashable, Sendable {
    /// The digest of the model's manifest: `sha256:` and 64 lower-case hexadecimal digits.
    public let digest: String
    /// Who signed the model, as the loader proved it: a SPIFFE ID, a certificate's name, a key's fingerprint.
    public let signer: String

    /// The longest name of a signer, in bytes.
    public static let maximumSigner = 512

    /// A claim; nil for a digest of another form, or a signer that is empty, too long or not one printable line.
    public init?(digest: String, signer: String) {
        guard Self.isDigest(digest), Self.isSigner(signer) else { return nil }
        self.digest = digest
        self.signer = signer
    }

    /// Whether a text is a digest as claims have them.
    public static func isDigest(_ text: String) -> Bool {
        let digits = text.utf8.dropFirst(7)
        return text.hasPrefix("sha256:") && digits.count == 64
            && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// Whether a text can name a signer.
    public static func isSigner(_ text: String) -> Bool {
        (1...maximumSigner).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && $0.value != 0x7f && !(0x80...0x9f).contains($0.value)
            }
    }
}
