import FoundationEssentials
import SPIFFE
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// The certificates that a signature comes with, the signer's first.
struct CertificateChain: Sendable {
    let certificates: [Certificate]

    /// The most certificates that are looked at.
    static let maximumLength = 8
    /// The longest certificate, in bytes.
    static let maximumCertificate = 64 << 10

    var leaf: Certificate { certificates[0] }

    /// Certificates, of which there is one at least.
    init(certificates: [Certificate]) { self.certificates = certificates }

    /// Decodes DER certificates.
    init(der: [[UInt8]]) throws(ModelRefusal) {
        guard !der.isEmpty else { throw ModelRefusal(.untrustedCertificate, "there is no certificate") }
        guard der.count <= Self.maximumLength else {
            throw ModelRefusal(
                .untrustedCertificate,
                "there are \(der.count) certificates; at most \(Self.maximumLength) are looked at"
            )
        }
        var certificates: [Certificate] = []
        for bytes in der { certificates.append(try Self.decode(bytes)) }
        self.certificates = certificates
    }

    /// The SubjectPublicKeyInfo of a certificate's key in DER.
    static func keyInfo(of certificate: Certificate) throws(ModelRefusal) -> [UInt8] {
        do { return try certificate.publicKey.serializeAsPEM().derBytes } catch {
            throw ModelRefusal(.untrustedCertificate, "a certificate's key cannot be read")
        }
    }

    static func decode(_ der: [UInt8]) throws(ModelRefusal) -> Certificate {
        guard der.count <= maximumCertificate, let certificate = try? Certificate(derEncoded: der) else {
            throw ModelRefusal(.untrustedCertificate, "the bytes are not a certificate that is read here")
        }
        return certificate
    }

    /// The signer's key.
    func signerKey() throws(ModelRefusal) -> SignerKey {
        try SignerKey(der: try Self.keyInfo(of: leaf))
    }

    /// Finds a path from the signer's certificate to an anchor, all of it valid at a moment and meant for the usage
    /// (RFC 5280 §6, R21), and returns it.
    func verify(
        anchors: [Certificate],
        intermediates: [Certificate],
        usage: CertificateUsage,
        at date: Date
    ) throws(ModelRefusal) -> [Certificate] {
        try usage.check(leaf: leaf)
        try Self.checkDates(of: leaf, "the signer's certificate", at: date)
        var between: [Certificate] = []
        for certificate in certificates.dropFirst() + intermediates
        where !between.contains(certificate) && certificate != leaf { between.append(certificate) }
        // Each certificate between carries its own key, so that the search for a path is as long as there are some.
        guard Set(between.map(\.publicKey)).count == between.count, between.count <= 2 * Self.maximumLength else {
            throw ModelRefusal(.untrustedCertificate, "two certificates in the chain carry the same key")
        }
        let path = try find(anchors: anchors, between: between, at: date)
        guard path.dropLast().allSatisfy({ $0.signatureAlgorithm != .sha1WithRSAEncryption }) else {
            throw ModelRefusal(.untrustedCertificate, "a certificate in the chain is signed over SHA-1")
        }
        for (index, issuer) in path.enumerated().dropFirst() {
            try usage.check(issuer: issuer, isAnchor: index == path.count - 1)
        }
        return path
    }

    private static func checkDates(
        of certificate: Certificate,
        _ what: String,
        at date: Date
    ) throws(ModelRefusal) {
        guard date >= certificate.notValidBefore else {
            throw ModelRefusal(
                .expired,
                "\(what) is valid from \(certificate.notValidBefore.formatted(.iso8601)) on, after \(date.formatted(.iso8601))"
            )
        }
        guard date <= certificate.notValidAfter else {
            throw ModelRefusal(
                .expired,
                "\(what) expired at \(certificate.notValidAfter.formatted(.iso8601)), before \(date.formatted(.iso8601))"
            )
        }
    }

    private enum Outcome: Sendable {
        case path([Certificate])
        case failures([String])
    }

    private func find(
        anchors: [Certificate],
        between: [Certificate],
        at date: Date
    ) throws(ModelRefusal) -> [Certificate] {
        let leaf = leaf
        let outcome = InlineExecutor.run { () -> Outcome in
            var verifier = Verifier(rootCertificates: CertificateStore(anchors)) {
                RFC5280Policy(fixedExpiryValidationTime: date)
                CheckedExtensions()
            }
            switch await verifier.validate(leaf: leaf, intermediates: CertificateStore(between)) {
            case .validCertificate(let chain): return .path(Array(chain))
            case .couldNotValidate(let failures): return .failures(failures.map { "\($0.policyFailureReason)" })
            }
        }
        switch outcome {
        case .path(let path): return path
        case .failures(let reasons): throw Self.refusal(reasons)
        case nil: throw ModelRefusal(.untrustedCertificate, "the check of the chain did not come to an end")
        }
    }

    /// Names the failure.
    ///
    /// The verifier's own text quotes names that whoever made the certificate chose.
    private static func refusal(_ reasons: [String]) -> ModelRefusal {
        guard !reasons.isEmpty else {
            return ModelRefusal(.untrustedCertificate, "the chain does not lead to an authority that is trusted")
        }
        func all(_ phrase: String) -> Bool { reasons.allSatisfy { $0.contains(phrase) } }
        if all("has expired") { return ModelRefusal(.expired, "an issuer in the chain has expired") }
        if all("is not yet valid") { return ModelRefusal(.expired, "an issuer in the chain is not valid yet") }
        if all("is not marked as a CA") {
            return ModelRefusal(.untrustedCertificate, "an issuer in the chain is not a certificate authority")
        }
        if all("maximum path length") {
            return ModelRefusal(
                .untrustedCertificate,
                "the chain is longer than one of its issuers allows (pathLenConstraint)"
            )
        }
        return ModelRefusal(.untrustedCertificate, "the chain breaks a rule of RFC 5280's path validation")
    }
}

/// The critical extensions that ``CertificateUsage`` checks, or that say who a signer is.
private struct CheckedExtensions: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.extendedKeyUsage,
    ]

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult { .meetsPolicy }
}
