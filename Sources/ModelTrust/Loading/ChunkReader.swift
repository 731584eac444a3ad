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
    ///
    /// They are read into the memory of `spare` where that has as many bytes, which saves new pages.
    func read(at offset: UInt64, count: Int, reusing spare: consuming [UInt8]? = nil) throws(LoadFailure) -> [UInt8] {
        let file = if let file { file } else { try Self.open(path, in: tree, links) }
        var outcome = Result<Int, ModelRefusal>.success(0)
        var bytes: [UInt8]
        if var reused = spare.take(), reused.count == count {
            // Sound: the buffer is the array's own, and lives through the call.
            unsafe reused.withUnsafeMutableBytes { buffer in outcome = unsafe Self.fill(buffer, from: file, at: offset)
            }
            bytes = reused
        } else {
            // Sound: the array says how many bytes it got.
            bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                outcome = unsafe Self.fill(UnsafeMutableRawBufferPointer(buffer), from: file, at: offset)
                filled = (try? outcome.get()) ?? 0
            }
        }
        switch outcome {
        case .failure(let refusal): throw LoadFailure(.unreadable, path.text, at: offset, refusal.message)
        case .success(let filled): bytes.removeLast(bytes.count - filled)
        }
        return bytes
    }

    /// Reads until a buffer is full or the file ends; how many bytes there were.
    private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        from file: ModelFile,
        at offset: UInt64
    ) -> Result<Int, ModelRefusal> {
        Result { () throws(ModelRefusal) in
            var filled = 0
            while filled < buffer.count {
                // Sound: each read fills at most what is left of the buffer.
                let place = unsafe buffer.baseAddress?.advanced(by: filled)
                let got = try unsafe file.read(
                    into: place,
                    count: buffer.count - filled,
                    at: offset + UInt64(filled)
                )
                if got == 0 { break }
                filled += got
            }
            return filled
        }
    }

    private static func open(_ path: ModelPath, in tree: ModelTree, _ links: LinkRule) throws(LoadFailure) -> ModelFile
    {
        do throws(ModelRefusal) { return try tree.open(path, links: links) } catch {
            throw LoadFailure(.missing, path.text, error.message)
        }
    }
}
