/// Why a document is not an X.509-SVID, a bundle or a chain that a bundle vouches for.
///
/// The code is stable: logs, records and tests name it. The message is for a reader and quotes nothing that a peer
/// could have made long or unprintable.
public struct SVIDError: Error, Hashable, Sendable {
    /// The rule that was broken.
    public let code: Code
    /// What is wrong, in words.
    public let message: String

    /// The rules, by the names under which refusals are recorded.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The chain is empty.
        case noCertificate = "no_certificate"
        /// The chain has more certificates than are looked at.
        case chainTooLong = "chain_too_long"
        /// A certificate, a chain or a bundle has more bytes than are looked at.
        case tooLarge = "too_large"
        /// Bytes that are not one DER certificate, or a field of one that does not decode.
        case malformedCertificate = "malformed_certificate"
        /// A claim of a loaded model that cannot be read.
        case malformedModelClaim = "malformed_model_claim"
        /// PEM text without the block that is wanted, or with one that is not.
        case malformedPEM = "malformed_pem"
        /// The private key is missing or is not unencrypted PKCS#8.
        case malformedKey = "malformed_key"
        /// The private key is not the one of the leaf's public key.
        case keyMismatch = "key_mismatch"
        /// The leaf has no URI among its subject alternative names.
        case noURISAN = "no_uri_san"
        /// A certificate has more than one URI among its subject alternative names.
        case twoURISANs = "two_uri_sans"
        /// The URI is not a SPIFFE ID.
        case invalidSPIFFEID = "invalid_spiffe_id"
        /// The leaf's SPIFFE ID names a trust domain and no workload.
        case rootPath = "root_path"
        /// The subject is empty and the alternative names are not critical.
        case sanNotCritical = "san_not_critical"
        /// The leaf has no BasicConstraints.
        case noBasicConstraints = "no_basic_constraints"
        /// The leaf is a certificate authority.
        case leafIsCA = "leaf_is_ca"
        /// The leaf has no KeyUsage.
        case noKeyUsage = "no_key_usage"
        /// The leaf's KeyUsage is not critical.
        case keyUsageNotCritical = "key_usage_not_critical"
        /// The leaf may not sign.
        case noDigitalSignature = "no_digital_signature"
        /// The leaf may sign certificates.
        case keyCertSign = "key_cert_sign"
        /// The leaf may sign revocation lists.
        case crlSign = "crl_sign"
        /// The leaf has an ExtendedKeyUsage without both server and client authentication.
        case extendedKeyUsage = "extended_key_usage"
        /// An issuer is not a certificate authority.
        case issuerNotCA = "issuer_not_ca"
        /// An issuer may not sign certificates.
        case issuerWithoutKeyCertSign = "issuer_without_key_cert_sign"
        /// An issuer's SPIFFE ID has a path.
        case issuerWithPath = "issuer_with_path"
        /// A certificate is signed with a broken hash.
        case weakSignature = "weak_signature"
        /// Two certificates of the chain carry the same key.
        case repeatedKey = "repeated_key"
        /// There is no bundle for the trust domain.
        case unknownTrustDomain = "unknown_trust_domain"
        /// The trust domain's bundle holds no authority: everything in it is revoked.
        case emptyBundle = "empty_bundle"
        /// The chain does not lead to an authority of the trust domain's bundle.
        case unknownAuthority = "unknown_authority"
        /// A certificate of the chain is not valid yet.
        case notYetValid = "not_yet_valid"
        /// A certificate of the chain has expired.
        case expired = "expired"
        /// A critical extension is not understood.
        case unknownCriticalExtension = "unknown_critical_extension"
        /// A name constraint of an issuer forbids a name below it.
        case nameConstraint = "name_constraint"
        /// The path breaks another rule of RFC 5280 §6.
        case invalidPath = "invalid_path"
        /// The check did not come to an end.
        case unverified = "unverified"
        /// The hint has more than 1,024 bytes.
        case hintTooLong = "hint_too_long"
        /// The bundle document is not what Trust Domain and Bundle §4 describes.
        case malformedBundle = "malformed_bundle"
        /// The SVID belongs to another trust domain than the bundle.
        case foreignTrustDomain = "foreign_trust_domain"
        /// The SVID's ID is not the one expected.
        case unexpectedID = "unexpected_id"
    }

    /// A broken rule and its explanation.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension SVIDError: CustomStringConvertible {
    /// The message and the code.
    public var description: String { "\(message) (\(code.rawValue))" }
}
