import Synchronization

/// Notices that a model's files on disk are no longer what was signed, also where nobody reads them.
///
/// What the file system says of each file is compared with what it said before; a file of which that has changed is
/// hashed anew, so that a touched file is no alarm and a changed one is, whoever changed it and however.
///
/// Make it before the model is loaded: what changes in between is noticed then.
public final class ModelWatch: Sendable {
    /// The digest of what is watched.
    public let digest: ArtifactDigest
    private let path: String
    private let manifest: LoadManifest
    /// What the file system said of each file of the manifest, where its bytes were last known to be right.
    private let known: Mutex<[FileFacts?]>

    init(_ path: String, _ manifest: LoadManifest, digest: ArtifactDigest) {
        (self.path, self.manifest, self.digest) = (path, manifest, digest)
        let tree = try? LoadedModel.tree(path)
        known = Mutex(
            manifest.files.map { file in tree.flatMap { Self.facts(of: file, in: $0, manifest) } }
        )
    }

    /// Looks at every file.
    ///
    /// - Parameter onProgress: is called after each file, and after each piece of one that is hashed anew, so that a look that
    ///   takes long can be told from one that hangs.
    /// - Returns: the first that is not what was signed, or nil.
    public func look(onProgress: () -> Void = {}) -> LoadFailure? {
        do throws(LoadFailure) {
            let tree = try LoadedModel.tree(path)
            for index in manifest.files.indices {
                try look(at: index, in: tree, onProgress)
                onProgress()
            }
            return nil
        } catch { return error }
    }

    private func look(at index: Int, in tree: ModelTree, _ onProgress: () -> Void) throws(LoadFailure) {
        let file = manifest.files[index]
        guard let now = Self.facts(of: file, in: tree, manifest) else {
            throw LoadFailure(.missing, file.path.text, "it is no longer there as it was signed")
        }
        guard now != known.withLock({ $0[index] }) else { return }
        let chunks = try ChunkReader(file.path, in: tree, links: manifest.links)
        var parts = VerifiedParts(file, manifest.algorithm)
        var offset: UInt64 = 0
        var chunk: [UInt8] = []
        repeat {
            chunk = try chunks.read(at: offset, count: ChunkTags.chunkSize, reusing: consume chunk)
            try parts.add(chunk, at: offset)
            offset += UInt64(chunk.count)
            onProgress()
        } while chunk.count == ChunkTags.chunkSize
        try parts.finish(at: offset)
        // A change while it was hashed shows at the next look.
        known.withLock { $0[index] = now }
    }

    private static func facts(of file: LoadManifest.File, in tree: ModelTree, _ manifest: LoadManifest) -> FileFacts? {
        try? tree.open(file.path, links: manifest.links).facts
    }
}
