/// Everything that was verified about a model, for the policy to judge.
///
/// Whatever could not be verified is not in it but in ``remarks``: it is as if it were not there, and people want to know
/// why.
public struct ReleaseEvidence: Sendable {
    /// The model's own signature.
    public enum Signature: Sendable {
        /// The bytes are those that this identity signed, and it may sign models of this name.
        case verified(signer: Principal)
        /// They are not, or somebody else signed them, or nobody knows.
        case refused(reason: String)
    }

    /// A dataset whose bytes, or whose manifest, a producer signed.
    public struct SignedDataset: Hashable, Sendable {
        /// The dataset.
        public let dataset: NamedArtifact
        /// Who signed it.
        public let signer: Principal

        /// A dataset and its signer.
        public init(dataset: NamedArtifact, signer: Principal) {
            self.dataset = dataset
            self.signer = signer
        }
    }

    /// An index whose signature was verified.
    public struct SignedIndex: Sendable {
        /// The index.
        public let index: ReleaseIndex
        /// The SHA-256 of what was signed.
        public let digest: ArtifactDigest
        /// Who signed it.
        public let signer: Principal

        /// An index and its signer.
        public init(index: ReleaseIndex, digest: ArtifactDigest, signer: Principal) {
            self.index = index
            self.digest = digest
            self.signer = signer
        }
    }

    /// The model: the name that it was asked for by, and the digest of the bytes that are there.
    public var model: NamedArtifact
    /// Its signature.
    public var signature: Signature
    /// What others say of it.
    public var attestations: [Attestation]
    /// The datasets that are signed.
    public var datasets: [SignedDataset]
    /// What is released.
    public var index: SignedIndex?
    /// What was found and could not be used, each with its reason.
    public var remarks: [String]

    /// Evidence.
    public init(
        model: NamedArtifact,
        signature: Signature,
        attestations: [Attestation],
        datasets: [SignedDataset],
        index: SignedIndex?,
        remarks: [String] = []
    ) {
        self.model = model
        self.signature = signature
        self.attestations = attestations
        self.datasets = datasets
        self.index = index
        self.remarks = remarks
    }
}
