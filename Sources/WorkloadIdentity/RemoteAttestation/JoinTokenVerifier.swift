public import FoundationEssentials
import SPIFFE
import ZeroTrust

/// A join token as what a workload of another machine shows: it counts once.
///
/// ```swift
/// let verifier = JoinTokenVerifier(store: store)
/// ```
public struct JoinTokenVerifier: EvidenceVerifier {
    /// The name of the evidence: the secret as it was told.
    public let kind = "join-token"

    private let store: any AuthorityStore
    private let clock: @Sendable () -> Date

    /// A verifier of the tokens in a store.
    public init(store: any AuthorityStore, clock: @escaping @Sendable () -> Date = { Date() }) {
        self.store = store
        self.clock = clock
    }

    /// The token's name.
    ///
    /// - Throws: ``EvidenceRefusal`` for one that there is not, or no longer; the store's error.
    public func verify(_ evidence: RemoteEvidence) async throws -> ProvenWorkload {
        let secret = String(decoding: evidence.document, as: UTF8.self)
        guard secret.utf8.count < 256, secret.hasPrefix(JoinToken.prefix),
            let token = try await store.takeJoinToken(JoinToken.digest(of: secret), at: clock())
        else {
            throw EvidenceRefusal("there is no such join token: it was never made, has joined somebody, or is over")
        }
        return ProvenWorkload("the join token `\(token.name)`", selectors: [Selector(.joinToken, token.name)])
    }
}

/// An SVID of ours as what a workload shows that joined by a token: the token has counted once, and the SVID goes on.
///
/// It is worth an SVID of the same ID and nothing else, for as long as entries give the ID for join tokens alone: where
/// the entry goes or the ID is revoked, so does the identity. A certificate that is revoked renews nothing, but those that
/// were issued before and after it do: who has lost the key revokes the ID.
public struct RenewalVerifier: EvidenceVerifier {
    /// The name of the evidence: a `PossessionProof`.
    public let kind = "renewal"

    private let authority: Authority
    private let registry: EntryRegistry
    private let clock: @Sendable () -> Date

    /// A verifier of the SVIDs that an authority has issued.
    public init(
        authority: Authority,
        registry: EntryRegistry,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.authority = authority
        self.registry = registry
        self.clock = clock
    }

    /// The join token by whose name the first of the SVID's entries selects, for its own ID only.
    ///
    /// - Throws: ``EvidenceRefusal`` for an SVID that does not count.
    public func verify(_ evidence: RemoteEvidence) async throws -> ProvenWorkload {
        let proof = try PossessionProof(evidence.document)
        let bundle = authority.bundle
        let verifier = PeerVerifier(bundles: [bundle.trustDomain: bundle], clock: clock)
        guard case .verified(let peer) = verifier.verify(chain: proof.chain) else {
            throw EvidenceRefusal("the certificate is no SVID of ours that holds")
        }
        try proof.check(evidence.binding)
        let snapshot = registry.snapshot
        guard !snapshot.revocations.revokes(peer) else { throw EvidenceRefusal("`\(peer.id)` is revoked") }
        let entries = snapshot.sorted.map(\.entry).filter { $0.id == peer.id }
        guard let entry = entries.first else { throw EvidenceRefusal("no entry gives `\(peer.id)`") }
        // What another entry gives to a local workload did not come by a token, and is not renewed as if it had.
        guard entries.allSatisfy({ $0.selectors.allSatisfy { $0.kind == .joinToken } }) else {
            throw EvidenceRefusal("`\(peer.id)` is not given for join tokens alone")
        }
        return ProvenWorkload("`\(peer.id)`, which has joined", selectors: entry.selectors, only: peer.id)
    }
}
