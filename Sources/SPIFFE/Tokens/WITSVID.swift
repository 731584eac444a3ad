public import FoundationEssentials
public import X509
public import ZeroTrust

/// A verified WIT-SVID: which workload holds which key, as its trust domain vouches (WIT-SVID §2–§4).
///
/// It proves nothing of whoever sends it: the token may be copied, and only a signature by the key that it names shows
/// that the sender is the workload. Whoever accepts one asks for that proof, by ``publicKey``.
///
/// ```swift
/// let svid = try WITSVID(token, bundles: [domain: bundle], at: Date())
/// guard proof.isSigned(by: svid.publicKey) else { … }
/// ```
public struct WITSVID: Sendable {
    /// The workload: the claim `sub`.
    public let id: SPIFFEID
    /// The end of its life: the claim `exp`.
    public let expiresAt: Date
    /// The token's own name: the claim `jti`, or nil where it has none.
    public let tokenID: String?
    /// The key that signed it.
    public let keyID: String
    /// The workload's key: the claim `cnf`.
    public let publicKey: Certificate.PublicKey
    /// The algorithm of the workload's proofs.
    public let algorithm: SignatureAlgorithm

    /// Verifies a token.
    ///
    /// - Parameters:
    ///   - token: the JWS in compact form.
    ///   - bundles: the trust domains that are believed; only their keys for WIT-SVIDs count.
    ///   - now: the time of day.
    /// - Throws: ``TokenRefusal`` with the rule that the token breaks.
    public init(_ token: String, bundles: [TrustDomain: SPIFFEBundle], at now: Date) throws(TokenRefusal) {
        let compact = try CompactToken(token)
        try Self.check(compact)
        guard let keyID = compact.keyID, !keyID.isEmpty else {
            throw TokenRefusal(.headerNotAllowed, "the token's header names no key (`kid`)")
        }
        let id = try Self.subject(compact)
        (self.publicKey, self.algorithm) = try Self.confirmation(compact)
        guard let bundle = bundles[id.trustDomain] else {
            throw TokenRefusal(.noKeys, "there is no bundle of the trust domain `\(id.trustDomain)`")
        }
        guard let authority = bundle.witAuthorities.first(where: { $0.keyID.utf8.elementsEqual(keyID.utf8) }),
            let key = TokenKey(keyID: keyID, authority.publicKey), key.isFor(compact.algorithm)
        else {
            throw TokenRefusal(
                .unknownKey,
                "the bundle of `\(id.trustDomain)` has no such key for WIT-SVIDs and \(compact.algorithm.rawValue)"
            )
        }
        guard key.verifies(compact.signature, of: compact.signedBytes, compact.algorithm) else {
            throw TokenRefusal(.badSignature, "the key that the token names did not make its signature")
        }
        self.expiresAt = Date(timeIntervalSince1970: try Self.expiry(compact, at: now))
        self.id = id
        self.keyID = keyID
        self.tokenID = compact.payload["jti"]?.string
    }

    /// §2.2, §2.3, §3.8.
    private static func check(_ token: CompactToken) throws(TokenRefusal) {
        guard token.algorithm != .edDSA else {
            throw TokenRefusal(.unsupportedAlgorithm, "a WIT-SVID is not signed with `EdDSA`")
        }
        guard token.header["typ"]?.string == "wit+jwt" else {
            throw TokenRefusal(.headerNotAllowed, "a WIT-SVID's `typ` is `wit+jwt`")
        }
        guard token.payload["aud"] == nil else {
            throw TokenRefusal(.wrongAudience, "a WIT-SVID names no audience (`aud`): the proof beside it does")
        }
        if let name = token.payload["jti"], name.string == nil {
            throw TokenRefusal(.malformed, "the token's `jti` is no string")
        }
    }

    /// §3.1.
    private static func subject(_ token: CompactToken) throws(TokenRefusal) -> SPIFFEID {
        guard let text = token.payload["sub"]?.string else {
            throw TokenRefusal(.invalidSubject, "the token has no `sub`")
        }
        let id: SPIFFEID
        do { id = try SPIFFEID(text) } catch {
            throw TokenRefusal(.invalidSubject, "the token's `sub` is no SPIFFE ID")
        }
        guard !id.path.isEmpty else {
            throw TokenRefusal(.invalidSubject, "the token's `sub` names a trust domain and no workload")
        }
        return id
    }

    /// §3.2: the workload's public key, and the one algorithm that it is for.
    private static func confirmation(
        _ token: CompactToken
    ) throws(TokenRefusal) -> (Certificate.PublicKey, SignatureAlgorithm) {
        guard let jwk = token.payload["cnf"]?.object?["jwk"]?.object else {
            throw TokenRefusal(.malformed, "the token has no `cnf` with a `jwk`")
        }
        guard !TokenKey.holdsSecret(jwk) else {
            throw TokenRefusal(.malformed, "the key in the token's `cnf` is a private one, which is public now")
        }
        guard let algorithm = jwk["alg"]?.string.flatMap({ SignatureAlgorithm(rawValue: $0) }), algorithm != .edDSA
        else {
            throw TokenRefusal(
                .unsupportedAlgorithm,
                "the key in the token's `cnf` names no algorithm that is accepted"
            )
        }
        do { return (try TokenKey(jwk).publicKey, algorithm) } catch {
            throw TokenRefusal(.malformed, "the key in the token's `cnf` cannot be used: \(error.message)")
        }
    }

    /// §3.4, §3.5; `iat` does not count (§3.6).
    private static func expiry(_ token: CompactToken, at now: Date) throws(TokenRefusal) -> Double {
        let now = now.timeIntervalSince1970
        guard let expiresAt = token.expiresAt else { throw TokenRefusal(.neverExpires, "the token has no `exp`") }
        guard expiresAt <= JWTSVIDProfile.lastMoment else {
            throw TokenRefusal(.malformed, "the token's `exp` is no time that can come")
        }
        guard now < expiresAt else { throw TokenRefusal(.expired, "the token has expired") }
        if let notBefore = token.notBefore, notBefore > now + JWTSVID.leeway {
            throw TokenRefusal(.notYetValid, "the token is not valid yet")
        }
        return expiresAt
    }
}
