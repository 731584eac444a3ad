/// A signature that was made.
public struct SignedModel: Sendable {
    /// The bundle, to be written to a file.
    public let bundle: [UInt8]
    /// The digest over all digests, in lower-case hexadecimal: the model's short name.
    public let rootDigest: String
    /// The files that it is of.
    public let files: [ModelPath]
}
