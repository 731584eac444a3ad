/// Copies chunks of a model's file into memory of the process's own.
struct ChunkReader: Sendable {
    let path: ModelPath
    private let file: ModelFile

    /// Opens a file of a model.
    init(_ path: ModelPath, in tree: ModelTree, links: LinkRule) throws(LoadFailure) {
        self.path = path
        do throws(ModelRefusal) { file = try tree.open(path, links: links) } catch {
            throw LoadFailure(.missing, path.text, error.message)
        }
    }

    /// Bytes from an offset on: as many as are asked for, or as there are.
    func read(at offset: UInt64, count: Int) throws(LoadFailure) -> [UInt8] {
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
}
