import SwiftASN1
import X509

/// What a certificate's key has to be meant for.
enum CertificateUsage: Sendable {
    /// Signing models.
    case codeSigning
    /// Signing timestamps (RFC 3161 §2.3).
    case timeStamping

    private var purpose: ExtendedKeyUsage.Usage { self == .codeSigning ? .codeSigning : .timeStamping }
    private var inWords: String { self == .codeSigning ? "code signing" : "time stamping" }

    /// Checks the certificate of whoever signs.
    func check(leaf: Certificate) throws(ModelRefusal) {
        let usage = try Self.field { try leaf.extensions.keyUsage }
        if let usage, !usage.digitalSignature {
            throw Self.refuse("the signer's certificate does not allow digital signatures (KeyUsage)")
        }
        if case .some(.isCertificateAuthority) = try Self.field({ try leaf.extensions.basicConstraints }),
            usage?.keyCertSign ?? true
        {
            throw Self.refuse("the signer's certificate is an authority's")
        }
        guard let purposes = try Self.field({ try leaf.extensions.extendedKeyUsage }), purposes.contains(purpose) else {
            throw Self.refuse("the signer's certificate is not for \(inWords) (ExtendedKeyUsage)")
        }
        if self == .timeStamping,
            purposes.count != 1 || leaf.extensions[oid: .X509ExtensionID.extendedKeyUsage]?.critical != true
        {
            throw Self.refuse("the timestamp's certificate is for more than time stamping")
        }
    }

    /// Checks an authority between the signer's and the trusted one.
    func check(issuer: Certificate, isAnchor: Bool) throws(ModelRefusal) {
        guard case .some(.isCertificateAuthority) = try Self.field({ try issuer.extensions.basicConstraints }) else {
            throw Self.refuse("an issuer in the chain is not a certificate authority")
        }
        if let usage = try Self.field({ try issuer.extensions.keyUsage }), !usage.keyCertSign {
            throw Self.refuse("an issuer in the chain may not sign certificates (KeyUsage)")
        }
        if !isAnchor, let purposes = try Self.field({ try issuer.extensions.extendedKeyUsage }),
            !purposes.contains(purpose), !purposes.contains(.any)
        {
            throw Self.refuse("an issuer in the chain is not for \(inWords) (ExtendedKeyUsage)")
        }
    }

    private static func refuse(_ message: String) -> ModelRefusal { ModelRefusal(.untrustedCertificate, message) }

    private static func field<Field>(_ read: () throws -> Field) throws(ModelRefusal) -> Field {
        do { return try read() } catch { throw refuse("an extension of a certificate does not decode") }
    }
}
