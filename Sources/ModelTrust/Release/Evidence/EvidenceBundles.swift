/// Evidence that is judged by several policies: each bundle, and what it says, is read once.
///
/// Who counts as its signer differs from policy to policy, and is asked each time; what it says is read only once a
/// signature was verified.
public final class EvidenceBundles {
    /// What a bundle says, whoever signed it.
    enum Content {
        /// A dataset's manifest.
        case dataset(NamedArtifact)
        /// A claim about an artifact.
        case attestation(subject: NamedArtifact, claim: Attestation.Claim)
    }

    /// One bundle.
    final class Bundle {
        let name: String
        /// The bundle, or why it is none.
        let bundle: Result<SignatureBundle, ModelRefusal>
        private var known: Result<Content, any Error>?
        /// How often the content was read: once, whoever asks.
        private(set) var reads = 0

        init(name: String, bytes: [UInt8]) {
            self.name = name
            bundle = Result { () throws(ModelRefusal) in try SignatureBundle(bytes) }
        }

        /// What is signed; asked for after a signature was verified, which is of the same bytes for every signer.
        func content(of signed: SignedStatement) throws -> Content {
            if let known { return try known.get() }
            reads += 1
            let content = Result { try Self.read(signed, name) }
            known = content
            return try content.get()
        }

        /// The manifest of a dataset is a statement of the model format; everything else is an attestation.
        private static func read(_ signed: SignedStatement, _ name: String) throws -> Content {
            if let manifest = try? StatementReader(isLenientAboutOrder: false).read(signed.payload) {
                guard !manifest.isLegacy else {
                    throw ModelRefusal(.legacy, "the signature is of the deprecated format")
                }
                return .dataset(NamedArtifact(name: manifest.name, digest: ArtifactDigest(of: manifest)))
            }
            let attestation = try Attestation(payload: signed.payload, signer: Principal(signed.signer), source: name)
            return .attestation(subject: attestation.subject, claim: attestation.claim)
        }
    }

    let bundles: [Bundle]
    /// What is to be said of those that are left out.
    let remark: String?

    /// Reads bundles with the names under which people know them: the first of them, up to
    /// ``EvidenceReader/maximumBundles`` and ``EvidenceReader/maximumBytes``.
    public init(_ all: [(name: String, bytes: [UInt8])]) {
        var bundles: [Bundle] = []
        var bytes = 0
        for bundle in all.prefix(EvidenceReader.maximumBundles) {
            bytes += bundle.bytes.count
            guard bytes <= EvidenceReader.maximumBytes else { break }
            bundles.append(Bundle(name: bundle.name, bytes: bundle.bytes))
        }
        self.bundles = bundles
        remark =
            bundles.count == all.count
            ? nil : "of \(all.count) pieces of evidence the first \(bundles.count) are read, which is as much as may be"
    }
}
