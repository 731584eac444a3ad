public import Resources

/// An Istio `AuthorizationPolicy` (`security.istio.io/v1` and `v1beta1`), read and checked.
///
/// A request is put first to the CUSTOM policies that select the workload, then to its DENY and then to its ALLOW
/// policies; AUDIT policies only mark. A rule matches where any of its `from`, any of its `to` and all of its `when`
/// match.
public struct AuthorizationPolicy: Sendable, Hashable {
    /// What a matching rule does.
    public enum Action: String, Sendable, Codable, CaseIterable {
        /// Allows the request, unless a DENY policy denies it.
        case allow = "ALLOW"
        /// Denies the request.
        case deny = "DENY"
        /// Marks the request for the record.
        case audit = "AUDIT"
        /// Asks an external provider, before any DENY or ALLOW policy.
        case custom = "CUSTOM"
    }

    /// The name.
    public let name: String
    /// The namespace that the policy is in.
    public let namespace: String
    /// What a matching rule does.
    public internal(set) var action: Action
    /// The external provider that a CUSTOM policy asks; nil for the other actions.
    public let provider: String?
    /// Whether the annotation `istio.io/dry-run` puts the policy on trial: it is evaluated and decides nothing.
    public let isDryRun: Bool
    /// The labels that a workload must have; empty selects every workload in scope.
    public let selector: [String: String]
    /// What else than a workload the policy is attached to; such a policy selects no workload.
    public let targetReferences: [TargetReference]
    /// The rules; a policy without any never matches.
    public internal(set) var rules: [Rule]
    /// Where the policy begins.
    public let location: SourceLocation

    /// A Kubernetes object that a policy is attached to.
    public struct TargetReference: Sendable, Hashable {
        /// The object's API group; empty for the core group.
        public let group: String
        /// The object's kind.
        public let kind: String
        /// The object's name.
        public let name: String
    }

    /// One rule.
    public struct Rule: Sendable, Hashable {
        /// The sources, of which one must match; empty for any.
        public internal(set) var from: [FieldGroup]
        /// The operations, of which one must match; empty for any.
        public internal(set) var to: [FieldGroup]
        /// The conditions, which must all match.
        public internal(set) var when: [Condition]
        /// Where the rule begins.
        public let location: SourceLocation
    }

    /// A source or an operation: fields that must all match.
    public struct FieldGroup: Sendable, Hashable {
        /// The fields that are set.
        public internal(set) var fields: [Field]
        /// Where the group begins.
        public let location: SourceLocation
    }

    /// One condition of a `when`.
    public struct Condition: Sendable, Hashable {
        /// What is looked at: `request.headers[x-team]`.
        public let key: String
        /// `values` and `notValues`, those that are set.
        public internal(set) var fields: [Field]
        /// Where the condition begins.
        public let location: SourceLocation
    }

    /// A list of values that a request attribute is held against.
    public struct Field: Sendable, Hashable {
        /// The field as written: `notPaths`, `values`.
        public internal(set) var name: String
        /// The attribute that is looked at.
        public let subject: Subject
        /// Whether the field matches where none of the values does.
        public internal(set) var isNegated: Bool
        /// The values as written.
        public internal(set) var values: [LocatedValue]
        /// Where the list begins.
        public let location: SourceLocation
    }

    /// A value and its place.
    public struct LocatedValue: Sendable, Hashable {
        /// The value as written.
        public let text: String
        /// Where it stands.
        public let location: SourceLocation
    }

    /// A request attribute that a field looks at.
    public enum Subject: Sendable, Hashable {
        /// The caller's SPIFFE ID without its scheme.
        case principal
        /// The caller's namespace.
        case namespace
        /// The caller's namespace and service account.
        case serviceAccount
        /// The caller's trust domain.
        case trustDomain
        /// The digest of the model that the caller has loaded, by its certificate.
        case modelDigest
        /// Who signed the model that the caller has loaded, by its certificate.
        case modelSigner
        /// The address of the connection's other end.
        case sourceIP
        /// The address of the client that a trusted hop speaks for.
        case remoteIP
        /// The host asked for.
        case host
        /// The method.
        case method
        /// The path without its query.
        case path
        /// The port on which the request arrived.
        case destinationPort
        /// The address on which the request arrived.
        case destinationIP
        /// The name asked for in the TLS handshake.
        case serverName
        /// A header, by its name in lower case, or a pseudo-header such as `:authority`.
        case header(String)
        /// The issuer and the subject of the request's token: `ISSUER/SUBJECT`.
        case requestPrincipal
        /// An audience of the request's token.
        case requestAudience
        /// The party that the request's token was issued to: its claim `azp`.
        case requestPresenter
        /// A claim of the request's token, by the names that lead to it.
        case requestClaim([String])
        /// What a filter of Envoy noted of the connection or the request, by the names that lead to it.
        case filterMetadata(filter: String, path: [String])

        /// Whether a connection that carries no HTTP lacks the attribute.
        public var isHTTPOnly: Bool {
            switch self {
            case .host, .method, .path, .header, .requestPrincipal, .requestAudience, .requestPresenter, .requestClaim:
                true
            case .principal, .namespace, .serviceAccount, .trustDomain, .modelDigest, .modelSigner, .sourceIP,
                .remoteIP, .destinationPort, .destinationIP, .serverName, .filterMetadata:
                false
            }
        }

        /// Whether it is an attribute of Lapwing's own, which Istio refuses.
        public var isModel: Bool { self == .modelDigest || self == .modelSigner }
    }

    /// Whether the policy applies to a workload, given the namespace whose policies apply in all namespaces.
    public func applies(to workload: Workload, rootNamespace: String) -> Bool {
        guard targetReferences.isEmpty, namespace == workload.namespace || namespace == rootNamespace else {
            return false
        }
        return selector.allSatisfy { workload.labels[$0.key] == $0.value }
    }
}
