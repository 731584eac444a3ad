import Resources
import SPIFFE
public import ZeroTrust

/// One issuer whose tokens a workload accepts, ready to verify them.
public struct TokenRule: Sendable {
    /// Where the issuer's keys come from.
    public enum Keys: Sendable {
        /// They are part of the configuration.
        case inline(TokenKeySet)
        /// They are served at a URL; for an issuer that is to be asked for the place of its keys, the URL of its
        /// `/.well-known/openid-configuration`.
        case url(String)
        /// The JWT bundle of a trust domain: the tokens are JWT-SVIDs of its workloads.
        case trustDomain(TrustDomain)
    }

    /// A place in a request where a token may stand.
    public enum Place: Sendable, Hashable {
        /// A header, by its name in lower case, after a prefix.
        case header(String, prefix: String)
        /// A query parameter.
        case parameter(String)
        /// A cookie.
        case cookie(String)
    }

    /// The issuer that a token must name in `iss`, or nil where any that the keys sign for will do.
    ///
    /// Of a trust domain's JWT-SVIDs it is the trust domain's SPIFFE ID, which policies see as the issuer whatever the
    /// token's own `iss` says: what counts there is the subject's trust domain.
    public var issuer: String?
    /// The audiences of which a token must name one; empty for any.
    public var audiences: Set<String>
    /// Where the issuer's keys come from.
    public var keys: Keys
    /// Where a token may stand.
    public var places: [Place]
    /// Whether the token itself goes upstream.
    public var forwardsToken: Bool
    /// The header, in lower case, in which the verified payload goes upstream, or nil.
    public var payloadHeader: String?
    /// The claims that go upstream in headers of their own: names in lower case, and the names that lead to a claim.
    public var claimHeaders: [(header: String, claim: [String])]
    /// The claims whose text is a list of words.
    public var spaceDelimited: Set<String>

    /// The places that are looked at where a rule names none: `Authorization: Bearer` and `?access_token=`.
    public static let defaultPlaces: [Place] = [
        .header("authorization", prefix: "Bearer "), .parameter("access_token"),
    ]

    /// A rule; what is not said is as Istio has it.
    public init(
        issuer: String?,
        audiences: Set<String> = [],
        keys: Keys,
        places: [Place] = TokenRule.defaultPlaces,
        forwardsToken: Bool = false,
        payloadHeader: String? = nil,
        claimHeaders: [(header: String, claim: [String])] = [],
        spaceDelimited: Set<String> = TokenClaims.spaceDelimited
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.keys = keys
        self.places = places
        self.forwardsToken = forwardsToken
        self.payloadHeader = payloadHeader
        self.claimHeaders = claimHeaders
        self.spaceDelimited = spaceDelimited
    }

    /// Whether the rule is for a token: by its issuer or, for JWT-SVIDs, by the trust domain of its subject.
    func concerns(_ token: CompactToken) -> Bool {
        if case .trustDomain(let trustDomain) = keys {
            let id = token.payload["sub"]?.string.flatMap { try? SPIFFEID($0) }
            return id?.trustDomain == trustDomain
        }
        guard let issuer = token.issuer else { return false }
        // Whoever may say any issuer may not say a trust domain: policies would take its tokens for JWT-SVIDs.
        return self.issuer.map { $0 == issuer } ?? !issuer.hasPrefix("spiffe:")
    }

    /// The trust domain whose JWT-SVIDs the rule is for; nil for other tokens.
    var trustDomain: TrustDomain? { if case .trustDomain(let domain) = keys { domain } else { nil } }

    /// The rule that a `RequestAuthentication` declares.
    ///
    /// - Throws: `ResourceError` where its key set has no usable key.
    public init(_ rule: RequestAuthentication.JWTRule) throws {
        let keys: Keys
        switch rule.keys {
        case .inline(let text):
            keys = .inline(try TokenKeySet(json: Array(text.text.utf8), at: text.location))
        case .url(let url): keys = .url(url.text)
        case .trustDomain(let domain): keys = .trustDomain(domain)
        case .discovery:
            let issuer = rule.issuer?.text ?? ""
            keys = .url((issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + Self.discoveryPath)
        }
        // Envoy looks at headers in the order of their names, then at parameters, then at cookies.
        let headers = rule.fromHeaders.map { (name: $0.name.text.lowercased(), prefix: $0.prefix) }
            .sorted { $0.name + $0.prefix < $1.name + $1.prefix }
        let places =
            headers.map { Place.header($0.name, prefix: $0.prefix) }
            + rule.fromParameters.map(\.text).sorted().map { .parameter($0) }
            + rule.fromCookies.map(\.text).sorted().map { .cookie($0) }
        self.init(
            issuer: rule.issuer?.text,
            audiences: Set(rule.audiences.map(\.text)),
            keys: keys,
            places: places.isEmpty ? Self.defaultPlaces : places,
            forwardsToken: rule.forwardsOriginalToken,
            payloadHeader: rule.outputPayloadToHeader?.text.lowercased(),
            claimHeaders: rule.outputClaims.map {
                ($0.header.text.lowercased(), $0.claim.text.split(separator: ".").map(String.init))
            },
            spaceDelimited: TokenClaims.spaceDelimited.union(rule.spaceDelimitedClaims.map(\.text))
        )
    }

    /// Where an issuer says where its keys are (OpenID Connect Discovery 1.0 §4).
    public static let discoveryPath = "/.well-known/openid-configuration"
}
