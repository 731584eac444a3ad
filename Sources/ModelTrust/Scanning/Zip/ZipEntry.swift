/// One member of a zip archive, as the central directory has it.
struct ZipEntry {
    let name: String
    let flags: UInt16
    let method: UInt16
    let crc: UInt32
    var compressedSize: UInt64
    var size: UInt64
    var offset: UInt64
    /// The upper half of the external attributes where a Unix system made the entry.
    let mode: UInt16
    let hasComment: Bool
    /// Where its data begins, once the local header has been read.
    var dataStart: UInt64 = 0

    static let encrypted: UInt16 = 1 << 0
    static let descriptor: UInt16 = 1 << 3
    /// UTF-8 names, a data descriptor, and how hard the compressor tried: all others change what is read.
    static let allowedFlags: UInt16 = 1 << 11 | descriptor | 1 << 1 | 1 << 2

    var isFolder: Bool { name.utf8.last == UInt8(ascii: "/") }
}

/// Little-endian numbers in bytes.
struct ByteFields {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func u16(_ at: Int) -> UInt16 { UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 }
    func u32(_ at: Int) -> UInt32 { UInt32(u16(at)) | UInt32(u16(at + 2)) << 16 }
    func u64(_ at: Int) -> UInt64 { UInt64(u32(at)) | UInt64(u32(at + 4)) << 32 }
}
