public import ZeroTrust

extension Estate {
    /// Where an estate is enforced; nil for a platform that it does not use.
    public struct Enforcement: Hashable, Sendable {
        /// Kubernetes and its mesh.
        public var kubernetes: Kubernetes?
        /// AWS.
        public var aws: AWS?
        /// PostgreSQL servers, by database.
        public var postgres: [String: Postgres] = [:]
        /// A store that speaks S3 without being it.
        public var minio: MinIO?
        /// Whether Envoy asks Lapwing for each request (ext_authz).
        public var asksExternally = false

        /// Kubernetes and its mesh.
        public struct Kubernetes: Hashable, Sendable {
            /// Whether network policies are generated and enforced.
            public let networkPolicy: Bool
            /// How Istio runs; nil without it.
            public let istio: Istio?
            /// The image of Istio's proxies, without tag and digest, by which a pod's proxy is known.
            public let proxyImage: String
            /// Where hosts outside the cluster are, since a network policy knows addresses and no names: by the host as
            /// it is written elsewhere in the estate, and by ``aws`` for the endpoints of S3 and STS.
            public let addresses: [String: [AddressBlock]]

            /// The name of AWS's own endpoints among ``addresses``.
            public static let aws = "aws"
            /// The image that Istio itself publishes.
            public static let defaultProxyImage = "docker.io/istio/proxyv2"
        }

        /// How Istio runs.
        public enum Istio: String, Hashable, Sendable, CaseIterable {
            /// A proxy beside each workload.
            case sidecar
            /// A proxy on each node.
            case ambient
        }

        /// The AWS account that the roles and buckets are in.
        public struct AWS: Hashable, Sendable {
            /// 12 digits.
            public let account: String
            /// The region, such as `eu-west-1`.
            public let region: String
            /// `aws`, `aws-cn` or `aws-us-gov`.
            public let partition: String
            /// The OIDC issuer of the cluster without `https://`, for roles of service accounts (IRSA); nil for Pod Identity.
            public let oidcProvider: String?
            /// The organisation, `o-…`, which a VPC endpoint policy is limited to.
            public let organization: String?
            /// The VPC endpoint of S3 that the buckets are reached through; nil where they are reached from anywhere.
            public let vpcEndpoint: String?
        }

        /// One PostgreSQL database.
        public struct Postgres: Hashable, Sendable {
            /// The server's name.
            public let host: String
            /// The server's port.
            public let port: Int
            /// The major version.
            public let version: Int
            /// How components prove who they are.
            public let authentication: Authentication
        }

        /// How components prove who they are to PostgreSQL.
        public enum Authentication: String, Hashable, Sendable, CaseIterable {
            /// By the distinguished name of their client certificate.
            case certificateName = "cert-dn"
        }

        /// A store that speaks S3 without being it.
        public struct MinIO: Hashable, Sendable {
            /// Where it is: `https://minio.data.svc:9000`.
            public let endpoint: String
        }
    }
}
