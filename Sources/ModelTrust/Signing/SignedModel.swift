/// A signature that was made.
public struct SignedModel: Sendable {
    /// The bundle, to be written to a file.
    public let bundle: [UInt8]
    /// The digest over all digests, in lower-case hexadecimal: the model's short name.
    public let rootDigest: String
    /// The digest of all that the manifest says but for the name: by it releases and claims know the model.
    public let manifestDigest: ArtifactDigest
    /// The files that it is of.
    public let files: [ModelPath]
}
