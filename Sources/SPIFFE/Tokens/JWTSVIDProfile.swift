package import FoundationEssentials
package import ZeroTrust

/// What the JWT-SVID specification asks of a token beyond its signature and audience.
///
/// It proves nothing by itself: whoever reads it goes on to verify.
package struct JWTSVIDProfile: Sendable {
    /// The claim `sub`.
    package let id: SPIFFEID
    /// The header's `kid`.
    package let keyID: String
    /// Seconds since 1970.
    package let expiresAt: Double
    /// Seconds since 1970.
    package let notBefore: Double?
    /// Seconds since 1970.
    package let issuedAt: Double?
    /// The claim `jti`, by which one token is revoked; nil where it has none.
    package let tokenID: String?

    /// The end of the year 9999: a later `exp` is no time that anybody meant.
    static let lastMoment: Double = 253_402_300_799
    private static let maximumAudienceLength = 2048

    /// Checks the form of a token.
    ///
    /// - Throws: ``TokenRefusal`` with the rule that is broken.
    package init(_ token: CompactToken) throws(TokenRefusal) {
        // §2.1: the list has no EdDSA.
        guard token.algorithm != .edDSA else {
            throw TokenRefusal(.unsupportedAlgorithm, "a JWT-SVID is not signed with `EdDSA`")
        }
        // §2: nothing else may stand in the header.
        for name in token.header.keys.sorted() where !["alg", "kid", "typ"].contains(name) {
            throw TokenRefusal(.headerNotAllowed, "a JWT-SVID's header has no `\(name.prefix(40))`")
        }
        if let type = token.header["typ"], type.string != "JWT", type.string != "JOSE" {
            throw TokenRefusal(.headerNotAllowed, "a JWT-SVID's `typ` is `JWT` or `JOSE`")
        }
        guard let keyID = token.keyID, !keyID.isEmpty else {
            throw TokenRefusal(.headerNotAllowed, "the token's header names no key (`kid`)")
        }
        guard let subject = token.payload["sub"]?.string else {
            throw TokenRefusal(.invalidSubject, "the token has no `sub`")
        }
        do { self.id = try SPIFFEID(subject) } catch {
            throw TokenRefusal(.invalidSubject, "the token's `sub` is no SPIFFE ID")
        }
        guard !id.path.isEmpty else {
            throw TokenRefusal(.invalidSubject, "the token's `sub` names a trust domain and no workload")
        }
        guard !token.audiences.isEmpty,
            token.audiences.allSatisfy({ !$0.isEmpty && $0.utf8.count <= Self.maximumAudienceLength })
        else { throw TokenRefusal(.wrongAudience, "the token names no audience (`aud`), or an empty one") }
        guard let expiresAt = token.expiresAt else { throw TokenRefusal(.neverExpires, "the token has no `exp`") }
        guard expiresAt <= Self.lastMoment else {
            throw TokenRefusal(.malformed, "the token's `exp` is no time that can come")
        }
        self.keyID = keyID
        self.expiresAt = expiresAt
        self.notBefore = token.notBefore
        self.issuedAt = try CompactToken.time(token.payload, "iat")
        // RFC 7519 §4.1.7. One that is no string could not be revoked.
        if let name = token.payload["jti"], name.string == nil {
            throw TokenRefusal(.malformed, "the token's `jti` is no string")
        }
        self.tokenID = token.payload["jti"]?.string
    }

    /// Whether the token holds now.
    ///
    /// - Throws: ``TokenRefusal``: `expired`, `notYetValid`.
    package func checkTimes(at now: Date) throws(TokenRefusal) {
        let now = now.timeIntervalSince1970
        guard now < expiresAt else { throw TokenRefusal(.expired, "the token has expired") }
        for moment in [notBefore, issuedAt] {
            guard let moment else { continue }
            guard moment <= now + JWTSVID.leeway else {
                throw TokenRefusal(.notYetValid, "the token is not valid yet")
            }
        }
    }
}
