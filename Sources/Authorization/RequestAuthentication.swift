public import Resources
public import ZeroTrust

/// An Istio `RequestAuthentication` (`security.istio.io/v1` and `v1beta1`), read and checked: which tokens a workload
/// accepts.
///
/// A request without a token passes and proves nothing; one with a token that no rule accepts is refused.
public struct RequestAuthentication: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The namespace that it is in.
    public let namespace: String
    /// The labels that a workload must have; empty selects every workload in scope.
    public let selector: [String: String]
    /// What else than a workload it is attached to; such a resource selects no workload.
    public let targetReferences: [AuthorizationPolicy.TargetReference]
    /// The issuers whose tokens are accepted, each with its keys.
    public let rules: [JWTRule]
    /// Where the document begins.
    public let location: SourceLocation

    /// One issuer: whose tokens are accepted, where they are found and what becomes of them.
    public struct JWTRule: Sendable, Hashable {
        /// The issuer that a token must name in `iss`, or nil where any that the keys of ``keys`` sign for will do.
        public let issuer: AuthorizationPolicy.LocatedValue?
        /// The audiences of which a token must name one in `aud`; empty for any.
        public let audiences: [AuthorizationPolicy.LocatedValue]
        /// Where the issuer's keys come from.
        public let keys: KeySource
        /// The headers in which a token is looked for.
        public let fromHeaders: [TokenHeader]
        /// The query parameters in which a token is looked for.
        public let fromParameters: [AuthorizationPolicy.LocatedValue]
        /// The cookies in which a token is looked for.
        public let fromCookies: [AuthorizationPolicy.LocatedValue]
        /// The header in which the token's verified payload goes upstream, or nil.
        public let outputPayloadToHeader: AuthorizationPolicy.LocatedValue?
        /// Whether the token itself goes upstream.
        public let forwardsOriginalToken: Bool
        /// The claims that go upstream in headers of their own.
        public let outputClaims: [ClaimHeader]
        /// How long fetching the keys may take.
        public let timeout: Duration
        /// Claims beside `scope` and `permission` that are lists separated by spaces.
        public let spaceDelimitedClaims: [AuthorizationPolicy.LocatedValue]
        /// Where the rule begins.
        public let location: SourceLocation
    }

    /// Where an issuer's keys come from.
    public enum KeySource: Sendable, Hashable {
        /// A key set (RFC 7517) written out in the resource.
        case inline(AuthorizationPolicy.LocatedValue)
        /// A URL of `http` or `https` that serves a key set.
        case url(AuthorizationPolicy.LocatedValue)
        /// Found through the issuer's own `/.well-known/openid-configuration`.
        case discovery
        /// The JWT bundle of the trust domain that `issuer` names by its SPIFFE ID: the tokens are JWT-SVIDs.
        case trustDomain(TrustDomain)
    }

    /// A header in which a token is looked for.
    public struct TokenHeader: Sendable, Hashable {
        /// The header's name, as written.
        public let name: AuthorizationPolicy.LocatedValue
        /// What stands before the token, such as `Bearer `; empty for nothing.
        public let prefix: String
    }

    /// A claim that goes upstream in a header.
    public struct ClaimHeader: Sendable, Hashable {
        /// The header's name, as written.
        public let header: AuthorizationPolicy.LocatedValue
        /// The claim's name; a point leads into a nested claim.
        public let claim: AuthorizationPolicy.LocatedValue
    }

    /// Whether it concerns a workload, given the namespace whose resources concern all namespaces.
    public func applies(to workload: Workload, rootNamespace: String) -> Bool {
        guard targetReferences.isEmpty, namespace == workload.namespace || namespace == rootNamespace else {
            return false
        }
        return selector.allSatisfy { workload.labels[$0.key] == $0.value }
    }
}
