import Crypto
import NIOCore

/// A file that is pulled: what of it is there, hashed as it comes.
struct PartialFile: Sendable {
    private let path: String
    private var file: OpenFile
    private var sha256 = SHA256()
    private var sha512: SHA512?
    private(set) var length: UInt64 = 0

    /// Opens a file, or makes it; what of it is there is hashed again.
    init(_ path: String, _ algorithm: ContentDigest.Algorithm) throws {
        self.path = path
        file = try Self.open(path)
        if algorithm == .sha512 { sha512 = SHA512() }
        try hashAgain()
    }

    private static func open(_ path: String) throws -> OpenFile {
        do { return try OpenFile(path, .append) } catch let error where error.code == .blobUnknown {
            return try OpenFile(path, .create)
        }
    }

    private mutating func hashAgain() throws {
        sha256 = SHA256()
        if sha512 != nil { sha512 = SHA512() }
        length = 0
        while case let bytes = try file.read(at: length, count: 1 << 20), !bytes.isEmpty {
            sha256.update(data: bytes)
            sha512?.update(data: bytes)
            length += UInt64(bytes.count)
        }
    }

    mutating func append(_ bytes: ByteBuffer) throws {
        try file.write(bytes.readableBytesSpan, at: length)
        // Sound: hashing reads the buffer for the call only.
        unsafe bytes.withUnsafeReadableBytes { buffer in
            unsafe sha256.update(bufferPointer: buffer)
            unsafe sha512?.update(bufferPointer: buffer)
        }
        length += UInt64(bytes.readableBytes)
    }

    /// Hashes what reached the file before a break.
    mutating func reopen() throws { try hashAgain() }

    /// Begins again.
    mutating func restart() throws {
        try file.truncate(to: 0)
        try hashAgain()
    }

    /// Says that the file is whole and on the disk.
    ///
    /// - Throws: ``RegistryClientError`` with `unverified`; the file is empty then.
    mutating func verify(_ descriptor: Descriptor) throws {
        let digest = sha512.map { ContentDigest($0.finalize()) } ?? ContentDigest(sha256.finalize())
        guard digest == descriptor.digest, length == descriptor.size else {
            try restart()
            throw RegistryClientError(
                .unverified,
                "the bytes have the digest `\(digest)`, and the manifest says `\(descriptor.digest)`"
            )
        }
        try file.synchronize()
    }
}
