import FoundationEssentials

/// Tokens that are handed out again until half of their life is over, so that a workload which asks before every call
/// costs neither a signature nor a record each time.
///
/// A process gets only what was issued by the same entry for the same audiences.
struct FreshTokens {
    /// What a token was issued for.
    struct Key: Hashable {
        let entry: WorkloadEntry
        let audiences: [String]
        /// The process that it was issued to, by its number and when it started.
        let pid: Int32
        let startTime: UInt64
    }

    /// The most tokens that are kept; past it, those whose half life is over go, and then all.
    static let limit = 4096

    private var tokens: [Key: IssuedJWTSVID] = [:]

    /// A token for this, where there is one in the first half of its life that this key signed.
    func token(_ key: Key, signedBy keyID: String, at now: Date) -> IssuedJWTSVID? {
        guard let token = tokens[key], token.keyID == keyID, Self.isFresh(token, at: now) else { return nil }
        return token
    }

    /// Keeps a token.
    mutating func insert(_ token: IssuedJWTSVID, _ key: Key, at now: Date) {
        if tokens.count >= Self.limit { tokens = tokens.filter { Self.isFresh($0.value, at: now) } }
        if tokens.count >= Self.limit { tokens = [:] }
        tokens[key] = token
    }

    private static func isFresh(_ token: IssuedJWTSVID, at now: Date) -> Bool {
        // A clock that stepped back makes nothing fresh again.
        now >= token.issuedAt - 1 && now < token.issuedAt + token.expiresAt.timeIntervalSince(token.issuedAt) / 2
    }
}
