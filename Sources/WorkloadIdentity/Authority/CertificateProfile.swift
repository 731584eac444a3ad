package import Crypto
import FoundationEssentials
import SPIFFE
import SwiftASN1
package import X509
import ZeroTrust

/// What the certificates have in common that an authority makes: its own (X509-SVID §3), and the leaves of ``LeafTemplate``.
package enum CertificateProfile {
    /// The extensions of an authority's certificate, which signs leaves and nothing else.
    static func authorityExtensions(
        trustDomain: TrustDomain,
        key: P256.Signing.PublicKey,
        issuerKeyIdentifier: [UInt8]
    ) throws -> Certificate.Extensions {
        try Certificate.Extensions([
            Certificate.Extension(
                BasicConstraints.isCertificateAuthority(maxPathLength: 0),
                critical: true
            ),
            Certificate.Extension(KeyUsage(keyCertSign: true, cRLSign: true), critical: true),
            Certificate.Extension(
                SubjectKeyIdentifier(keyIdentifier: keyIdentifier(of: key)[...]),
                critical: false
            ),
            Certificate.Extension(
                AuthorityKeyIdentifier(keyIdentifier: issuerKeyIdentifier[...]),
                critical: false
            ),
            Certificate.Extension(
                SubjectAlternativeNames([.uniformResourceIdentifier(trustDomain.id.description)]),
                critical: false
            ),
        ])
    }

    /// The key identifier of RFC 7093 §2 method 1: the leftmost 160 bits of the SHA-256 of the public key.
    package static func keyIdentifier(of key: P256.Signing.PublicKey) -> [UInt8] {
        Array(SHA256.hash(data: key.x963Representation).prefix(20))
    }

    /// A positive serial number of 127 random bits, whose first byte is never zero.
    static func serialNumber() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for var word in [random.next(), random.next()] as [UInt64] {
            for _ in 0..<8 {
                bytes.append(UInt8(truncatingIfNeeded: word >> 56))
                word <<= 8
            }
        }
        bytes[0] = bytes[0] & 0x7f | 0x40
        return bytes
    }

    /// The moment without its fraction of a second, which a certificate cannot hold.
    static func wholeSecond(_ date: Date) -> Date {
        Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }

    /// A certificate as DER.
    package static func der(_ certificate: Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}
