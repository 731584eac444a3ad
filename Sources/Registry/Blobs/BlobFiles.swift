import CLinux
import Foundation
import Glibc
import ZeroTrust

/// The registry's files: `blobs/ALGORITHM/XX/HEX` for whole blobs, `uploads/ID` for those that are coming.
///
/// A file reaches `blobs` by being renamed, after its bytes were hashed and brought to the disk; nothing half ever has a
/// blob's name. One process owns a directory.
public final class BlobFiles: Sendable {
    /// The directory.
    public let directory: String
    /// Holds the lock on the directory.
    private let lock: OpenFile

    /// Opens a directory and makes what is missing in it.
    ///
    /// - Throws: ``RegistryError`` where another process owns it, or it cannot be used.
    public init(directory: String) throws(RegistryError) {
        self.directory = directory
        for path in [
            directory, directory + "/uploads", directory + "/blobs", directory + "/blobs/sha256",
            directory + "/blobs/sha512", directory + "/scratch",
        ] {
            try Self.makeDirectory(path)
        }
        let path = directory + "/lock"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw OpenFile.failure("open", path) }
        self.lock = OpenFile(adopting: descriptor, path: path)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw RegistryError(.unavailable, "another registry works in `\(directory)`")
        }
        // What a process that was killed was looking at.
        for name in Self.names(in: directory + "/scratch") { removeScratch(directory + "/scratch/" + name) }
    }

    /// Lets another process own the directory; nothing may use this value afterwards.
    public func close() { lock.unlock() }

    private static func makeDirectory(_ path: String) throws(RegistryError) {
        guard unsafe mkdir(path, 0o700) != 0 else { return }
        let number = errno
        var status = stat()
        guard number == EEXIST, unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw OpenFile.failure("make", path, number)
        }
    }

    private func parent(of digest: ContentDigest) -> String {
        "\(directory)/blobs/\(digest.algorithm.rawValue)/\(digest.hex.prefix(2))"
    }

    private func path(of digest: ContentDigest) -> String { parent(of: digest) + "/" + digest.hex }

    private func path(of upload: RequestID) -> String { "\(directory)/uploads/\(upload)" }

    // MARK: Blobs

    /// Opens a blob for a reader.
    public func read(_ digest: ContentDigest, range: ByteRange? = nil) throws(RegistryError) -> BlobReader {
        let file = try OpenFile(path(of: digest), .read)
        return BlobReader(file, digest: digest, length: try file.length(), range: range)
    }

    /// The length of a blob's file; nil where there is none.
    public func length(of digest: ContentDigest) -> UInt64? {
        var status = stat()
        guard unsafe lstat(path(of: digest), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return UInt64(status.st_size)
    }

    /// Removes a blob's file.
    public func remove(_ digest: ContentDigest) throws(RegistryError) {
        guard unsafe unlink(path(of: digest)) != 0, errno != ENOENT else { return }
        throw OpenFile.failure("remove", path(of: digest))
    }

    /// The blobs that have a file.
    public func all() -> [ContentDigest] {
        var digests: [ContentDigest] = []
        for algorithm in ContentDigest.Algorithm.allCases {
            let root = "\(directory)/blobs/\(algorithm.rawValue)"
            for part in Self.names(in: root) {
                for name in Self.names(in: root + "/" + part) {
                    if let digest = ContentDigest("\(algorithm.rawValue):\(name)") { digests.append(digest) }
                }
            }
        }
        return digests
    }

    // MARK: Uploads

    /// Makes the file of a new upload.
    func create(_ upload: RequestID) throws(RegistryError) -> BlobWriter {
        try BlobWriter(OpenFile(path(of: upload), .create))
    }

    /// Opens the file of an upload that has begun, and hashes what is there.
    func resume(_ upload: RequestID) throws(RegistryError) -> BlobWriter {
        try BlobWriter(OpenFile(path(of: upload), .append))
    }

    /// Removes the file of an upload, where there is one.
    func discard(_ upload: RequestID) { _ = unsafe unlink(path(of: upload)) }

    /// The uploads that have a file.
    func uploads() -> [RequestID] { Self.names(in: directory + "/uploads").compactMap { RequestID($0) } }

    /// Gives an upload's file, which is on the disk, its blob's name for good.
    ///
    /// A blob that is there already stays, since others have it open under its name.
    func place(_ upload: RequestID, as digest: ContentDigest, length: UInt64) throws(RegistryError) {
        if self.length(of: digest) == length { return discard(upload) }
        let parent = parent(of: digest)
        try Self.makeDirectory(parent)
        guard unsafe rename(path(of: upload), path(of: digest)) == 0 else {
            throw OpenFile.failure("rename", path(of: upload))
        }
        for path in [parent, "\(directory)/blobs/\(digest.algorithm.rawValue)"] {
            let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { throw OpenFile.failure("open", path) }
            defer { _ = Glibc.close(descriptor) }
            guard fsync(descriptor) == 0 else { throw OpenFile.failure("bring to the disk", path) }
        }
    }

    // MARK: Looking at blobs

    /// Makes an empty directory beside the blobs.
    func makeScratch() throws(RegistryError) -> String {
        let path =
            "\(directory)/scratch/\(RequestID(milliseconds: Timestamp.now().milliseconds, random: .random(in: 0 ... .max)))"
        try Self.makeDirectory(path)
        return path
    }

    /// Gives a blob another name below a directory.
    func link(_ digest: ContentDigest, in directory: String, as name: ModelPath) throws(RegistryError) {
        try Self.makeDirectory(directory)
        for parent in name.parents { try Self.makeDirectory(directory + "/" + parent) }
        let path = "\(directory)/\(name)"
        guard unsafe Glibc.link(self.path(of: digest), path) == 0 else { throw OpenFile.failure("name", path) }
    }

    /// Removes a directory that was made for looking at blobs.
    func removeScratch(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    private static func names(in path: String) -> [String] {
        guard let stream = unsafe opendir(path) else { return [] }
        defer { _ = unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            // Sound: the kernel ends the name with a zero, and the entry lives until the next call.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
