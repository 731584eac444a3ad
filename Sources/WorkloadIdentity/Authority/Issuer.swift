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

    private let key: P256.Signing.PrivateKey
    /// What all its leaves have in common.
    private let template: LeafTemplate
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
            self.key = key
            self.template = try LeafTemplate(
                issuer: certificate.subject,
                keyIdentifier: CertificateProfile.keyIdentifier(of: key.publicKey)
            )
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
        let (scalar, point) = Self.makeKey()
        let svid = try certify(request, point, lifetime: lifetime, at: now)
        return IssuedSVID(
            id: svid.id,
            chain: svid.chain,
            privateKey: Redacted(LeafTemplate.privateKey(scalar, point)),
            serialNumber: svid.serialNumber,
            notBefore: svid.notBefore,
            issuedAt: now,
            notAfter: svid.notAfter,
            authority: svid.authority
        )
    }

    /// A new key of P-256.
    ///
    /// - Returns: the number, and its point, not compressed.
    static func makeKey() -> (scalar: [UInt8], point: [UInt8]) {
        // A key is used whole, and half of all have no short form: asking for one costs another key on average.
        let key = P256.Signing.PrivateKey(compactRepresentable: false)
        return (Array(key.rawRepresentation), Array(key.publicKey.x963Representation))
    }

    /// Makes an X.509-SVID for a key; the life ends no later than the issuer's own.
    func certify(
        _ request: SVIDRequest,
        _ key: P256.Signing.PublicKey,
        lifetime: TimeInterval,
        at now: Date
    ) throws(IdentityError) -> CertifiedSVID {
        try certify(request, Array(key.x963Representation), lifetime: lifetime, at: now)
    }

    /// Makes an X.509-SVID for a point of P-256.
    private func certify(
        _ request: SVIDRequest,
        _ point: [UInt8],
        lifetime: TimeInterval,
        at now: Date
    ) throws(IdentityError) -> CertifiedSVID {
        let start = CertificateProfile.wholeSecond(max(now - RotationSchedule.backdate, notBefore))
        let end = CertificateProfile.wholeSecond(min(now + lifetime, notAfter))
        let serialNumber = CertificateProfile.serialNumber()
        do {
            let signedPart = try template.signedPart(
                of: request,
                serialNumber: serialNumber,
                key: point,
                from: start,
                until: end
            )
            let signature = try key.signature(for: signedPart).derRepresentation
            return CertifiedSVID(
                id: request.id,
                chain: [LeafTemplate.certificate(signedPart, signature: Array(signature))] + chain,
                serialNumber: Hexadecimal.text(serialNumber),
                notBefore: start,
                notAfter: end,
                authority: id
            )
        } catch {
            throw IdentityError(.issuance, "cannot make an X.509-SVID for `\(request.id)`", cause: error)
        }
    }
}
