import SwiftASN1
package import X509

/// Private keys as unencrypted PKCS#8 DER, the form of the Workload API (SPIFFE Workload API §5.2.1).
package enum PrivateKeyDER {
    /// The longest key that is looked at, in bytes.
    static let maximum = 16 * 1024

    /// Decodes a PKCS#8 key.
    static func decode(_ der: [UInt8]) throws(SVIDError) -> Certificate.PrivateKey {
        guard !der.isEmpty else { throw SVIDError(.malformedKey, "there is no private key") }
        guard der.count <= maximum else { throw SVIDError(.tooLarge, "the private key has \(der.count) bytes") }
        do {
            return try Certificate.PrivateKey(derBytes: der)
        } catch {
            throw SVIDError(.malformedKey, "the private key is not an unencrypted PKCS#8 key of a known kind")
        }
    }

    /// Encodes a key as PKCS#8.
    package static func encode(_ key: Certificate.PrivateKey) throws(SVIDError) -> [UInt8] {
        do {
            let document = try key.serializeAsPEM()
            switch document.discriminator {
            case "PRIVATE KEY": return document.derBytes
            case "RSA PRIVATE KEY":
                var serializer = DER.Serializer()
                try serializer.appendConstructedNode(identifier: .sequence) { key in
                    try key.serialize(0)
                    try key.appendConstructedNode(identifier: .sequence) { algorithm in
                        try algorithm.serialize(rsaEncryption)
                        try algorithm.serialize(ASN1Null())
                    }
                    try key.serialize(ASN1OctetString(contentBytes: document.derBytes[...]))
                }
                return serializer.serializedBytes
            default: throw SVIDError(.malformedKey, "the private key cannot be written as PKCS#8")
            }
        } catch let error as SVIDError {
            throw error
        } catch {
            throw SVIDError(.malformedKey, "the private key cannot be encoded")
        }
    }

    /// RFC 8017 appendix A.1.
    private static let rsaEncryption: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 1, 1]
}
