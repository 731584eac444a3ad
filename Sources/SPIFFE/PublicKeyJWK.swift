import Crypto
import SwiftASN1
import X509

/// Public keys as JWK members (RFC 7518 §6.2, §6.3).
enum PublicKeyJWK {
    /// The members that hold the key itself: `kty` and its numbers; none for a kind that is not known.
    static func members(of publicKey: Certificate.PublicKey) -> [String: JSONText.Value] {
        if let key = P256.Signing.PublicKey(publicKey) { return ec("P-256", Array(key.rawRepresentation)) }
        if let key = P384.Signing.PublicKey(publicKey) { return ec("P-384", Array(key.rawRepresentation)) }
        if let key = P521.Signing.PublicKey(publicKey) { return ec("P-521", Array(key.rawRepresentation)) }
        if let key = Curve25519.Signing.PublicKey(publicKey) {
            return [
                "kty": .string("OKP"), "crv": .string("Ed25519"),
                "x": .string(Base64.encodeURL(key.rawRepresentation)),
            ]
        }
        guard let (modulus, exponent) = rsaNumbers(publicKey) else { return [:] }
        return [
            "kty": .string("RSA"), "n": .string(Base64.encodeURL(modulus)), "e": .string(Base64.encodeURL(exponent)),
        ]
    }

    private static func ec(_ curve: String, _ point: [UInt8]) -> [String: JSONText.Value] {
        [
            "kty": .string("EC"), "crv": .string(curve),
            "x": .string(Base64.encodeURL(point[..<(point.count / 2)])),
            "y": .string(Base64.encodeURL(point[(point.count / 2)...])),
        ]
    }

    private static func rsaNumbers(_ key: Certificate.PublicKey) -> (modulus: [UInt8], exponent: [UInt8])? {
        guard let root = try? DER.parse(Array(key.subjectPublicKeyInfoBytes)) else { return nil }
        return try? DER.sequence(root, identifier: .sequence) { numbers in
            let modulus = try ArraySlice<UInt8>(derEncoded: &numbers)
            let exponent = try ArraySlice<UInt8>(derEncoded: &numbers)
            return (Array(modulus.drop { $0 == 0 }), Array(exponent.drop { $0 == 0 }))
        }
    }
}
