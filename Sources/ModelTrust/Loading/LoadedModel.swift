import Synchronization

/// A model whose weights can only be read from bytes that were hashed.
///
/// ```swift
/// let model = try LoadedModel(at: "/models/small", manifest: manifest) { failure in
///     // The model on disk was changed: withdraw the workload's identity.
/// }
/// let header = try model.read("model.safetensors", at: 0, count: 8)
/// ```
///
/// Making one hashes every file once and compares it with the manifest; a Merkle tree of each file's chunks comes from the
/// same bytes. From then on every read verifies the chunks that it touches. There is no other way to the bytes: nothing is
/// mapped, and no descriptor is handed out.
public final class LoadedModel: Sendable {
    /// Where the model lies.
    public let path: String
    let files: [String: VerifiedFile]
    private let onFailure: @Sendable (LoadFailure) -> Void
    private let recorded = Mutex<[LoadFailure]>([])

    /// Verifies a model and opens it.
    ///
    /// - Parameters:
    ///   - path: The model's folder, or its only file.
    ///   - manifest: What was signed.
    ///   - chunkSize: Bytes that are verified at once.
    ///   - onFailure: Told of every read that found other bytes than were signed, before the reader is.
    /// - Throws: ``LoadFailure`` where a file is not there or is not what was signed.
    public init(
        at path: String,
        manifest: LoadManifest,
        chunkSize: Int = ChunkTree.chunkSize,
        onFailure: @escaping @Sendable (LoadFailure) -> Void = { _ in }
    ) throws(LoadFailure) {
        var files: [String: VerifiedFile] = [:]
        for entry in manifest.files {
            let file = try VerifiedFile(entry, in: path, hash: manifest.hash, chunkSize: chunkSize)
            guard files.updateValue(file, forKey: entry.path) == nil else {
                throw LoadFailure(.tampered, entry.path, "the manifest has the file twice")
            }
        }
        guard !files.isEmpty else { throw LoadFailure(.missing, "", "the manifest has no file") }
        self.path = path
        self.files = files
        self.onFailure = onFailure
    }

    /// The names of the files, relative to the model, in order.
    public var names: [String] { files.keys.sorted() }

    /// How many bytes a file has.
    public func size(of name: String) -> UInt64? { files[name]?.size }

    /// The tree of a file's chunks.
    public func tree(of name: String) -> ChunkTree? { files[name]?.tree }

    /// Every read so far that found other bytes than were signed.
    public var failures: [LoadFailure] { recorded.withLock { $0 } }

    /// Verified bytes of a file: as many as are asked for, or as there are behind the offset.
    ///
    /// - Throws: ``LoadFailure`` where a chunk is not what was signed; none of its bytes are given out.
    public func read(_ name: String, at offset: UInt64, count: Int) throws(LoadFailure) -> [UInt8] {
        guard let file = files[name] else { throw LoadFailure(.missing, name, "no such file was signed") }
        do throws(LoadFailure) {
            return try file.read(at: offset, count: count)
        } catch {
            recorded.withLock { if $0.count < 1_000 { $0.append(error) } }
            onFailure(error)
            throw error
        }
    }
}
