import ZeroTrust

/// An entry that fits a workload, with the proof of load by which it does, where the entry asks for one.
struct EntryGrant: Hashable, Sendable {
    let entry: WorkloadEntry
    /// The proof that fits every selector of the namespace `model`; nil where the entry has none.
    let proof: ModelProof?

    /// What the authority is asked for.
    var request: SVIDRequest {
        var request = entry.request
        guard let proof else { return request }
        request.model = proof.claim
        request.lifetime = min(request.lifetime ?? ModelProofs.maximumLifetime, ModelProofs.maximumLifetime)
        return request
    }
}

extension [EntryGrant] {
    /// The trust domains whose bundles a workload with these grants gets.
    var federatesWith: Set<TrustDomain> { reduce(into: []) { $0.formUnion($1.entry.federatesWith) } }

    /// The entries that ask for no model.
    ///
    /// Tokens are issued for these alone: what depends on a model is withdrawn with its proof, and a token cannot be.
    var withoutModels: [WorkloadEntry] { filter { $0.proof == nil }.map(\.entry) }
}
