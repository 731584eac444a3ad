/// One thing that a model has to show before anybody can pull it: that it is signed by whom policy says, that its
/// layers are safe to load.
///
/// A check that throws has refused.
public protocol AdmissionCheck: Sendable {
    /// The name by which a `ModelRegistry` asks for the check: `signature`.
    var name: String { get }

    /// Looks at an artifact, and at what refers to it.
    ///
    /// - Returns: why the artifact is not admitted; empty where it is.
    func reasons(against artifact: Artifact) async throws -> [String]
}

/// An artifact as checks see it.
public struct Artifact: Sendable {
    /// The repository that it was pushed to.
    public let repository: RepositoryName
    /// Its manifest.
    public let manifest: Manifest
    /// What refers to it, such as signatures.
    public let referrers: [Manifest]
    /// The bytes of blobs.
    public let files: BlobFiles

    /// An artifact.
    public init(repository: RepositoryName, manifest: Manifest, referrers: [Manifest], files: BlobFiles) {
        self.repository = repository
        self.manifest = manifest
        self.referrers = referrers
        self.files = files
    }

    /// All of a blob's bytes, where they are at most so many and are those of the digest.
    ///
    /// - Throws: ``RegistryError``.
    public func content(of descriptor: Descriptor, limit: Int) throws(RegistryError) -> [UInt8] {
        var reader = try files.read(descriptor.digest)
        guard reader.count <= UInt64(limit), reader.count == descriptor.size else {
            throw RegistryError(.sizeInvalid, "`\(descriptor.digest)` is not of the length that was expected")
        }
        var bytes: [UInt8] = []
        while let piece = try reader.next() { bytes += piece }
        return bytes
    }
}
