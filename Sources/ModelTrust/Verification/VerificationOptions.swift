/// What an operator allows beyond, or forbids within, what was signed.
public struct VerificationOptions: Sendable {
    /// Whether files that were not signed may lie in the model.
    public var toleratesUnsignedFiles = false
    /// Paths within the model where unsigned files may lie.
    ///
    /// What is signed is verified there too.
    public var ignoredPaths: [String] = []
    /// Whether the signer may have left out more than `.git` and its like.
    public var acceptsSignedIgnoredPaths = true
    /// Whether `.git` and its like at the top may hold what was not signed (OMS 1.0 §6.2).
    public var ignoresGitPaths = true
    /// Whether links are followed that the signer followed and that stay within the model.
    public var followsSignedLinks = true
    /// Whether the deprecated format of model_signing 0.2.0 is read.
    public var readsLegacyFormat = false
    /// Whether the resources may stand in any order.
    public var isLenientAboutOrder = false
    /// How many files, or parts of one, are hashed at once; one for each core unless said.
    public var workers: Int?
    /// Whether large files may be looked at where they lie in the system's cache, and not copied first, which can be a tenth
    /// less work; which of the two costs less is found out on the way.
    ///
    /// A file that is made shorter meanwhile, or a disk that fails, may then end the process by `SIGBUS`: for programs that
    /// do nothing else.
    public var mapsFiles = false

    /// The strictest options.
    public init() {}
}
