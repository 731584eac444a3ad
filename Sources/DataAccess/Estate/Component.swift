public import Resources
public import ZeroTrust

extension Estate {
    /// A workload: who it is on each platform, what it is for, and what it offers.
    public struct Component: Hashable, Sendable {
        /// The name, unique in the estate: `training`.
        public let name: String
        /// Who it is on each platform.
        public let identity: Identity
        /// What it is for.
        public let purpose: String
        /// The most closed classification that it may read; nil for one that reads no data.
        public let maxClassification: String?
        /// What it offers to other components.
        public let exposes: [API]
        /// The hosts outside that it may call; no other.
        public let egress: [Destination]
        /// Where it is written.
        public let location: SourceLocation
    }

    /// Who a component is on each platform.
    public struct Identity: Hashable, Sendable {
        /// The SPIFFE ID: written out, or made of the service account.
        public let spiffeID: SPIFFEID
        /// The Kubernetes service account.
        public let kubernetes: ServiceAccount?
        /// The AWS role.
        public let aws: AWSRole?
    }

    /// A Kubernetes service account, written `NAMESPACE/NAME`.
    public struct ServiceAccount: Hashable, Sendable {
        /// The namespace.
        public let namespace: String
        /// The account's name.
        public let name: String
    }

    /// An IAM role that a component assumes.
    public struct AWSRole: Hashable, Sendable {
        /// The role's name, without its path.
        public let name: String
        /// The account of 12 digits; nil for the one of ``Enforcement/AWS``.
        public let account: String?
    }

    /// What a component offers at one port.
    public struct API: Hashable, Sendable {
        /// The name, unique in its component: `predict`.
        public let name: String
        /// The port.
        public let port: Int
        /// The requests that belong to it; empty for a protocol that is not HTTP.
        public let http: [Operation]
    }

    /// Methods and paths that belong together.
    public struct Operation: Hashable, Sendable {
        /// The methods, in upper case.
        public let methods: [String]
        /// The paths, in which a `*` at the end stands for anything.
        public let paths: [String]
    }

    /// A host outside the estate.
    public struct Destination: Hashable, Sendable {
        /// The name, without wildcards.
        public let host: String
        /// The port.
        public let port: Int
    }

    /// A call that is allowed.
    public struct Call: Hashable, Sendable {
        /// Who calls.
        public let caller: String
        /// Who is called.
        public let callee: String
        /// What is called there.
        public let api: String
        /// Where it is written.
        public let location: SourceLocation
    }
}
