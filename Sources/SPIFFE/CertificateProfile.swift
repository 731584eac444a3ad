import SwiftASN1
import X509
import ZeroTrust

/// What an X.509-SVID's certificates look like (X.509-SVID §2-§4), apart from who signed them.
enum CertificateProfile {
    /// The most certificates in a chain, the leaf included.
    static let maximumChain = 8

    /// Decodes one certificate.
    static func decode(_ der: [UInt8]) throws(SVIDError) -> Certificate {
        guard der.count <= ConcatenatedDER.maximumCertificate else {
            throw SVIDError(
                .tooLarge,
                "a certificate has \(der.count) bytes; at most \(ConcatenatedDER.maximumCertificate) are allowed"
            )
        }
        do {
            return try Certificate(derEncoded: der)
        } catch {
            throw SVIDError(.malformedCertificate, "the bytes are not a DER certificate")
        }
    }

    /// Decodes an authority's certificate; nil where it is one, but with a key of a kind or size that is not used here.
    static func decode(authority der: [UInt8]) throws(SVIDError) -> Certificate? {
        do {
            return try decode(der)
        } catch {
            guard error.code == .malformedCertificate, isCertificate(der) else { throw error }
            return nil
        }
    }

    /// Whether the bytes have the outline of a certificate (RFC 5280 §4.1), whatever its key.
    private static func isCertificate(_ der: [UInt8]) -> Bool {
        func parts(_ node: ASN1Node?) -> [ASN1Node] {
            guard let node, node.identifier == .sequence, case .constructed(let parts) = node.content else { return [] }
            return Array(parts)
        }
        let certificate = parts(try? DER.parse(der))
        var fields = parts(certificate.first)[...]
        if fields.first?.identifier == ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific) {
            fields = fields.dropFirst()
        }
        let key = parts(fields.dropFirst(5).first)
        return certificate.map(\.identifier) == [.sequence, .sequence, .bitString]
            && fields.prefix(6).map(\.identifier) == [.integer] + Array(repeating: .sequence, count: 5)
            && key.map(\.identifier) == [.sequence, .bitString]
    }

    /// The certificate's bytes as they were signed and sent.
    static func encode(_ certificate: Certificate) throws(SVIDError) -> [UInt8] {
        do {
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            return serializer.serializedBytes
        } catch {
            throw SVIDError(.malformedCertificate, "the certificate cannot be encoded")
        }
    }

    /// Checks a whole chain's shape and returns the leaf's SPIFFE ID.
    static func check(chain: [Certificate]) throws(SVIDError) -> SPIFFEID {
        guard let leaf = chain.first else { throw SVIDError(.noCertificate, "there is no certificate") }
        guard chain.count <= maximumChain else {
            throw SVIDError(
                .chainTooLong,
                "the chain has \(chain.count) certificates; at most \(maximumChain) are looked at"
            )
        }
        let id = try check(leaf: leaf)
        for certificate in chain { try checkCriticalExtensions(certificate) }
        for issuer in chain.dropFirst() { try check(intermediate: issuer) }
        return id
    }

    /// The error for a chain of so many certificates.
    static func chainTooLong(_ count: Int) -> SVIDError {
        SVIDError(.chainTooLong, "the chain has \(count) certificates; at most \(maximumChain) are looked at")
    }

    /// Checks the rules for a leaf (X.509-SVID §2, §3.1, §4, §5.2) and returns its SPIFFE ID.
    static func check(leaf: Certificate) throws(SVIDError) -> SPIFFEID {
        try checkSignatureAlgorithm(leaf)
        let id = try spiffeID(of: leaf)
        guard let id else {
            throw SVIDError(.noURISAN, "the certificate has no URI among its subject alternative names")
        }
        guard !id.path.isEmpty else {
            throw SVIDError(.rootPath, "the SPIFFE ID `\(id)` names a trust domain and no workload")
        }
        if leaf.subject.isEmpty, leaf.extensions[oid: .X509ExtensionID.subjectAlternativeName]?.critical != true {
            throw SVIDError(
                .sanNotCritical,
                "the subject is empty, so the subject alternative names have to be critical"
            )
        }
        switch try field({ try leaf.extensions.basicConstraints }) {
        case .none: throw SVIDError(.noBasicConstraints, "the certificate has no BasicConstraints")
        case .some(.isCertificateAuthority):
            throw SVIDError(.leafIsCA, "the certificate is an authority's and not a workload's")
        case .some(.notCertificateAuthority): break
        }
        try checkKeyUsage(ofLeaf: leaf)
        if let usage = try field({ try leaf.extensions.extendedKeyUsage }),
            !(usage.contains(.serverAuth) && usage.contains(.clientAuth))
        {
            throw SVIDError(
                .extendedKeyUsage,
                "ExtendedKeyUsage has to hold both serverAuth and clientAuth where it is present"
            )
        }
        return id
    }

    private static func checkKeyUsage(ofLeaf leaf: Certificate) throws(SVIDError) {
        guard let usage = try field({ try leaf.extensions.keyUsage }) else {
            throw SVIDError(.noKeyUsage, "the certificate has no KeyUsage")
        }
        guard leaf.extensions[oid: .X509ExtensionID.keyUsage]?.critical == true else {
            throw SVIDError(.keyUsageNotCritical, "KeyUsage has to be critical")
        }
        guard usage.digitalSignature else {
            throw SVIDError(.noDigitalSignature, "KeyUsage has to hold digitalSignature")
        }
        guard !usage.keyCertSign else { throw SVIDError(.keyCertSign, "a workload's key must not sign certificates") }
        guard !usage.cRLSign else { throw SVIDError(.crlSign, "a workload's key must not sign revocation lists") }
    }

    /// Checks the rules for an issuer that a peer presents (X.509-SVID §3.2, §4.1).
    static func check(intermediate: Certificate) throws(SVIDError) {
        try checkSignatureAlgorithm(intermediate)
        try check(issuer: intermediate)
        guard try field({ try intermediate.extensions.keyUsage }) != nil else {
            throw SVIDError(.issuerWithoutKeyCertSign, "an intermediate authority has no KeyUsage")
        }
    }

    /// Checks the rules for every issuer, trust anchors included.
    static func check(issuer: Certificate) throws(SVIDError) {
        guard case .some(.isCertificateAuthority) = try field({ try issuer.extensions.basicConstraints }) else {
            throw SVIDError(.issuerNotCA, "an issuer of the chain is not a certificate authority")
        }
        if let usage = try field({ try issuer.extensions.keyUsage }), !usage.keyCertSign {
            throw SVIDError(.issuerWithoutKeyCertSign, "an issuer of the chain may not sign certificates")
        }
        if let id = try spiffeID(of: issuer), !id.path.isEmpty {
            throw SVIDError(.issuerWithPath, "an issuer's SPIFFE ID must not have a path; it is `\(id)`")
        }
    }

    /// The certificate's one SPIFFE ID, or nil where it has no URI.
    private static func spiffeID(of certificate: Certificate) throws(SVIDError) -> SPIFFEID? {
        guard let names = try field({ try certificate.extensions.subjectAlternativeNames }) else { return nil }
        var uri: String?
        for case .uniformResourceIdentifier(let name) in names {
            guard uri == nil else {
                throw SVIDError(
                    .twoURISANs,
                    "the certificate has more than one URI among its subject alternative names"
                )
            }
            uri = name
        }
        guard let uri else { return nil }
        do {
            return try SPIFFEID(uri)
        } catch {
            throw SVIDError(.invalidSPIFFEID, "the URI is not a SPIFFE ID: \(error)")
        }
    }

    /// Refuses a critical extension that nothing here understands (RFC 5280 §4.2).
    private static func checkCriticalExtensions(_ certificate: Certificate) throws(SVIDError) {
        for candidate in certificate.extensions where candidate.critical {
            guard understood.contains(candidate.oid) else {
                throw SVIDError(
                    .unknownCriticalExtension,
                    "the critical extension \(candidate.oid) is not understood"
                )
            }
        }
    }

    private static let understood: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.nameConstraints, .X509ExtensionID.keyUsage,
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.extendedKeyUsage,
    ]

    private static func checkSignatureAlgorithm(_ certificate: Certificate) throws(SVIDError) {
        guard certificate.signatureAlgorithm != .sha1WithRSAEncryption else {
            throw SVIDError(.weakSignature, "the certificate is signed over SHA-1")
        }
    }

    /// Reads a field, whose failure to decode is a broken certificate.
    private static func field<Field>(_ read: () throws -> Field) throws(SVIDError) -> Field {
        do {
            return try read()
        } catch {
            throw SVIDError(.malformedCertificate, "an extension of the certificate does not decode")
        }
    }
}
