public import Resources

/// Which signers are believed for which models: a `ModelTrustPolicy` resource.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: ModelTrustPolicy
/// metadata: {name: fraud}
/// spec:
///   models: ["fraud-*"]
///   signers:
///   - spiffe:
///       trustDomain: cluster.local
///       bundle: {file: bundle.pem}
///       identities: [spiffe://cluster.local/ns/ml-training/sa/pipeline]
/// ```
///
/// One of the signers of each policy that names a model has to have signed it. A model that no policy names is refused.
public struct ModelTrustPolicy: Sendable {
    /// The resource's group and version.
    public static let apiVersion = "lapwing.dev/v1alpha1"
    /// The resource's kind.
    public static let kind = "ModelTrustPolicy"

    /// The resource's name.
    public let name: String
    /// The models that it is about.
    public let models: [NamePattern]
    /// Who may sign them.
    public let signers: [SignerTrust]
    /// Whether signers may leave out more than `.git` and its like.
    public let acceptsIgnoredPaths: Bool
    /// What has to hold before such a model is released, where that is asked for.
    public let release: ReleasePolicy?
    /// Where it is written.
    public let location: SourceLocation

    /// Whether the policy is about a model of this name.
    public func isAbout(_ model: String) -> Bool { models.contains { $0.matches(model) } }
}
