import Crypto
import FoundationEssentials
import SwiftASN1
import X509
import ZeroTrust

/// The certificate that signs, with its key, ready to sign.
struct Issuer: Sendable {
    /// The slot's id.
    let id: String
    /// The end of its life.
    let notAfter: Date

    private let key: Certificate.PrivateKey
    private let name: DistinguishedName
    private let keyIdentifier: [UInt8]
    private let notBefore: Date
    /// What follows the leaf in a chain: everything below the anchor.
    private let chain: [[UInt8]]

    /// Opens a slot with its key.
    init(_ slot: AuthoritySlot, key: Redacted<[UInt8]>) throws(IdentityError) {
        do {
            let key = try P256.Signing.PrivateKey(derRepresentation: key.value)
            guard let der = slot.chain.first else {
                throw IdentityError(.issuance, "the authority `\(slot.id)` has no certificate")
            }
            let certificate = try Certificate(derEncoded: der)
            guard certificate.publicKey == Certificate.PublicKey(key.publicKey) else {
                throw IdentityError(.badFile, "the key named `\(slot.id)` is not that of the authority's certificate")
            }
            self.id = slot.id
            self.key = Certificate.PrivateKey(key)
            self.name = certificate.subject
            self.keyIdentifier = CertificateProfile.keyIdentifier(of: key.publicKey)
            self.notBefore = slot.notBefore
            self.notAfter = slot.notAfter
            self.chain = slot.chain.filter { !slot.anchors.contains($0) }
        } catch let error as IdentityError {
            throw error
        } catch {
            throw IdentityError(.badFile, "the authority `\(slot.id)` cannot be opened", cause: error)
        }
    }

    /// Makes an X.509-SVID and its key; the life ends no later than the issuer's own.
    func issue(_ request: SVIDRequest, lifetime: TimeInterval, at now: Date) throws(IdentityError) -> IssuedSVID {
        let leafKey = P256.Signing.PrivateKey()
        let start = CertificateProfile.wholeSecond(max(now - RotationSchedule.backdate, notBefore))
        let end = CertificateProfile.wholeSecond(min(now + lifetime, notAfter))
        let serialNumber = CertificateProfile.serialNumber()
        do {
            let subject = try request.subject?.distinguishedName() ?? DistinguishedName()
            let certificate = try Certificate(
                version: .v3,
                serialNumber: serialNumber,
                publicKey: Certificate.PublicKey(leafKey.publicKey),
                notValidBefore: start,
                notValidAfter: end,
                issuer: name,
                subject: subject,
                extensions: try CertificateProfile.leafExtensions(
                    id: request.id,
                    dnsNames: request.dnsNames,
                    isSubjectEmpty: request.subject == nil,
                    key: leafKey.publicKey,
                    issuerKeyIdentifier: keyIdentifier,
                    model: request.model
                ),
                issuerPrivateKey: key
            )
            return IssuedSVID(
                id: request.id,
                chain: [try CertificateProfile.der(certificate)] + chain,
                privateKey: Redacted(Array(leafKey.derRepresentation)),
                serialNumber: Hexadecimal.text(serialNumber.bytes),
                notBefore: start,
                issuedAt: now,
                notAfter: end,
                authority: id
            )
        } catch {
            throw IdentityError(.issuance, "cannot make an X.509-SVID for `\(request.id)`", cause: error)
        }
    }
}
