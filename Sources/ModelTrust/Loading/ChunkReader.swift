/// Copies chunks of a model's file into memory of the process's own.
struct ChunkReader: Sendable {
    let path: ModelPath
    /// What the file system said of the file when it was opened.
    let facts: FileFacts
    private let tree: ModelTree
    private let links: LinkRule
    /// The open file; nil where the model has so many that each is opened for its reads alone.
    private let file: ModelFile?

    /// Opens a file of a model, which stays open, and takes a descriptor, or is opened again for each read.
    init(_ path: ModelPath, in tree: ModelTree, links: LinkRule, keepsOpen: Bool = true) throws(LoadFailure) {
        (self.path, self.tree, self.links) = (path, tree, links)
        let file = try Self.open(path, in: tree, links)
        facts = file.facts
        self.file = keepsOpen ? file : nil
    }

    /// Bytes from an offset on: as many as are asked for, or as there are.
    func read(at offset: UInt64, count: Int) throws(LoadFailure) -> [UInt8] {
        let file = if let file { file } else { try Self.open(path, in: tree, links) }
        var failure: ModelRefusal?
        // Sound: each read fills at most what is left of the buffer, and the array says how many bytes it got.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(ModelRefusal) {
                while filled < count {
                    let place = unsafe buffer.baseAddress.map { unsafe UnsafeMutableRawPointer($0 + filled) }
                    let got = try unsafe file.read(into: place, count: count - filled, at: offset + UInt64(filled))
                    if got == 0 { break }
                    filled += got
                }
            } catch { failure = error }
        }
        if let failure { throw LoadFailure(.unreadable, path.text, at: offset, failure.message) }
        return bytes
    }

    private static func open(_ path: ModelPath, in tree: ModelTree, _ links: LinkRule) throws(LoadFailure) -> ModelFile
    {
        do throws(ModelRefusal) { return try tree.open(path, links: links) } catch {
            throw LoadFailure(.missing, path.text, error.message)
        }
    }
}
