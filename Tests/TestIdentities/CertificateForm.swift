package import Foundation
import SwiftASN1
package import X509
package import ZeroTrust

/// What a test wants a certificate to say.
package struct CertificateForm {
    package var subject = DistinguishedName()
    package var names: [GeneralName] = []
    package var namesCritical = false
    package var basicConstraints: BasicConstraints?
    package var keyUsage: KeyUsage?
    package var keyUsageCritical = true
    package var extendedKeyUsage: [ExtendedKeyUsage.Usage]?
    package var nameConstraints: NameConstraints?
    package var others: [Certificate.Extension] = []
    package var notBefore: Date
    package var notAfter: Date

    /// A workload's certificate as it should be.
    package static func workload(_ uri: String, now: Date) -> CertificateForm {
        var form = CertificateForm(notBefore: now - 60, notAfter: now + 3600)
        form.subject = (try? DistinguishedName { CommonName("workload") }) ?? DistinguishedName()
        form.names = [.uniformResourceIdentifier(uri)]
        form.basicConstraints = .notCertificateAuthority
        form.keyUsage = KeyUsage(digitalSignature: true)
        form.extendedKeyUsage = [.serverAuth, .clientAuth]
        return form
    }

    /// An authority's certificate as it should be.
    package static func authority(of trustDomain: TrustDomain, now: Date) -> CertificateForm {
        var form = CertificateForm(notBefore: now - 3600, notAfter: now + 86400)
        form.subject = (try? DistinguishedName { CommonName("root of \(trustDomain)") }) ?? DistinguishedName()
        form.names = [.uniformResourceIdentifier("\(trustDomain.id)")]
        form.basicConstraints = .isCertificateAuthority(maxPathLength: nil)
        form.keyUsage = KeyUsage(keyCertSign: true, cRLSign: true)
        return form
    }

    /// The certificate, signed.
    package func signed(
        publicKey: Certificate.PublicKey,
        issuer: DistinguishedName,
        by key: Certificate.PrivateKey
    ) throws -> Certificate {
        var extensions = Certificate.Extensions()
        if let basicConstraints { try extensions.append(.init(basicConstraints, critical: true)) }
        if let keyUsage { try extensions.append(.init(keyUsage, critical: keyUsageCritical)) }
        if let extendedKeyUsage {
            try extensions.append(.init(try ExtendedKeyUsage(extendedKeyUsage), critical: false))
        }
        if let nameConstraints { try extensions.append(.init(nameConstraints, critical: true)) }
        if !names.isEmpty { try extensions.append(.init(SubjectAlternativeNames(names), critical: namesCritical)) }
        for other in others { try extensions.append(other) }
        return try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: publicKey,
            notValidBefore: notBefore,
            notValidAfter: notAfter,
            issuer: issuer,
            subject: subject,
            extensions: extensions,
            issuerPrivateKey: key
        )
    }
}
