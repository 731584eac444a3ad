/// What a verified manifest says of a model's files: their names, sizes and digests.
///
/// Whoever makes one vouches that a signature over it was verified.
public struct LoadManifest: Sendable {
    /// One file of the model.
    public struct File: Sendable {
        /// The name relative to the model, `weights/model.safetensors`; empty where the model is a single file.
        public let path: String
        /// Digests of the file's parts in order: one part for a whole file, several for shards.
        public let parts: [Part]

        /// Creates a file's description.
        public init(path: String, parts: [Part]) {
            self.path = path
            self.parts = parts
        }

        /// The bytes of the file, where the parts say where they end; nil for a file that is hashed whole.
        public var size: UInt64? { parts.last?.end }
    }

    /// A part of a file and its digest.
    public struct Part: Sendable {
        /// Where the part ends; nil for the file's end.
        public let end: UInt64?
        /// The digest of its bytes.
        public let digest: [UInt8]

        /// Creates a part's description.
        public init(end: UInt64?, digest: [UInt8]) {
            self.end = end
            self.digest = digest
        }
    }

    /// The files.
    public let files: [File]
    /// Makes a hash of the algorithm that the digests are of.
    let hash: @Sendable () -> any IncrementalHash

    init(files: [File], hash: @escaping @Sendable () -> any IncrementalHash) {
        self.files = files
        self.hash = hash
    }

    /// A manifest of SHA-256 digests.
    public init(sha256 files: [File]) {
        self.init(files: files) { SHA256Hash() }
    }
}
