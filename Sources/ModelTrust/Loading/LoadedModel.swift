import Dispatch
import Synchronization

/// A model whose weights can only be read from bytes that were hashed.
///
/// ```swift
/// let model = try ModelVerifier(trust: trust).load(model: "/models/small", signature: "/models/small.sig") { failure in
///     // The model on disk was changed: withdraw the workload's identity.
/// }
/// let header = try model.read("model.safetensors", at: 0, count: 8)
/// ```
///
/// Only ``ModelVerifier`` makes one: it proves who signed, hashes every file once and compares it with the manifest; a
/// Merkle tree of each file's chunks comes from the same bytes. From then on every read verifies the chunks that it
/// touches. There is no other way to the bytes: nothing is mapped, and no descriptor is handed out.
public final class LoadedModel: Sendable {
    /// Where the model lies.
    public let path: String
    /// What was proven of it; nil where nobody signed the manifest, as in tests.
    public let provenance: ModelProvenance?
    private let files: [String: VerifiedFile]
    private let onFailure: @Sendable (LoadFailure) -> Void
    private let recorded = Mutex<[LoadFailure]>([])

    /// Hashes a model's files and holds them to a manifest.
    ///
    /// `onFailure` is told of every read that finds other bytes than were signed, before the reader is.
    init(
        at path: String,
        manifest: LoadManifest,
        chunkSize: Int = ChunkTree.chunkSize,
        onFailure: @escaping @Sendable (LoadFailure) -> Void = { _ in }
    ) throws(LoadFailure) {
        let tree = try Self.tree(path)
        // A single file has no name of its own within the model.
        let names = manifest.files.map { tree.isFile ? "" : $0.path.text }
        guard !names.isEmpty else { throw LoadFailure(.missing, "", "the manifest has no file") }
        guard Set(names).count == names.count else {
            throw LoadFailure(.tampered, "", "the manifest has a file twice")
        }
        let found = Mutex<[String: Result<VerifiedFile, LoadFailure>]>([:])
        DispatchQueue.concurrentPerform(iterations: names.count) { index in
            let file = Result { () throws(LoadFailure) in
                try VerifiedFile(manifest.files[index], in: tree, of: manifest, chunkSize: chunkSize)
            }
            found.withLock { $0[names[index]] = file }
        }
        var files: [String: VerifiedFile] = [:]
        for name in names { files[name] = try found.withLock({ $0[name] })?.get() }
        self.path = path
        provenance = manifest.provenance
        self.files = files
        self.onFailure = onFailure
    }

    static func tree(_ path: String) throws(LoadFailure) -> ModelTree {
        do throws(ModelRefusal) { return try ModelTree(path: path) } catch {
            throw LoadFailure(.missing, "", error.message)
        }
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
