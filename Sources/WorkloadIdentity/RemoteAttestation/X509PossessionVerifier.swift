import Crypto
public import FoundationEssentials
import SPIFFE
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509
import ZeroTrust

/// A certificate of somebody else's authority, such as a machine is delivered with, and the possession of its key, as what
/// a workload of another machine shows (SPIRE's `x509pop`).
///
/// ```swift
/// let verifier = try X509PossessionVerifier(authoritiesFile: "/etc/lapwing/machines.pem")
/// ```
public struct X509PossessionVerifier: EvidenceVerifier {
    /// The name of the evidence: `{"certificates": PEM, "algorithm": "ES256", "signature": base64url}`.
    public let kind = "x509pop"

    private let authorities: [Certificate]
    private let clock: @Sendable () -> Date

    /// A verifier by the certificates in a file.
    ///
    /// - Throws: ``IdentityError`` with `badFile` where it holds anything else.
    public init(
        authoritiesFile: String,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) throws(IdentityError) {
        let blocks = PEM.decode(try PrivateFile.readPublic(authoritiesFile, maximum: 1024 * 1024))
        guard !blocks.isEmpty, blocks.allSatisfy({ $0.type == "CERTIFICATE" }) else {
            throw IdentityError(.badFile, "`\(authoritiesFile)` must hold certificates in PEM form and nothing else")
        }
        do { self.authorities = try blocks.map { try Certificate(derEncoded: $0.der) } } catch {
            throw IdentityError(.badFile, "`\(authoritiesFile)` holds a malformed certificate", cause: error)
        }
        self.clock = clock
    }

    /// The subject's common name, and the authorities above it.
    ///
    /// - Throws: ``EvidenceRefusal`` for a certificate that does not count, or a key that is not there.
    public func verify(_ evidence: RemoteEvidence) async throws -> ProvenWorkload {
        let proof = try PossessionProof(evidence.document)
        // Cheaper than a path, and nobody without the key has us look for one.
        try proof.check(evidence.binding)
        guard let leaf = proof.certificates.first else { throw EvidenceRefusal("there is no certificate") }
        let usage: KeyUsage?
        let constraints: BasicConstraints?
        do {
            usage = try leaf.extensions.keyUsage
            constraints = try leaf.extensions.basicConstraints
        } catch {
            throw EvidenceRefusal("the certificate does not say legibly what its key is for")
        }
        if let usage, !usage.digitalSignature { throw EvidenceRefusal("the certificate's key may not sign") }
        if case .isCertificateAuthority? = constraints { throw EvidenceRefusal("the certificate is an authority's") }
        let now = clock()
        var verifier = Verifier(rootCertificates: CertificateStore(authorities)) {
            RFC5280Policy(fixedExpiryValidationTime: now)
        }
        let intermediates = CertificateStore(proof.certificates.dropFirst())
        guard case .validCertificate(let path) = await verifier.validate(leaf: leaf, intermediates: intermediates)
        else {
            throw EvidenceRefusal("the certificate leads to none of the authorities that count")
        }
        var selectors: Set<Selector> = []
        for issuer in path.dropFirst() {
            guard let der = try? CertificateProfile.der(issuer) else { continue }
            let digest = Hexadecimal.text(SHA256.hash(data: der))
            selectors.insert(Selector(.x509Authority, "fingerprint:\(digest)"))
        }
        let names = leaf.subject.flatMap { Array($0) }.filter { $0.type == .RDNAttributeType.commonName }
        // Of several names none is the name.
        if names.count == 1, let name = String(names[0].value),
            let selector = try? Selector("x509pop:subject:cn:\(name)")
        {
            selectors.insert(selector)
        }
        let end = path.map(\.notValidAfter).min()
        return ProvenWorkload("the certificate of `\(leaf.subject)`", selectors: selectors, until: end)
    }
}
