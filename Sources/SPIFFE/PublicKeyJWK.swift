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

    /// RFC 8017 appendix A.1.
    private static let rsaEncryption: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 1, 1]

    /// Builds an RSA key from its numbers through SubjectPublicKeyInfo, whose decoder checks it (RFC 8017 §A.1.1).
    static func rsa(modulus: [UInt8], exponent: [UInt8]) throws -> Certificate.PublicKey {
        var numbers = DER.Serializer()
        numbers.appendConstructedNode(identifier: .sequence) { key in
            for number in [modulus, exponent] {
                key.appendPrimitiveNode(identifier: .integer) { bytes in
                    let digits = number.drop { $0 == 0 }
                    if digits.isEmpty || (digits.first ?? 0) & 0x80 != 0 { bytes.append(0) }
                    bytes.append(contentsOf: digits)
                }
            }
        }
        let encoded = numbers.serializedBytes
        var information = DER.Serializer()
        try information.appendConstructedNode(identifier: .sequence) { outer in
            try outer.appendConstructedNode(identifier: .sequence) { algorithm in
                try algorithm.serialize(rsaEncryption)
                try algorithm.serialize(ASN1Null())
            }
            try outer.serialize(ASN1BitString(bytes: encoded[...]))
        }
        return try Certificate.PublicKey(derEncoded: information.serializedBytes)
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
