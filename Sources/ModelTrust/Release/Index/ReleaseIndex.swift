internal import SPIFFE
public import ZeroTrust

/// What may run in one environment: a signed, expiring, numbered list of released digests.
///
/// It keeps freshness in the manner of The Update Framework (TUF 1.0.33): an index that has expired is refused, so that
/// nobody can be held at an old one; its number never falls, so that nobody can be taken back to one; and the number is
/// at most the second in which it was issued, so that whoever got hold of a releaser's key cannot leap to a number that
/// no later index would reach. It stands in one document, so that no two halves can be mixed.
public struct ReleaseIndex: Hashable, Sendable {
    /// One model that was released.
    public struct Release: Hashable, Sendable {
        /// The model's name.
        public let model: String
        /// The root digest of its manifest.
        public let digest: ArtifactDigest
        /// Its place among the releases of that name, from 1.
        public let sequence: UInt64
        /// Whether it may run although a later release of that name is there.
        public let allowsRollback: Bool
        /// When it was released.
        public let releasedAt: Timestamp

        /// A release.
        public init(
            model: String,
            digest: ArtifactDigest,
            sequence: UInt64,
            allowsRollback: Bool = false,
            releasedAt: Timestamp
        ) {
            self.model = model
            self.digest = digest
            self.sequence = sequence
            self.allowsRollback = allowsRollback
            self.releasedAt = releasedAt
        }
    }

    /// The environment: `production`.
    public let environment: String
    /// The index's number, which only rises.
    public let version: UInt64
    /// When it was issued.
    public let issuedAt: Timestamp
    /// From when it counts no more.
    public let expiresAt: Timestamp
    /// What is released.
    public let releases: [Release]
    /// Digests that may not run any more, wherever else they stand.
    public let revokedDigests: Set<ArtifactDigest>
    /// Identities whose signatures count no more.
    public let revokedSigners: Set<String>

    /// An index.
    public init(
        environment: String,
        version: UInt64,
        issuedAt: Timestamp,
        expiresAt: Timestamp,
        releases: [Release],
        revokedDigests: Set<ArtifactDigest> = [],
        revokedSigners: Set<String> = []
    ) {
        self.environment = environment
        self.version = version
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.releases = releases
        self.revokedDigests = revokedDigests
        self.revokedSigners = revokedSigners
    }

    /// The last release of a name; nil where there is none.
    func newest(of model: String) -> Release? {
        releases.filter { $0.model == model }.max { $0.sequence < $1.sequence }
    }
}
