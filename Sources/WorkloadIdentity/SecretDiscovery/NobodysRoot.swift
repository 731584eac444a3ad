import Crypto
import FoundationEssentials
import SPIFFE
import SwiftASN1
import X509

/// A root that vouches for nobody: its key was thrown away as soon as it was made.
///
/// For readers to whom no root at all means that nothing is checked.
enum NobodysRoot {
    /// The certificate as PEM, made once in a process.
    static let pem = Result { () throws -> String in
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName([
            .init(type: .RDNAttributeType.commonName, utf8String: "Lapwing: nobody is believed")
        ])
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(bytes: CertificateProfile.serialNumber()),
            publicKey: Certificate.PublicKey(key.publicKey),
            notValidBefore: Date(timeIntervalSince1970: 0),
            notValidAfter: Date(timeIntervalSince1970: 1),
            issuer: name,
            subject: name,
            extensions: try Certificate.Extensions([
                Certificate.Extension(BasicConstraints.isCertificateAuthority(maxPathLength: 0), critical: true),
                Certificate.Extension(KeyUsage(keyCertSign: true), critical: true),
            ]),
            issuerPrivateKey: Certificate.PrivateKey(key)
        )
        return PEM.encode(try CertificateProfile.der(certificate), type: "CERTIFICATE")
    }
}
