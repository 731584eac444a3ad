/// What a stream of bytes may be compressed with.
enum CompressionFormat: String, Sendable {
    case deflate, gzip, zlib, bzip2, xz, lzma

    /// The format that the first bytes are the magic of; the two without a magic of their own are tried by whoever asks.
    static func recognise(_ head: [UInt8]) -> CompressionFormat? {
        guard head.count >= 6 else { return nil }
        if head.starts(with: [0x1f, 0x8b, 0x08]) { return .gzip }
        if head.starts(with: [0x42, 0x5a, 0x68]), 0x31...0x39 ~= head[3], head[4] == 0x31 || head[4] == 0x17 {
            return .bzip2
        }
        if head.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) { return .xz }
        // RFC 1950: method 8, a window of at most 32 KiB, no preset dictionary, and a check of the two bytes.
        if head[0] & 0x0f == 8, head[0] >> 4 <= 7, head[1] & 0x20 == 0, (Int(head[0]) << 8 | Int(head[1])) % 31 == 0 {
            return .zlib
        }
        // LZMA alone: the usual properties, and a dictionary whose size is a power of two.
        if head[0] == 0x5d, head[1] == 0, head[2] == 0 { return .lzma }
        return nil
    }
}
