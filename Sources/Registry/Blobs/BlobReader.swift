import Crypto

/// The bytes of a blob, as they are sent.
///
/// A blob that is sent whole is hashed on the way, and its last piece is held back until the digest is right: a reader
/// never gets all the bytes of a blob that the disk has damaged, or somebody changed.
public struct BlobReader: Sendable {
    /// The bytes of one piece.
    static let pieceLength = 256 << 10

    private let file: OpenFile
    private let digest: ContentDigest
    private let range: ByteRange?
    private var offset: UInt64
    private let end: UInt64
    private var sha256: SHA256?
    private var sha512: SHA512?

    /// How many bytes will come.
    public var count: UInt64 { range?.count ?? end }

    init(_ file: OpenFile, digest: ContentDigest, length: UInt64, range: ByteRange?) {
        self.file = file
        self.digest = digest
        self.range = range
        self.offset = range?.first ?? 0
        self.end = range.map { $0.last + 1 } ?? length
        guard range == nil else { return }
        switch digest.algorithm {
        case .sha256: sha256 = SHA256()
        case .sha512: sha512 = SHA512()
        }
    }

    /// The next piece; nil at the end.
    ///
    /// - Throws: ``RegistryError`` with `damaged` where the bytes are not the blob's.
    public mutating func next() throws(RegistryError) -> [UInt8]? {
        guard offset < end else { return nil }
        let wanted = Int(min(UInt64(Self.pieceLength), end - offset))
        let bytes = try file.read(at: offset, count: wanted)
        guard bytes.count == wanted else { throw damage }
        sha256?.update(data: bytes)
        sha512?.update(data: bytes)
        offset += UInt64(wanted)
        if offset == end {
            if let sha256, ContentDigest(sha256.finalize()) != digest { throw damage }
            if let sha512, ContentDigest(sha512.finalize()) != digest { throw damage }
        }
        return bytes
    }

    private var damage: RegistryError {
        RegistryError(.damaged, "the bytes on the disk are not those of `\(digest)`")
    }
}
