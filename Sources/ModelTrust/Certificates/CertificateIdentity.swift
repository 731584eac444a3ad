import SwiftASN1
import X509

/// The names that a certificate gives its holder.
enum CertificateIdentity {
    /// The subject alternative names that are mail addresses, URIs and DNS names, and the names that Fulcio puts under
    /// its own identifier.
    static func names(of certificate: Certificate) -> [String] {
        guard let names = try? certificate.extensions.subjectAlternativeNames else { return [] }
        return names.compactMap { name in
            switch name {
            case .rfc822Name(let name), .uniformResourceIdentifier(let name), .dnsName(let name): name
            case .otherName(let other) where other.typeID == [1, 3, 6, 1, 4, 1, 57264, 1, 7]:
                other.value.flatMap { try? ASN1UTF8String(asn1Any: $0) }.map { String($0) }
            default: nil
            }
        }
    }

    /// The names, or the subject where there are none.
    static func description(of certificate: Certificate) -> String {
        let names = names(of: certificate)
        return names.isEmpty ? "\(certificate.subject)" : names.joined(separator: ", ")
    }

    /// The first of a certificate's names that is among those allowed.
    static func first(of names: [String], among allowed: [IdentityPattern]) -> String? {
        names.first { allowed.match($0) }
    }

    /// The issuer of the token by which a Sigstore certificate was asked for (Fulcio's OID information).
    static func issuer(of certificate: Certificate) -> String? {
        if let issuer = certificate.extensions[oid: [1, 3, 6, 1, 4, 1, 57264, 1, 8]] {
            return (try? ASN1UTF8String(derEncoded: Array(issuer.value))).map { String($0) }
        }
        return certificate.extensions[oid: [1, 3, 6, 1, 4, 1, 57264, 1, 1]].flatMap {
            String(validating: $0.value, as: UTF8.self)
        }
    }
}
