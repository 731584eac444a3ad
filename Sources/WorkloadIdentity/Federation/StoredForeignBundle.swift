public import FoundationEssentials
public import ZeroTrust

/// The last good bundle of a foreign trust domain, as it is kept over a restart.
public struct StoredForeignBundle: Hashable, Sendable {
    /// Whose it is.
    public let trustDomain: TrustDomain
    /// The digest of the configuration under which it was fetched: see ``FederatedTrustDomain/relationship``.
    public let relationship: String
    /// The document, as it was fetched.
    public let document: [UInt8]
    /// When its endpoint answered last.
    public let refreshedAt: Date

    /// A bundle to keep.
    public init(trustDomain: TrustDomain, relationship: String, document: [UInt8], refreshedAt: Date) {
        self.trustDomain = trustDomain
        self.relationship = relationship
        self.document = document
        self.refreshedAt = refreshedAt
    }
}
