internal import CLinux
import Glibc

/// A model's files in memory that nobody can change: each was hashed while it was copied, and then sealed.
///
/// For models that fit into memory. The copies are anonymous files (`memfd_create`) with the seals against writing,
/// growing, shrinking and unsealing; they go when this value and the last process that opened one do.
public final class SealedModel: Sendable {
    private let descriptors: [String: Int32]
    /// What was proven of it; nil where nobody signed the manifest, as in tests.
    public let provenance: ModelProvenance?

    /// Copies a model into memory while hashing it, and holds it to a manifest.
    init(at path: String, manifest: LoadManifest) throws(LoadFailure) {
        let tree = try LoadedModel.tree(path)
        var descriptors: [String: Int32] = [:]
        do throws(LoadFailure) {
            for entry in manifest.files {
                let descriptor = try Self.copy(entry, in: tree, of: manifest)
                if let twice = descriptors.updateValue(descriptor, forKey: tree.isFile ? "" : entry.path.text) {
                    close(twice)
                    throw LoadFailure(.tampered, entry.path.text, "the manifest has the file twice")
                }
            }
        } catch {
            for descriptor in descriptors.values { close(descriptor) }
            throw error
        }
        self.descriptors = descriptors
        provenance = manifest.provenance
    }

    deinit { for descriptor in descriptors.values { close(descriptor) } }

    /// The names of the files, relative to the model, in order.
    public var names: [String] { descriptors.keys.sorted() }

    /// A path at which this process, and others of its user while it lives, can open a file's copy.
    public func path(of name: String) -> String? {
        descriptors[name].map { "/proc/\(getpid())/fd/\($0)" }
    }

    /// Bytes of a file's copy.
    public func read(_ name: String, at offset: UInt64, count: Int) throws(LoadFailure) -> [UInt8] {
        guard let descriptor = descriptors[name] else { throw LoadFailure(.missing, name, "no such file was signed") }
        // Sound: pread writes at most as many bytes as are asked for, and the array says how many it wrote.
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let place = off_t(clamping: offset + UInt64(filled))
                let got = unsafe pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, place)
                if got < 0, errno == EINTR { continue }
                if got <= 0 { break }
                filled += got
            }
        }
    }

    private static func copy(
        _ entry: LoadManifest.File,
        in tree: ModelTree,
        of manifest: LoadManifest
    ) throws(LoadFailure) -> Int32 {
        let chunks = try ChunkReader(entry.path, in: tree, links: manifest.links)
        let name = entry.path.text
        let copy = unsafe lapwing_memfd_create("lapwing-model")
        guard copy >= 0 else {
            throw LoadFailure(.unsupported, name, "no file in memory can be made: \(LoadFailure.reason(errno))")
        }
        do throws(LoadFailure) {
            var parts = VerifiedParts(entry, manifest.algorithm)
            var offset: UInt64 = 0
            var chunk: [UInt8] = []
            repeat {
                chunk = try chunks.read(at: offset, count: ChunkTags.chunkSize, reusing: consume chunk)
                // What is hashed and what is written are the same bytes of this process's own memory.
                try parts.add(chunk, at: offset)
                try write(chunk, to: copy, name)
                offset += UInt64(chunk.count)
            } while chunk.count == ChunkTags.chunkSize
            try parts.finish(at: offset)
            guard lapwing_memfd_seal(copy) == 0 else {
                throw LoadFailure(.unsupported, name, "the copy cannot be sealed: \(LoadFailure.reason(errno))")
            }
        } catch {
            close(copy)
            throw error
        }
        return copy
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(LoadFailure) {
        var written = 0
        while written < bytes.count {
            // Sound: write reads only the rest of the array, which lives through the call.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw LoadFailure(.unsupported, path, "the copy cannot be written: \(LoadFailure.reason(errno))")
            }
            written += count
        }
    }
}
