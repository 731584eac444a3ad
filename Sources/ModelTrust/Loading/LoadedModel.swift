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
/// Only ``ModelVerifier`` makes one: it proves who signed. A file that was signed whole is hashed once and compared with
/// the manifest, and tags of its chunks, under a key of its own, come from the same bytes; a file that was signed by
/// shards is not read before somebody reads it, and then only the shards that the read touches are. Every read verifies
/// what it touches.
/// There is no other way to the bytes: nothing is mapped, and no descriptor is handed out.
public final class LoadedModel: Sendable {
    /// Where the model lies.
    public let path: String
    /// What was proven of it; nil where nobody signed the manifest, as in tests.
    public let provenance: ModelProvenance?
    private let files: [String: VerifiedFile]
    private let onFailure: @Sendable (LoadFailure) -> Void
    private let recorded = Mutex<[LoadFailure]>([])
    private let cache: VerifiedCache
    /// Of more files than this, none stays open between reads.
    private static let openFiles = 256

    /// Opens a model's files and holds them to a manifest: those that were signed whole by hashing them.
    ///
    /// `onFailure` is told of every read that finds other bytes than were signed, before the reader is.
    init(
        at path: String,
        manifest: LoadManifest,
        chunkSize: Int = ChunkTags.chunkSize,
        cache: VerifiedCache? = nil,
        onFailure: @escaping @Sendable (LoadFailure) -> Void = { _ in }
    ) throws(LoadFailure) {
        let tree = try Self.tree(path)
        // A single file has no name of its own within the model.
        let names = manifest.files.map { tree.isFile ? "" : $0.path.text }
        guard !names.isEmpty else { throw LoadFailure(.missing, "", "the manifest has no file") }
        guard Set(names).count == names.count else {
            throw LoadFailure(.tampered, "", "the manifest has a file twice")
        }
        let cache = cache ?? VerifiedCache(capacity: Self.cacheSize(for: manifest, chunkSize: chunkSize))
        let found = Mutex<[String: Result<VerifiedFile, LoadFailure>]>([:])
        DispatchQueue.concurrentPerform(iterations: names.count) { index in
            let file = Result { () throws(LoadFailure) in
                try VerifiedFile(
                    manifest.files[index],
                    number: index,
                    in: tree,
                    of: manifest,
                    chunkSize: chunkSize,
                    cache: cache,
                    keepsOpen: names.count <= Self.openFiles
                )
            }
            found.withLock { $0[names[index]] = file }
        }
        var files: [String: VerifiedFile] = [:]
        for name in names { files[name] = try found.withLock({ $0[name] })?.get() }
        self.cache = cache
        self.path = path
        provenance = manifest.provenance
        self.files = files
        self.onFailure = onFailure
    }

    /// How much is kept: 32 MiB, and where shards are large, 16 of them, so that a handful of files can be read at once.
    private static func cacheSize(for manifest: LoadManifest, chunkSize: Int) -> Int {
        let most = VerifiedFile.wholeShard * UInt64(chunkSize)
        var largest: UInt64 = 0
        for file in manifest.files {
            var start: UInt64 = 0
            for end in file.parts.compactMap(\.end) where end > start {
                if end - start <= most { largest = max(largest, end - start) }
                start = end
            }
        }
        return max(32 << 20, 16 * Int(largest))
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

    /// Every read so far that found other bytes than were signed.
    public var failures: [LoadFailure] { recorded.withLock { $0 } }

    /// How many bytes of the model were read from the disk so far, each hashed before any was given out.
    public var bytesRead: UInt64 { cache.bytesRead }

    /// Verified bytes of a file: as many as are asked for, or as there are behind the offset.
    ///
    /// - Throws: ``LoadFailure`` where a chunk is not what was signed; none of its bytes are given out.
    public func read(_ name: String, at offset: UInt64, count: Int) throws(LoadFailure) -> [UInt8] {
        try report(name) { (file) throws(LoadFailure) in
            let bytes = try file.read(at: offset, count: count)
            if file.isReadInOrder { cache.queue.async { file.readAhead() } }
            return bytes
        }
    }

    /// Verified bytes of a file as they lie in memory, one piece behind the other; nil where another thread is loading some
    /// of them, which then calls `later`.
    func pieces(
        _ name: String,
        at offset: UInt64,
        count: Int,
        later: @escaping @Sendable () -> Void
    ) throws(LoadFailure) -> [ArraySlice<UInt8>]? {
        try report(name) { (file) throws(LoadFailure) in try file.pieces(at: offset, count: count, later: later) }
    }

    /// A file of the model.
    func file(_ name: String) -> VerifiedFile? { files[name] }

    /// Does work on a thread for which nobody waits.
    func later(_ work: @escaping @Sendable () -> Void) { cache.queue.async(execute: work) }

    private func report<Value>(
        _ name: String,
        _ body: (VerifiedFile) throws(LoadFailure) -> Value
    ) throws(LoadFailure) -> Value {
        guard let file = files[name] else { throw LoadFailure(.missing, name, "no such file was signed") }
        do throws(LoadFailure) { return try body(file) } catch {
            recorded.withLock { if $0.count < 1_000 { $0.append(error) } }
            onFailure(error)
            throw error
        }
    }
}
