package import Crypto
import FoundationEssentials
import SPIFFE
import SwiftASN1
package import X509
import ZeroTrust

/// The two certificates that an authority makes: its own, and an X.509-SVID's (X509-SVID §3 and §4).
package enum CertificateProfile {
    /// The shortest encoding of the extensions of a leaf, ready but for the names and the key.
    static func leafExtensions(
        id: SPIFFEID,
        dnsNames: [String],
        isSubjectEmpty: Bool,
        key: P256.Signing.PublicKey,
        issuerKeyIdentifier: [UInt8],
        model: ModelClaim? = nil
    ) throws -> Certificate.Extensions {
        let names: [GeneralName] = [.uniformResourceIdentifier(id.description)] + dnsNames.map { .dnsName($0) }
        var extensions = try Certificate.Extensions([
            Certificate.Extension(BasicConstraints.notCertificateAuthority, critical: true),
            Certificate.Extension(KeyUsage(digitalSignature: true), critical: true),
            Certificate.Extension(ExtendedKeyUsage([.serverAuth, .clientAuth]), critical: false),
            Certificate.Extension(
                SubjectKeyIdentifier(keyIdentifier: keyIdentifier(of: key)[...]),
                critical: false
            ),
            Certificate.Extension(
                AuthorityKeyIdentifier(keyIdentifier: issuerKeyIdentifier[...]),
                critical: false
            ),
            // RFC 5280 §4.2.1.6: critical where the subject is empty.
            Certificate.Extension(SubjectAlternativeNames(names), critical: isSubjectEmpty),
        ])
        if let model { try extensions.append(ModelExtension.encode(model)) }
        return extensions
    }

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
    static func serialNumber() -> Certificate.SerialNumber {
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
        return Certificate.SerialNumber(bytes: bytes)
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
