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
/// It is worth an SVID of the same ID and nothing else, for as long as an entry gives the ID for a join token alone: where
/// the entry goes, or the ID or the certificate is revoked, so does the identity.
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

    /// The join tokens by whose names the SVID's entries select, for its own ID only.
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
        let entries = snapshot.items.values.map(\.entry).filter { entry in
            entry.id == peer.id && entry.selectors.allSatisfy { $0.kind == .joinToken }
        }
        let selectors = entries.reduce(into: Set<Selector>()) { $0.formUnion($1.selectors) }
        guard !selectors.isEmpty else { throw EvidenceRefusal("no entry gives `\(peer.id)` for a join token") }
        return ProvenWorkload("`\(peer.id)`, which has joined", selectors: selectors, only: peer.id)
    }
}
