import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate authority of the web, and the certificate of a server by it; all in PEM.
package struct WebCertificates {
    package let authority: String
    package let certificate: String
    package let key: String

    /// A certificate for an address, four bytes, for an hour.
    package init(for address: [UInt8] = [127, 0, 0, 1]) throws {
        let (authorityKey, serverKey) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        let name = try DistinguishedName { CommonName("the web") }
        func certificate(
            of key: P256.Signing.PublicKey,
            _ subject: DistinguishedName,
            _ extensions: Certificate.Extensions
        ) throws -> String {
            let certificate = try Certificate(
                version: .v3,
                serialNumber: .init(),
                publicKey: .init(key),
                notValidBefore: Date() - 60,
                notValidAfter: Date() + 3600,
                issuer: name,
                subject: subject,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: extensions,
                issuerPrivateKey: .init(authorityKey)
            )
            return try certificate.serializeAsPEM().pemString
        }
        authority = try certificate(
            of: authorityKey.publicKey,
            name,
            .init {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            }
        )
        self.certificate = try certificate(
            of: serverKey.publicKey,
            DistinguishedName { CommonName("server") },
            .init {
                Critical(KeyUsage(digitalSignature: true))
                SubjectAlternativeNames([.ipAddress(ASN1OctetString(contentBytes: address[...]))])
            }
        )
        key = serverKey.pemRepresentation
    }
}
