public import FoundationEssentials
public import ZeroTrust

/// What a JWT-SVID is asked for with.
public struct JWTSVIDRequest: Hashable, Sendable {
    /// Whose it is; with a path, and of the authority's trust domain.
    public var id: SPIFFEID
    /// For whom it is meant; one is best, since whoever gets it can use it with every other.
    public var audiences: [String]
    /// How long it lives, in seconds, or nil for the authority's default; the authority's bounds hold in any case.
    public var lifetime: TimeInterval?

    /// The most audiences of one token.
    public static let maximumAudiences = 16
    /// The longest name of an audience, in bytes: what AWS takes for a client ID.
    public static let maximumAudienceLength = 255

    /// A request.
    public init(id: SPIFFEID, audiences: [String], lifetime: TimeInterval? = nil) {
        self.id = id
        self.audiences = audiences
        self.lifetime = lifetime
    }

    /// Checks the audiences.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument`.
    func check() throws(IdentityError) {
        guard !audiences.isEmpty else { throw IdentityError(.invalidArgument, "an audience is needed") }
        guard audiences.count <= Self.maximumAudiences, Set(audiences).count == audiences.count else {
            throw IdentityError(
                .invalidArgument,
                "a token is for at most \(Self.maximumAudiences) audiences, each named once"
            )
        }
        for audience in audiences {
            guard (1...Self.maximumAudienceLength).contains(audience.utf8.count),
                audience.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
            else {
                throw IdentityError(
                    .invalidArgument,
                    "an audience has 1 to \(Self.maximumAudienceLength) bytes and no control character"
                )
            }
        }
    }
}

/// A JWT-SVID that the authority made.
public struct IssuedJWTSVID: Sendable {
    /// Whose it is.
    public let id: SPIFFEID
    /// For whom it is meant.
    public let audiences: [String]
    /// The token, in compact form: a secret.
    public let token: Redacted<String>
    /// Its claim `jti`, by which the record names it.
    public let tokenID: String
    /// The key that signed it.
    public let keyID: String
    /// When it was made, in whole seconds.
    public let issuedAt: Date
    /// The end of its life, in whole seconds.
    public let expiresAt: Date
}
