import Crypto
import NIOCore

/// An upload's file while bytes come: they are hashed as they are written.
struct BlobWriter: Sendable {
    private let file: OpenFile
    private var hash = SHA256()
    /// The bytes that are there.
    private(set) var length: UInt64

    /// Whether the upload has come to its end and takes no more bytes.
    var isOver = false

    /// Opens an upload's file; one that is there already is hashed again, since the state of a hash does not outlive its
    /// process.
    init(_ file: OpenFile) throws(RegistryError) {
        self.file = file
        self.length = 0
        let end = try file.length()
        while length < end {
            let bytes = try file.read(at: length, count: 1 << 20)
            guard !bytes.isEmpty else { break }
            hash.update(data: bytes)
            length += UInt64(bytes.count)
        }
    }

    /// Adds bytes; where the disk is full, those that were there stay.
    mutating func append(_ bytes: ByteBuffer) throws(RegistryError) {
        do throws(RegistryError) { try file.write(bytes.readableBytesSpan, at: length) } catch {
            try? file.truncate(to: length)
            throw error
        }
        // Sound: hashing reads the buffer for the call only.
        unsafe bytes.withUnsafeReadableBytes { buffer in unsafe hash.update(bufferPointer: buffer) }
        length += UInt64(bytes.readableBytes)
    }

    /// Brings the bytes to the disk, and says their digest.
    func finish(_ algorithm: ContentDigest.Algorithm) throws(RegistryError) -> ContentDigest {
        try file.synchronize()
        guard algorithm == .sha512 else { return ContentDigest(hash.finalize()) }
        var hash = SHA512()
        var offset: UInt64 = 0
        while offset < length {
            let bytes = try file.read(at: offset, count: 1 << 20)
            guard !bytes.isEmpty else { break }
            hash.update(data: bytes)
            offset += UInt64(bytes.count)
        }
        return ContentDigest(hash.finalize())
    }
}
