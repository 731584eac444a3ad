public import FoundationEssentials

/// How an authority makes JWT-SVIDs.
public struct TokenOptions: Hashable, Sendable {
    /// What they are signed with; a change succeeds the key that signs.
    public var algorithm: TokenKeySlot.Algorithm
    /// How long they live, in seconds, where nothing else is asked for.
    public var lifetime: TimeInterval
    /// Their claim `iss`: the URL under which an OpenID Connect consumer finds the keys; nil leaves it out.
    public var issuer: OIDCIssuer?

    /// Options, with SPIRE's defaults: ES256, five minutes, no `iss`.
    public init(algorithm: TokenKeySlot.Algorithm = .es256, lifetime: TimeInterval = 300, issuer: OIDCIssuer? = nil) {
        self.algorithm = algorithm
        self.lifetime = lifetime
        self.issuer = issuer
    }
}
