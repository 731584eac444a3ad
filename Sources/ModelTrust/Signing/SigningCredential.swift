public import SPIFFE
import SwiftASN1
import X509
import ZeroTrust

/// What a model is signed with: a key, and what says whose it is.
public struct SigningCredential: Sendable {
    let key: SignerPrivateKey
    /// The certificates in DER, the signer's first; none where the key speaks for itself.
    let certificates: [[UInt8]]

    /// A key that verifiers have to hold.
    public init(key: SignerPrivateKey) {
        self.key = key
        certificates = []
    }

    /// A key with its certificate and those above it, in PEM.
    ///
    /// - Throws: ``ModelRefusal`` where the certificate is of another key, or not for signing.
    public init(key: SignerPrivateKey, certificatesPEM texts: [String]) throws(ModelRefusal) {
        var der: [[UInt8]] = []
        for text in texts {
            guard let blocks = try? PEMDocument.parseMultiple(pemString: text) else {
                throw ModelRefusal(.untrustedCertificate, "the certificates are no PEM text")
            }
            for block in blocks where block.discriminator == "CERTIFICATE" && !der.contains(block.derBytes) {
                der.append(block.derBytes)
            }
        }
        let chain = try CertificateChain(der: der)
        guard try chain.signerKey().fingerprint == key.publicKey.fingerprint else {
            throw ModelRefusal(.otherKey, "the first certificate is of another key than the private key")
        }
        try CertificateUsage.codeSigning.check(leaf: chain.leaf)
        self.key = key
        certificates = der
    }

    /// A workload's SVID: its SPIFFE ID is who signs.
    ///
    /// - Throws: ``ModelRefusal`` where its key is not of a kind that signs models.
    public init(svid: X509SVID) throws(ModelRefusal) {
        key = try SignerPrivateKey(pkcs8: svid.keyPKCS8.value)
        certificates = svid.certificatesDER
    }
}
