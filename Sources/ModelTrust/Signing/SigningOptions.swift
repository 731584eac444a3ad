/// How a model is signed.
public struct SigningOptions: Sendable {
    /// What digests the files.
    public var algorithm = HashAlgorithm.sha256
    /// How they are cut.
    public var method = SerializationMethod.files
    /// Paths within the model that are left out.
    public var ignoredPaths: [String] = []
    /// Whether `.git` and its like at the top are left out (OMS 1.0 §6.2).
    public var ignoresGitPaths = true
    /// Whether links that stay within the model are followed.
    public var followsLinks = false
    /// How many files, or parts of one, are hashed at once; one for each core unless said.
    public var workers: Int?
    /// Whether large files are looked at where they lie in the system's cache, and not copied first: a tenth less work.
    ///
    /// A file that is made shorter meanwhile, or a disk that fails, may then end the process by `SIGBUS`: for programs that
    /// do nothing else.
    public var mapsFiles = false

    /// The options that every verifier understands: SHA-256, whole files, no links.
    public init() {}
}
