public import ZeroTrust

/// What a registry keeps beside the bytes of its blobs: which repository has which blobs, manifests and tags, how each
/// tag came to be where it is, and which uploads have begun.
///
/// `Storage` implements this on SQLite; any implementation must pass the suite in `StorageTests`. Every call either does
/// all that it says or nothing.
public protocol RegistryStore: Sendable {
    /// The repositories that hold anything, in order.
    func repositories() async throws -> [RepositoryName]

    /// The length of a blob; nil where the repository does not have it.
    func blob(_ digest: ContentDigest, in repository: RepositoryName) async throws -> UInt64?
    /// Says that a repository has a blob; the time counts for ``unreferencedBlobs(before:)``.
    func addBlob(_ digest: ContentDigest, size: UInt64, to repository: RepositoryName, at time: Timestamp) async throws
    /// Takes a blob out of a repository, where no manifest of it needs the blob, and where it was added before a time
    /// if one is given: one that was added again meanwhile stays.
    ///
    /// - Returns: whether the repository had it and no manifest needs it.
    func removeBlob(_ digest: ContentDigest, from repository: RepositoryName, addedBefore time: Timestamp?) async throws
        -> Bool
    /// Whether any repository has a blob.
    func hasBlob(_ digest: ContentDigest) async throws -> Bool
    /// Whether an admitted manifest of a repository needs a blob.
    func isAdmitted(_ digest: ContentDigest, in repository: RepositoryName) async throws -> Bool
    /// The blobs that no manifest of their repository needs and that were added before a time.
    func unreferencedBlobs(before time: Timestamp) async throws -> [(RepositoryName, ContentDigest)]

    /// A manifest; nil where the repository does not have it.
    func manifest(_ digest: ContentDigest, in repository: RepositoryName) async throws -> StoredManifest?
    /// The digests of a repository's manifests, in order.
    func manifests(in repository: RepositoryName) async throws -> [ContentDigest]
    /// The models of a repository by version, without their bytes.
    func models(in repository: RepositoryName) async throws -> [StoredManifest]
    /// The manifests that refer to another, in the order of their digests, without their bytes.
    func referrers(of digest: ContentDigest, in repository: RepositoryName) async throws -> [StoredManifest]
    /// Keeps a manifest and points tags to it. One that is there keeps who pushed it and its version, and takes the new
    /// state; a model that is new takes the next version.
    ///
    /// - Returns: the manifest as kept.
    /// - Throws: ``RegistryError`` with `manifestBlobUnknown` where a blob or manifest that it needs is not there, or
    ///   with `conflict` where a tag is no longer where the move says.
    func put(_ manifest: StoredManifest, moving moves: [TagMove]) async throws -> StoredManifest
    /// Gives a manifest another state.
    ///
    /// - Throws: ``RegistryError`` with `manifestUnknown`.
    func setState(_ state: AdmissionState, of digest: ContentDigest, in repository: RepositoryName) async throws
    /// Takes a manifest away with the tags that point to it, which are given as moves.
    ///
    /// - Throws: ``RegistryError`` with `manifestUnknown`, or `conflict` where other tags point to it, or an index needs
    ///   it.
    func removeManifest(_ digest: ContentDigest, from repository: RepositoryName, moving moves: [TagMove]) async throws

    /// What a tag points to; nil where there is no such tag.
    func tag(_ tag: TagName, in repository: RepositoryName) async throws -> ContentDigest?
    /// The tags of a repository with what they point to, in order, at most so many, after a name.
    func tags(in repository: RepositoryName, after last: String?, limit: Int) async throws -> [(TagName, ContentDigest)]
    /// Moves a tag.
    ///
    /// - Throws: ``RegistryError`` with `conflict` where the tag is no longer where the move says, or `manifestUnknown`.
    func move(_ move: TagMove) async throws
    /// The changes of a repository's tags, the oldest first; of one tag where one is named.
    func history(of tag: TagName?, in repository: RepositoryName) async throws -> [TagMove]

    /// The uploads that have begun.
    func uploads() async throws -> [StoredUpload]
    /// An upload; nil where none has this id.
    func upload(_ id: RequestID) async throws -> StoredUpload?
    /// Says that an upload has begun.
    func addUpload(_ upload: StoredUpload) async throws
    /// Forgets an upload.
    func removeUpload(_ id: RequestID) async throws
}

extension RegistryStore {
    /// Takes a blob out of a repository, where no manifest of it needs the blob, whenever it was added.
    func removeBlob(_ digest: ContentDigest, from repository: RepositoryName) async throws -> Bool {
        try await removeBlob(digest, from: repository, addedBefore: nil)
    }
}
