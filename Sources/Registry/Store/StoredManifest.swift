public import ZeroTrust

/// Whether an artifact may be pulled.
public enum AdmissionState: Hashable, Sendable {
    /// It may.
    case admitted
    /// It may not, for these reasons.
    case quarantined([String])

    /// Whether it may be pulled.
    public var isAdmitted: Bool { self == .admitted }
}

/// A manifest as it is kept.
public struct StoredManifest: Hashable, Sendable {
    /// The repository that it is in.
    public var repository: RepositoryName
    /// What names it.
    public var digest: ContentDigest
    /// Its media type.
    public var mediaType: String
    /// What kind of artifact it is.
    public var artifactType: String?
    /// The manifest that it refers to.
    public var subject: ContentDigest?
    /// What is said of it, for lists of referrers.
    public var annotations: [String: String]
    /// The bytes that were pushed.
    public var bytes: [UInt8]
    /// The blobs that it needs.
    public var blobs: [ContentDigest]
    /// The manifests that it needs.
    public var manifests: [ContentDigest]
    /// For a model, its number in its repository, counted from 1 in the order of first pushes.
    public var version: Int?
    /// Whether it may be pulled.
    public var state: AdmissionState
    /// Who pushed it first.
    public var pushedBy: String
    /// When it was pushed first.
    public var pushedAt: Timestamp

    /// A manifest as it is kept.
    public init(
        repository: RepositoryName,
        digest: ContentDigest,
        mediaType: String,
        artifactType: String?,
        subject: ContentDigest?,
        annotations: [String: String],
        bytes: [UInt8],
        blobs: [ContentDigest],
        manifests: [ContentDigest],
        version: Int?,
        state: AdmissionState,
        pushedBy: String,
        pushedAt: Timestamp
    ) {
        self.repository = repository
        self.digest = digest
        self.mediaType = mediaType
        self.artifactType = artifactType
        self.subject = subject
        self.annotations = annotations
        self.bytes = bytes
        self.blobs = blobs
        self.manifests = manifests
        self.version = version
        self.state = state
        self.pushedBy = pushedBy
        self.pushedAt = pushedAt
    }
}
