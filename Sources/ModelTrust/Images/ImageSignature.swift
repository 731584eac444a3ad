public import FoundationEssentials
import SPIFFE
import ZeroTrust

/// A signature of container images that was verified: whose it is, and of which manifests.
///
/// The bundle is what `cosign sign` writes since its version 3: a Sigstore bundle of one in-toto statement, which names the
/// image by the digest of its manifest and says nothing else.
///
/// ```swift
/// let signature = try ImageSignature(bundle: bytes, signers: rules.signers, at: Date())
/// if signature.digests.contains(digest) { print(signature.signer.identity) }
/// ```
public struct ImageSignature: Sendable {
    /// The type of the statement (cosign, `CosignSignPredicateType`).
    public static let predicateType = "https://sigstore.dev/cosign/sign/v1"
    /// The most images that one signature is read for.
    static let maximumImages = 64

    /// The SHA-256 of the manifests, in lower-case hexadecimal.
    public let digests: Set<String>
    /// Who signed.
    public let signer: VerifiedSigner

    /// Verifies a bundle.
    ///
    /// - Parameters:
    ///   - bytes: the bundle.
    ///   - signers: who is believed.
    ///   - now: the time of day.
    /// - Throws: ``ModelRefusal`` where nobody who is believed has signed it, or what was signed is no image.
    public init(bundle bytes: [UInt8], signers: [SignerTrust], at now: Date) throws(ModelRefusal) {
        let signed = try SignedStatement(bundle: bytes, trusts: signers, now: now)
        digests = try Self.digests(signed.payload)
        signer = signed.signer
    }

    private static func digests(_ payload: [UInt8]) throws(ModelRefusal) -> Set<String> {
        let reader = JSONReader(.malformedStatement, "the signed statement")
        let root = try reader.object(
            try reader.parse(payload, maximumSize: SignatureBundle.maximumSize),
            "the signed statement"
        )
        try reader.only(["_type", "subject", "predicateType", "predicate"], in: root, "the statement")
        let type = try reader.string(root["_type"], "`_type`")
        guard type == Statement.type else {
            throw reader.refuse("`_type` is `\(type.prefix(100))` and not `\(Statement.type)`")
        }
        // What is attested of an image is not that somebody signs it.
        let predicate = try reader.string(root["predicateType"], "`predicateType`")
        guard predicate == predicateType else {
            throw reader.refuse(
                "the predicate's type is `\(predicate.prefix(100))`; a signature of an image has `\(predicateType)`"
            )
        }
        let digests = try reader.list(root["subject"], "`subject`", maximum: maximumImages) {
            (subject) throws(ModelRefusal) in
            let algorithms = try reader.object(
                try reader.object(subject, "a subject")["digest"],
                "a subject's digest"
            )
            let text = try reader.string(algorithms["sha256"], "a subject's `sha256`")
            guard Hexadecimal.bytes(text)?.count == 32, text == text.lowercased() else {
                throw reader.refuse("a subject's `sha256` is no SHA-256 in lower-case hexadecimal")
            }
            return text
        }
        guard !digests.isEmpty else { throw reader.refuse("`subject` is empty") }
        return Set(digests)
    }
}
