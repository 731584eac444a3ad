public import FoundationEssentials

/// One key that signs JWT-SVIDs, and where it stands in its life.
///
/// The private key stays with the key store, under the same name.
public struct TokenKeySlot: RotatingKey {
    /// What tokens are signed with.
    public enum Algorithm: String, Sendable, CaseIterable {
        /// ECDSA on P-256 with SHA-256: the default.
        case es256 = "ES256"
        /// RSA of 2,048 bits, PKCS #1 v1.5 with SHA-256: for consumers that know nothing else.
        case rs256 = "RS256"
    }

    /// The key ID: what a token's `kid` and the JWK set say.
    public let id: String
    /// Which authority of the trust domain made it.
    public let authority: String
    /// Where it stands.
    public var status: AuthoritySlot.Status
    /// What it signs with.
    public let algorithm: Algorithm
    /// The public key: SubjectPublicKeyInfo as DER (RFC 5280 §4.1.2.7).
    public let publicKey: [UInt8]
    /// The start of its life.
    public let notBefore: Date
    /// The end of its life: no token that it signs lives longer.
    public let notAfter: Date
    /// When it takes over, where somebody asked for that ahead of the schedule.
    public var activatesAt: Date?
    /// When it stopped signing.
    public var retiredAt: Date?

    /// A key.
    public init(
        id: String,
        authority: String,
        status: AuthoritySlot.Status,
        algorithm: Algorithm,
        publicKey: [UInt8],
        notBefore: Date,
        notAfter: Date,
        activatesAt: Date? = nil,
        retiredAt: Date? = nil
    ) {
        self.id = id
        self.authority = authority
        self.status = status
        self.algorithm = algorithm
        self.publicKey = publicKey
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.activatesAt = activatesAt
        self.retiredAt = retiredAt
    }
}
