public import FoundationEssentials
public import ZeroTrust

/// A verified JWT-SVID: a short token that says which workload sends it, and to whom.
///
/// There is no other way to one than by verifying: the signature by the bundle of the subject's own trust domain, the
/// audience, the times, and every rule of the JWT-SVID specification. Where readers of tokens disagree, the strict
/// answer holds: nothing in the header but `alg`, `kid` and `typ`, a `kid` that is there, no name twice, a subject with
/// a path, and no second of grace after `exp`.
///
/// ```swift
/// let svid = try JWTSVID(token, audiences: ["payments"], bundles: bundles, at: Date())
/// print(svid.id)
/// ```
public struct JWTSVID: Sendable {
    /// The workload: the claim `sub`.
    public let id: SPIFFEID
    /// For whom the token is meant: the claim `aud`.
    public let audiences: [String]
    /// The end of its life: the claim `exp`.
    public let expiresAt: Date
    /// When it was issued: the claim `iat`, or nil where it does not say.
    public let issuedAt: Date?
    /// The token's own name: the claim `jti`, or nil where it has none.
    public let tokenID: String?
    /// The key that signed it.
    public let keyID: String
    /// All claims, as a JSON object.
    public let claims: String
    /// The token itself.
    public let token: Redacted<String>

    /// How far another's clock may run ahead, in seconds, when a token says from when on it holds.
    public static let leeway: Double = 10

    /// Verifies a token.
    ///
    /// - Parameters:
    ///   - token: the JWS in compact form.
    ///   - audiences: the names of whoever verifies; the token must be meant for one of them.
    ///   - bundles: the keys of the trust domains that are believed.
    ///   - now: the time of day.
    /// - Throws: ``TokenRefusal`` with the rule that the token breaks.
    public init(
        _ token: String,
        audiences: Set<String>,
        bundles: JWTBundleSet,
        at now: Date
    ) throws(TokenRefusal) {
        let compact = try CompactToken(token)
        let profile = try JWTSVIDProfile(compact)
        guard let bundle = bundles[profile.id.trustDomain] else {
            throw TokenRefusal(.noKeys, "there is no JWT bundle of the trust domain `\(profile.id.trustDomain)`")
        }
        guard let key = bundle.keys[profile.keyID], key.isFor(compact.algorithm) else {
            throw TokenRefusal(
                .unknownKey,
                "the bundle of `\(profile.id.trustDomain)` has no such key for \(compact.algorithm.rawValue)"
            )
        }
        guard key.verifies(compact.signature, of: compact.signedBytes, compact.algorithm) else {
            throw TokenRefusal(.badSignature, "the key that the token names did not make its signature")
        }
        guard !audiences.isDisjoint(with: compact.audiences) else {
            throw TokenRefusal(.wrongAudience, "the token is meant for others")
        }
        try profile.checkTimes(at: now)
        self.id = profile.id
        self.audiences = compact.audiences
        self.expiresAt = Date(timeIntervalSince1970: profile.expiresAt)
        self.issuedAt = profile.issuedAt.map { Date(timeIntervalSince1970: $0) }
        self.tokenID = profile.tokenID
        self.keyID = profile.keyID
        self.claims = StrictJSON.object(compact.payload).text
        self.token = Redacted(token)
    }
}
