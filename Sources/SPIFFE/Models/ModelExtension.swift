package import SwiftASN1
package import X509

/// How a certificate carries a ``ModelClaim``: an extension of our own that is not critical, so that every other reader
/// of X.509-SVIDs passes over it (RFC 5280 §4.2).
///
/// ```asn1
/// ModelClaim ::= SEQUENCE { digest UTF8String, signer UTF8String }
/// ```
package enum ModelExtension {
    /// The extension's identifier, below an arc of 2.25 (ITU-T X.667), which needs no registration.
    ///
    /// The arc is short, since some readers hold each of them in 31 bits.
    package static let identifier: ASN1ObjectIdentifier = [2, 25, 1_186_934_735, 1]

    /// The most bytes of the value.
    static let maximumLength = 1024

    /// The extension that says what a claim does.
    package static func encode(_ claim: ModelClaim) throws -> Certificate.Extension {
        var serializer = DER.Serializer()
        try serializer.appendConstructedNode(identifier: .sequence) { fields in
            try fields.serialize(ASN1UTF8String(claim.digest))
            try fields.serialize(ASN1UTF8String(claim.signer))
        }
        return Certificate.Extension(oid: identifier, critical: false, value: serializer.serializedBytes[...])
    }

    /// What a certificate claims of a model; nil where it claims nothing.
    ///
    /// - Throws: ``SVIDError`` with `malformedModelClaim` where the extension is critical or anything but one claim: half
    ///   understood, it would be worse than absent.
    package static func claim(in certificate: Certificate) throws(SVIDError) -> ModelClaim? {
        guard let found = certificate.extensions[oid: identifier] else { return nil }
        return try claim(in: found)
    }

    static func claim(in found: Certificate.Extension) throws(SVIDError) -> ModelClaim {
        let malformed = SVIDError(.malformedModelClaim, "the certificate's claim of a model cannot be read")
        guard !found.critical, found.value.count <= maximumLength else { throw malformed }
        let texts: (String, String)
        do {
            texts = try DER.sequence(try DER.parse(found.value), identifier: .sequence) { fields in
                (
                    String(try ASN1UTF8String(derEncoded: &fields)),
                    String(try ASN1UTF8String(derEncoded: &fields))
                )
            }
        } catch { throw malformed }
        // Only the one encoding of a claim is a claim: no text that is repaired when it is read, no longer length.
        guard let claim = ModelClaim(digest: texts.0, signer: texts.1), (try? encode(claim))?.value == found.value
        else { throw malformed }
        return claim
    }
}
