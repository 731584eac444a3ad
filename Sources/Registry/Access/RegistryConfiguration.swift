public import ZeroTrust

/// What a registry does: it is the resource of kind `ModelRegistry`.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: ModelRegistry
/// metadata: { name: models, namespace: ml-registry }
/// spec:
///   repositories:
///     - pattern: fraud/*
///       readers: ["spiffe://cluster.local/ns/ml-inference/sa/inference-service"]
///       writers: ["spiffe://cluster.local/ns/ml-training/sa/training-pipeline"]
///       promoters: ["spiffe://cluster.local/ns/ml-deploy/sa/deployment-pipeline"]
///       protectedTags: [production]
/// ```
///
/// The first rule whose pattern fits a repository is the one that holds; where none fits, nobody may do anything.
public struct RegistryConfiguration: Hashable, Sendable {
    /// The API version of the resource.
    public static let apiVersion = "lapwing.dev/v1alpha1"
    /// The kind of the resource.
    public static let kind = "ModelRegistry"

    /// The registry's name.
    public var name: String
    /// The rules, in order.
    public var repositories: [RepositoryRule]
    /// The longest blob, in bytes.
    public var maximumBlobLength: UInt64
    /// The uploads that one caller may have under way.
    public var maximumUploads: Int
    /// How long an upload may take; an older one is cleaned away.
    public var uploadAge: Duration
    /// How long a blob may lie that no manifest needs.
    public var unreferencedAge: Duration

    /// A configuration.
    public init(
        name: String,
        repositories: [RepositoryRule],
        maximumBlobLength: UInt64 = 64 << 30,
        maximumUploads: Int = 64,
        uploadAge: Duration = .seconds(24 * 3600),
        unreferencedAge: Duration = .seconds(24 * 3600)
    ) {
        self.name = name
        self.repositories = repositories
        self.maximumBlobLength = maximumBlobLength
        self.maximumUploads = maximumUploads
        self.uploadAge = uploadAge
        self.unreferencedAge = unreferencedAge
    }

    /// The rule that holds in a repository.
    public func rule(for repository: RepositoryName) -> RepositoryRule? {
        repositories.first { $0.pattern.matches(repository.description) }
    }

    /// Whether a caller may do something in a repository.
    public func permits(_ caller: SPIFFEID, _ permission: Permission, in repository: RepositoryName) -> Bool {
        rule(for: repository)?.permits(caller, permission) ?? false
    }
}
