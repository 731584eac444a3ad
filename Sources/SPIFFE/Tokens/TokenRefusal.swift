/// Why a token is refused: an answer, not a failure.
public struct TokenRefusal: Error, Sendable, Hashable {
    /// The reason as a code that stays the same from release to release.
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// The token is longer than any that is looked at.
        case tooLarge = "token_too_large"
        /// The token is no signed token in compact form, or means different things to different readers.
        case malformed = "token_malformed"
        /// The token's algorithm is none, symmetric, or not known.
        case unsupportedAlgorithm = "token_algorithm_not_supported"
        /// No rule accepts tokens of the issuer at the place where the token stood.
        case unknownIssuer = "token_issuer_unknown"
        /// The token is meant for others.
        case wrongAudience = "token_audience_not_allowed"
        /// The token is not valid any more.
        case expired = "token_expired"
        /// The token is not valid yet.
        case notYetValid = "token_not_yet_valid"
        /// The token never expires, which strict mode does not accept.
        case neverExpires = "token_never_expires"
        /// There are no keys of the issuer now, so that nothing can be verified.
        case noKeys = "token_keys_unavailable"
        /// The issuer's keys have none that the token names, or none for its algorithm.
        case unknownKey = "token_key_unknown"
        /// No key of the issuer made the signature.
        case badSignature = "token_signature_invalid"
        /// The token's `typ` or another member of its header is not one that a JWT-SVID may have (JWT-SVID §2).
        case headerNotAllowed = "token_header_not_allowed"
        /// The token's `sub` is no SPIFFE ID of a workload (JWT-SVID §3.1).
        case invalidSubject = "token_subject_invalid"
        /// The token is of a workload that is revoked.
        case revoked = "token_subject_revoked"
        /// The token is revoked: the process that it was issued to has ended, or is something else now.
        case tokenRevoked = "token_revoked"
        /// The request has several tokens, and whose it is depends on the reader.
        case severalTokens = "token_ambiguous"
    }

    /// The reason.
    public let code: Code
    /// The reason in words, for records and never for the caller.
    public let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
