public import X509

/// A public key that signs tokens of a trust domain, under its key ID (JWT-SVID §6, WIT-SVID §6.1).
public struct TokenAuthority: Hashable, Sendable {
    /// What a token's `kid` names.
    public let keyID: String
    /// The key.
    public let publicKey: Certificate.PublicKey

    /// A key under its ID.
    ///
    /// - Throws: ``SVIDError`` where the ID is empty.
    public init(keyID: String, publicKey: Certificate.PublicKey) throws(SVIDError) {
        guard !keyID.isEmpty else { throw SVIDError(.malformedBundle, "a token-signing key has no `kid`") }
        self.keyID = keyID
        self.publicKey = publicKey
    }

    /// Reads an EC or RSA public key in JWK form (RFC 7518 §6.2, §6.3).
    ///
    /// Returns nil for another kind, which is to be ignored (Trust Domain and Bundle §4.2).
    init?(jwk: [String: StrictJSON]) throws(SVIDError) {
        guard let kind = jwk["kty"]?.string, kind == "EC" || kind == "RSA" else { return nil }
        guard let keyID = jwk["kid"]?.string else {
            throw SVIDError(.malformedBundle, "a token-signing key has no `kid`")
        }
        // Whoever has read the bundle can sign by it.
        guard !TokenKey.holdsSecret(jwk) else {
            throw SVIDError(
                .malformedBundle,
                "the token-signing key `\(keyID.prefix(100))` is a private one, which is public now; it has to be replaced"
            )
        }
        do {
            let key = try TokenKey(jwk.filter { $0.key != "use" })
            try self.init(keyID: keyID, publicKey: key.publicKey)
        } catch let error as SVIDError {
            throw error
        } catch {
            let reason = (error as? TokenKey.Problem)?.message ?? "it is no valid public key"
            throw SVIDError(.malformedBundle, "a token-signing key cannot be used: \(reason)")
        }
    }
}
