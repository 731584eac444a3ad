/// Writes public keys as a JWK set (RFC 7517 §5).
package enum JWKSet {
    /// The document, always in the same bytes for the same keys.
    ///
    /// - Parameters:
    ///   - keys: the keys, in the order in which they stand.
    ///   - use: the value of each key's `use`: `jwt-svid` between trust domains, `sig` for OpenID Connect.
    ///   - algorithms: the one algorithm of a key by its ID, where it is to be named in `alg`.
    /// - Returns: JSON.
    package static func text(_ keys: [TokenAuthority], use: String, algorithms: [String: SignatureAlgorithm] = [:])
        -> String
    {
        let entries = keys.map { entry($0, use: use, algorithm: algorithms[$0.keyID]) }
        return JSONText.write(.object(["keys": .array(entries)]))
    }

    /// One key of a set.
    static func entry(_ key: TokenAuthority, use: String, algorithm: SignatureAlgorithm? = nil) -> JSONText.Value {
        var members = PublicKeyJWK.members(of: key.publicKey)
        members["kid"] = .string(key.keyID)
        members["use"] = .string(use)
        if let algorithm { members["alg"] = .string(algorithm.rawValue) }
        return .object(members)
    }

    /// Whether a key is of RSA.
    package static func isRSA(_ key: TokenAuthority) -> Bool {
        if case .string("RSA")? = PublicKeyJWK.members(of: key.publicKey)["kty"] { true } else { false }
    }
}
