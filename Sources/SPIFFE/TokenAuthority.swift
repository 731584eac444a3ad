import Crypto
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
        func field(_ name: String) throws(SVIDError) -> [UInt8] {
            guard let text = jwk[name]?.string, let bytes = Base64.decodeURL(text), !bytes.isEmpty else {
                throw SVIDError(.malformedBundle, "a token-signing key's `\(name)` is missing or not base64url")
            }
            return bytes
        }
        do {
            let key: Certificate.PublicKey
            switch (kind, jwk["crv"]?.string) {
            case ("RSA", _): key = try PublicKeyJWK.rsa(modulus: field("n"), exponent: field("e"))
            case (_, "P-256"):
                key = try .init(P256.Signing.PublicKey(x963Representation: [4] + field("x") + field("y")))
            case (_, "P-384"):
                key = try .init(P384.Signing.PublicKey(x963Representation: [4] + field("x") + field("y")))
            case (_, "P-521"):
                key = try .init(P521.Signing.PublicKey(x963Representation: [4] + field("x") + field("y")))
            default: throw SVIDError(.malformedBundle, "a token-signing key's curve is not known")
            }
            try self.init(keyID: keyID, publicKey: key)
        } catch let error as SVIDError {
            throw error
        } catch {
            throw SVIDError(.malformedBundle, "a token-signing key is not a valid public key")
        }
    }
}
