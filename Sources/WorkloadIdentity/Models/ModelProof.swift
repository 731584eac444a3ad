public import SPIFFE
public import ZeroTrust

/// That a command has loaded a model, as the loader which started it vouches for as long as it holds the proof.
public struct ModelProof: Hashable, Sendable {
    /// The proof's number among those of one authority's life.
    public let number: UInt64
    /// Which model, and who signed it.
    public let claim: ModelClaim
    /// The loader.
    public let loader: SPIFFEID
    /// What the loader was attested by.
    let loaderSelectors: Set<Selector>
    /// The user that the loader runs as.
    public let loaderUser: UInt32
    /// Whether a process of the loader's own user may have the proof.
    public let coversLoaderUser: Bool
    /// The command's process, the root of all that the proof covers.
    let command: ProcessTree.Member

    /// Whether the one that made the proof is a loader by these entries, on the terms on which it made it; one whose
    /// identity is revoked is none.
    func isByLoader(of snapshot: EntrySnapshot) -> Bool {
        snapshot.entries(matching: loaderSelectors).contains { entry in
            entry.id == loader && entry.modelLoader == (coversLoaderUser ? .sameUser : .separateUser)
        }
    }

    /// Whether a selector of the namespace `model` fits.
    func fits(_ selector: Selector) -> Bool {
        switch selector.kind {
        case .modelDigest: selector.value == claim.digest
        case .modelSigner: selector.value == claim.signer
        case .modelVerified: true
        default: false
        }
    }
}
