import SwiftASN1
import X509

/// The authorities whose certificates may sign models, and which of them: there are none by default, and never the
/// web's.
public struct CertificateTrust: Sendable {
    /// Where a chain may end: the self-signed ones.
    let anchors: [Certificate]
    /// What helps a chain on its way.
    let intermediates: [Certificate]
    /// Who may sign; nil for anybody with a certificate.
    let identities: [IdentityPattern]?

    /// Trust in the self-signed certificates of some PEM text; others help to find a path to them.
    ///
    /// - Throws: ``ModelRefusal`` where there is no self-signed one.
    public init(pem texts: [String], identities: [IdentityPattern]? = nil) throws(ModelRefusal) {
        var certificates: [Certificate] = []
        for text in texts {
            guard text.utf8.count <= 4 << 20, let blocks = try? PEMDocument.parseMultiple(pemString: text) else {
                throw ModelRefusal(.untrustedCertificate, "the trusted certificates are no PEM text")
            }
            for block in blocks where block.discriminator == "CERTIFICATE" {
                certificates.append(try CertificateChain.decode(block.derBytes))
            }
        }
        let isAnchor = { (certificate: Certificate) in
            certificate.issuer == certificate.subject
                && certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
        }
        anchors = certificates.filter(isAnchor)
        intermediates = certificates.filter { !isAnchor($0) }
        self.identities = identities
        guard !certificates.isEmpty else {
            throw ModelRefusal(
                .untrustedCertificate,
                "no certificate was given to trust: there is no `CERTIFICATE` block"
            )
        }
        guard !anchors.isEmpty else {
            throw ModelRefusal(
                .untrustedCertificate,
                "there is no self-signed certificate among the trusted ones, and a chain has to end in one"
            )
        }
        guard certificates.count <= CertificateChain.maximumLength * 4 else {
            throw ModelRefusal(.untrustedCertificate, "there are too many trusted certificates")
        }
    }
}
