public import ZeroTrust

/// Which workloads get credentials of which role from the loopback endpoint: the resource of kind `CloudCredentials`.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: CloudCredentials
/// metadata: { name: aws }
/// spec:
///   port: 8471
///   aws:
///     endpoint: https://sts.eu-central-1.amazonaws.com
///     roles:
///       - spiffeID: spiffe://cluster.local/ns/ml-training/sa/training-pipeline
///         roleARN: arn:aws:iam::123456789012:role/training
///         sessionPolicy: '{"Version":"2012-10-17","Statement":[]}'
/// ```
public struct CredentialRules: Hashable, Sendable {
    /// The API version of the resource.
    public static let apiVersion = "lapwing.dev/v1alpha1"
    /// The kind of the resource.
    public static let kind = "CloudCredentials"

    /// What one workload gets.
    public struct Role: Hashable, Sendable {
        /// The role's ARN.
        public let arn: String
        /// How long its credentials live, in seconds.
        public let duration: Int
        /// What the session may do at most, as JSON; nil for all that the role may.
        public let sessionPolicy: String?
    }

    /// The name.
    public let name: String
    /// The port of 127.0.0.1.
    public let port: Int
    /// The URL of STS.
    public let endpoint: String
    /// A file of certificate authorities that vouch for STS; nil for those of the system.
    public let authoritiesFile: String?
    /// The audience of the tokens that are exchanged.
    public let audience: String
    /// What each workload gets.
    public let roles: [SPIFFEID: Role]
}
