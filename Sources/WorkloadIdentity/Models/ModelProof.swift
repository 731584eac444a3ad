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
    /// The user that the loader runs as.
    public let loaderUser: UInt32
    /// Whether a process of the loader's own user may have the proof.
    public let coversLoaderUser: Bool
    /// The command's process, the root of all that the proof covers.
    let command: ProcessTree.Member

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
