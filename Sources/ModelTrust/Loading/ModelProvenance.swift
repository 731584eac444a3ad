/// Which model was loaded, and who signed it, as that was proven before its first byte was given out.
public struct ModelProvenance: Hashable, Sendable {
    /// The digest of all that the manifest says but for the name: by it releases and identities know the model.
    public let digest: ArtifactDigest
    /// Who signed it.
    public let signer: VerifiedSigner
    /// What the signer called it; informational.
    public let name: String
}
