import SPIFFE

/// The claims that RFC 7519 (§4.1) gives a type, held to it as Envoy 1.40 does.
enum RegisteredClaims {
    /// Refuses a token whose claims are of another type than theirs.
    ///
    /// What a claim may be elsewhere than here is looked at where it is read: `iss`, `exp` and `nbf`, and the elements of
    /// `aud`.
    static func check(_ token: CompactToken) throws(TokenRefusal) {
        for name in ["sub", "jti"] {
            guard let claim = token.payload[name] else { continue }
            guard claim.string != nil else { throw TokenRefusal(.malformed, "the token's `\(name)` is no string") }
        }
        if case .null? = token.payload["aud"] { throw TokenRefusal(.malformed, "the token's `aud` is null") }
        for name in ["exp", "nbf", "iat"] {
            guard let seconds = try CompactToken.time(token.payload, name) else { continue }
            guard seconds < latest else { throw TokenRefusal(.malformed, "the token's `\(name)` is no time") }
        }
    }

    /// When a token expires to Envoy, which drops the fraction and then takes 0 for no time at all.
    static func expiryAsEnvoy(_ token: CompactToken) -> Double? {
        token.expiresAt.flatMap { $0 < 1 ? nil : $0 }
    }

    /// What no number of 64 bits reaches.
    private static let latest = 18_446_744_073_709_551_615.0
}
