public import Resources

/// What has to hold before a model may run in an environment: the `release` of a `ModelTrustPolicy`.
///
/// What it asks for, it asks for whole: a release is admitted where every condition holds and refused where one does not.
public struct ReleasePolicy: Sendable {
    /// An evaluation that has to have been passed.
    public struct Evaluation: Hashable, Sendable {
        /// A bound on one result.
        public struct Bound: Hashable, Sendable {
            /// The result's name.
            public let metric: String
            /// The least that it may be.
            public let atLeast: Double?
            /// The most that it may be.
            public let atMost: Double?
        }

        /// The suite.
        public let suite: String
        /// Who may have run it.
        public let signers: [IdentityPattern]
        /// What its results have to be.
        public let metrics: [Bound]
        /// The dataset that it has to have been run on.
        public let dataset: String
        /// The dataset's digest, where only that one counts.
        public let datasetDigest: ArtifactDigest?
        /// How old it may be.
        public let maximumAge: Duration
    }

    /// A scan that has to have proven the model.
    public struct Scan: Hashable, Sendable {
        /// Who may have scanned it.
        public let signers: [IdentityPattern]
        /// How old it may be.
        public let maximumAge: Duration
    }

    /// How the model has to have been trained.
    public struct Provenance: Hashable, Sendable {
        /// A dataset that it may have been trained on.
        public struct Dataset: Hashable, Sendable {
            /// The name.
            public let name: String
            /// Who produces it, and so has to have signed it.
            public let producers: [IdentityPattern]
            /// Whether a model has to have been trained on it.
            public let isRequired: Bool
        }

        /// Who may have trained it.
        public let signers: [IdentityPattern]
        /// The datasets that it may have been trained on, and no other.
        public let datasets: [Dataset]
    }

    /// How many people have to have approved.
    public struct Approvals: Hashable, Sendable {
        /// How many, each with an identity of their own.
        public let count: Int
        /// Who may approve.
        public let signers: [IdentityPattern]
        /// How old an approval may be.
        public let maximumAge: Duration
    }

    /// Whose word is believed about who somebody is; what somebody may say is for the conditions to tell.
    public let authorities: [SignerTrust]
    /// Where it applies.
    public let environments: [String]
    /// Who signs the index of what is released.
    public let releasers: [IdentityPattern]
    /// How long an index may last, from when it was issued.
    public let indexLifetime: Duration
    /// The evaluations.
    public let evaluations: [Evaluation]
    /// The scan.
    public let scan: Scan?
    /// The training.
    public let provenance: Provenance?
    /// The approvals.
    public let approvals: Approvals?
    /// Identities whose signatures count no more.
    public let revokedSigners: [IdentityPattern]
    /// Digests that may not run.
    public let revokedDigests: Set<ArtifactDigest>
    /// Where it is written.
    public let location: SourceLocation
}
