import Crypto
import SPIFFE
import Synchronization
import ZeroTrust

/// The tokens that a verifier has verified, by their SHA-256, with the reading of the key set that verified them.
///
/// Only a verified token is remembered, so that nobody fills it but with tokens that an issuer signed; past its limit
/// the oldest goes. Times are checked each time.
final class VerifiedTokens: Sendable {
    private static let limit = 1024

    struct Key: Hashable {
        let digest: SHA256.Digest
        let rule: Int
    }

    struct Entry: Sendable {
        let generation: Int
        let token: VerifiedToken
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// The keys of the entries, in a ring: the slot at `next` is the oldest once the ring is full.
        var ring: [Key] = []
        var next = 0
    }

    /// Guards the entries and their order of arrival.
    private let state = Mutex(State())

    /// A token that a rule's keys, in this reading, have verified.
    func token(_ key: Key, generation: Int) -> VerifiedToken? {
        state.withLock { state in
            guard let entry = state.entries[key], entry.generation == generation else { return nil }
            return entry.token
        }
    }

    /// Remembers a verified token.
    func insert(_ token: VerifiedToken, _ key: Key, generation: Int) {
        state.withLock { state in
            let entry = Entry(generation: generation, token: token)
            guard state.entries.updateValue(entry, forKey: key) == nil else { return }
            if state.ring.count < Self.limit {
                state.ring.append(key)
            } else {
                state.entries[state.ring[state.next]] = nil
                state.ring[state.next] = key
                state.next = (state.next + 1) % Self.limit
            }
        }
    }
}

/// A token whose signature, issuer and audience are right; its times are still to be looked at.
struct VerifiedToken: Sendable {
    let claims: TokenClaims
    /// Seconds since 1970.
    let expiresAt: Double?
    /// Seconds since 1970.
    let notBefore: Double?
    /// What it is as a JWT-SVID; nil for another token.
    let profile: JWTSVIDProfile?
    /// What it is withdrawn by; nil where its subject is no SPIFFE ID.
    let revocable: RevocableToken?
    /// The headers that carry what it says upstream.
    let setHeaders: [Exchange.Header]

    init(
        _ token: CompactToken,
        _ rule: TokenRule,
        expiresAt: Double?,
        _ profile: JWTSVIDProfile?,
        _ revocable: RevocableToken?
    ) {
        var members = token.payload.mapValues { TokenClaims.Claim($0) }
        // A JWT-SVID counts by its trust domain: its own `iss` is for those who find keys by it.
        if let trustDomain = rule.trustDomain { members["iss"] = .text(trustDomain.id.description) }
        var headers: [Exchange.Header] = []
        if let name = rule.payloadHeader { headers.append(.init(name: name, value: token.encodedPayload)) }
        let claims = TokenClaims(members, spaceDelimited: [])
        for (name, path) in rule.claimHeaders {
            guard let text = claims.claim(at: path)?.headerText else { continue }
            headers.append(.init(name: name, value: text))
        }
        self.claims = TokenClaims(members, spaceDelimited: rule.spaceDelimited)
        self.profile = profile
        self.revocable = revocable
        self.expiresAt = expiresAt
        self.notBefore = token.notBefore
        self.setHeaders = headers
    }
}

extension TokenClaims.Claim {
    /// The claim as a header may carry it: a string, a number or a boolean, without a byte that ends a line.
    fileprivate var headerText: String? {
        switch self {
        case .text(let text), .other(let text):
            let isSound = !text.isEmpty && text != "null" && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
            return isSound ? text : nil
        case .list, .members: return nil
        }
    }
}
