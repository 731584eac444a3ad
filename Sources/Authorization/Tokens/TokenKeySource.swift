public import ZeroTrust

/// Where a verifier finds the keys of an issuer at the moment when it needs them.
///
/// It answers at once from what it holds: fetching is somebody else's work. Keys that have expired are not there.
public protocol TokenKeySource: Sendable {
    /// The keys of a rule's issuer, or nil where there are none to be trusted now.
    func keys(for rule: TokenRule) -> TokenKeySet?
    /// Says that a token named a key that the rule's keys do not have, so that fresh ones may be worth fetching.
    ///
    /// Anyone can send such tokens: whoever fetches limits how often.
    func missedKey(for rule: TokenRule)
    /// How the keys of each URL stand; empty where none are fetched.
    var statuses: [TokenKeyStatus] { get }
    /// Whether a workload is revoked: no token whose subject it is is accepted then.
    func isRevoked(_ id: SPIFFEID) -> Bool
    /// Whether the token of a workload with this `jti` is revoked, because its process has ended or for another reason.
    func isRevoked(tokenID: String) -> Bool
}

extension TokenKeySource {
    /// Nothing is fetched.
    public var statuses: [TokenKeyStatus] { [] }

    /// Nobody is revoked.
    public func isRevoked(_ id: SPIFFEID) -> Bool { false }

    /// No token is revoked.
    public func isRevoked(tokenID: String) -> Bool { false }
}
