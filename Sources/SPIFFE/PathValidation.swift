import FoundationEssentials
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// RFC 5280 §6 path validation against one trust domain's authorities, by swift-certificates' verifier.
struct PathValidation: Sendable {
    private let authorities: [Certificate]
    private let store: CertificateStore

    init(authorities: [Certificate]) {
        self.authorities = authorities
        self.store = CertificateStore(authorities)
    }

    /// When the whole path is valid.
    struct Validity: Sendable {
        let notBefore: Date
        let notAfter: Date

        func contains(_ date: Date) -> Bool { notBefore <= date && date <= notAfter }
    }

    /// Finds a valid path from the leaf to an authority; returns when all of it is valid, and that authority.
    ///
    /// The chain's shape has been checked. Each certificate of it carries its own key, so that each was signed by at
    /// most one of the others and the search is as long as the chain.
    func validate(chain: [Certificate], at date: Date) throws(SVIDError) -> (
        validity: Validity, authority: Certificate
    ) {
        guard !authorities.isEmpty else {
            throw SVIDError(.emptyBundle, "the trust domain's bundle holds no authority")
        }
        guard let leaf = chain.first else { throw SVIDError(.noCertificate, "there is no certificate") }
        guard Set(chain.map(\.publicKey)).count == chain.count else {
            throw SVIDError(.repeatedKey, "two certificates of the chain carry the same key")
        }
        try checkDates(of: leaf, at: date)
        let path = try findPath(leaf: leaf, intermediates: chain.dropFirst(), at: date)
        for issuer in path.dropFirst() { try CertificateProfile.check(issuer: issuer) }
        let validity = Validity(
            notBefore: path.map(\.notValidBefore).max() ?? .distantFuture,
            notAfter: path.map(\.notValidAfter).min() ?? .distantPast
        )
        return (validity, path.last ?? leaf)
    }

    private func checkDates(of certificate: Certificate, at date: Date) throws(SVIDError) {
        guard date >= certificate.notValidBefore else {
            throw SVIDError(.notYetValid, "the certificate is valid from \(Self.text(certificate.notValidBefore))")
        }
        guard date <= certificate.notValidAfter else {
            throw SVIDError(.expired, "the certificate expired at \(Self.text(certificate.notValidAfter))")
        }
    }

    private static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    private func findPath(
        leaf: Certificate,
        intermediates: ArraySlice<Certificate>,
        at date: Date
    ) throws(SVIDError) -> [Certificate] {
        let store = store
        let intermediates = CertificateStore(intermediates)
        let outcome = InlineExecutor.run { () -> Outcome in
            var verifier = Verifier(rootCertificates: store) {
                RFC5280Policy(fixedExpiryValidationTime: date)
                ProfileExtensions()
            }
            switch await verifier.validate(leaf: leaf, intermediates: intermediates) {
            case .validCertificate(let chain): return .valid(Array(chain))
            case .couldNotValidate(let failures): return .invalid(failures.map { "\($0.policyFailureReason)" })
            }
        }
        switch outcome {
        case .valid(let path): return path
        case .invalid(let reasons): throw Self.error(reasons)
        case nil: throw SVIDError(.unverified, "the check of the chain did not come to an end")
        }
    }

    private enum Outcome: Sendable {
        case valid([Certificate])
        case invalid([String])
    }

    /// Names the failure.
    ///
    /// The verifier's own text quotes names from the certificates, which a peer chooses: it is read
    /// here and not passed on.
    private static func error(_ reasons: [String]) -> SVIDError {
        guard !reasons.isEmpty else {
            return SVIDError(.unknownAuthority, "the chain does not lead to an authority of the trust domain's bundle")
        }
        func all(_ phrases: String...) -> Bool {
            reasons.allSatisfy { reason in
                phrases.contains { reason.hasPrefix("RFC5280Policy: ") && reason.contains($0) }
            }
        }
        if all("has expired") { return SVIDError(.expired, "an issuer of the chain has expired") }
        if all("is not yet valid") { return SVIDError(.notYetValid, "an issuer of the chain is not valid yet") }
        if all("is not marked as a CA") {
            return SVIDError(.issuerNotCA, "an issuer of the chain is not a certificate authority")
        }
        if all("maximum path length") {
            return SVIDError(.invalidPath, "the chain is longer than one of its issuers allows")
        }
        if all("name constraints", "permitted subtree", "excluded subtree") {
            return SVIDError(.nameConstraint, "a name constraint of an issuer does not allow a name below it")
        }
        return SVIDError(.invalidPath, "the chain breaks a rule of RFC 5280 path validation")
    }
}

/// The critical extensions that ``CertificateProfile`` has checked before a path is sought.
private struct ProfileExtensions: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.extendedKeyUsage,
    ]

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult { .meetsPolicy }
}
