import CBzip2
import CLzma
import CZlib

/// Expands one stream, a piece at a time.
///
/// It owns the state of the C library, which nobody else sees; pointers to input and output are given to the library for
/// the length of one call.
@safe final class Decompressor {
    /// What one step did.
    struct Step {
        var consumed = 0
        var output: [UInt8] = []
        /// Whether the stream ended with the last byte consumed.
        var ended = false
    }

    /// The most memory that liblzma may take: what `xz -9` needs to expand.
    private static let lzmaMemory: UInt64 = 66 << 20

    private let format: CompressionFormat
    private var zlib = unsafe z_stream()
    private var bzip2 = unsafe bz_stream()
    private var lzma = unsafe lzma_stream()

    init(_ format: CompressionFormat) throws(ScanStop) {
        self.format = format
        let status: Int32
        switch format {
        case .deflate, .gzip, .zlib:
            let bits: Int32 = format == .deflate ? -15 : format == .gzip ? 31 : 15
            status = unsafe inflateInit2_(&zlib, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        case .bzip2: status = unsafe BZ2_bzDecompressInit(&bzip2, 0, 0)
        case .xz: status = unsafe Int32(lzma_stream_decoder(&lzma, Self.lzmaMemory, 0).rawValue)
        case .lzma: status = unsafe Int32(lzma_alone_decoder(&lzma, Self.lzmaMemory).rawValue)
        }
        guard status == 0 else { throw Self.broken("the library does not begin (\(status))") }
    }

    /// Expands some of the input into at most so many bytes.
    func step(_ input: ArraySlice<UInt8>, limit: Int) throws(ScanStop) -> Step {
        var step = Step()
        var status: Int32 = 0
        // Sound: the libraries write at most `limit` bytes and read at most `input.count`, and say how many they did.
        unsafe step.output = [UInt8](unsafeUninitializedCapacity: limit) { output, filled in
            unsafe input.withUnsafeBufferPointer { bytes in
                let start = unsafe UnsafeMutablePointer(mutating: bytes.baseAddress)
                switch format {
                case .deflate, .gzip, .zlib:
                    unsafe zlib.next_in = start
                    unsafe zlib.avail_in = UInt32(bytes.count)
                    unsafe zlib.next_out = output.baseAddress
                    unsafe zlib.avail_out = UInt32(limit)
                    status = unsafe inflate(&zlib, Z_NO_FLUSH)
                    step.consumed = unsafe bytes.count - Int(zlib.avail_in)
                    filled = unsafe limit - Int(zlib.avail_out)
                case .bzip2:
                    unsafe bzip2.next_in = start.asCharacters
                    unsafe bzip2.avail_in = UInt32(bytes.count)
                    unsafe bzip2.next_out = output.baseAddress.asCharacters
                    unsafe bzip2.avail_out = UInt32(limit)
                    status = unsafe BZ2_bzDecompress(&bzip2)
                    step.consumed = unsafe bytes.count - Int(bzip2.avail_in)
                    filled = unsafe limit - Int(bzip2.avail_out)
                case .xz, .lzma:
                    unsafe lzma.next_in = UnsafePointer(start)
                    unsafe lzma.avail_in = bytes.count
                    unsafe lzma.next_out = output.baseAddress
                    unsafe lzma.avail_out = limit
                    status = unsafe Int32(lzma_code(&lzma, LZMA_RUN).rawValue)
                    step.consumed = unsafe bytes.count - Int(lzma.avail_in)
                    filled = unsafe limit - Int(lzma.avail_out)
                }
            }
        }
        try judge(status, &step)
        return step
    }

    private func judge(_ status: Int32, _ step: inout Step) throws(ScanStop) {
        switch format {
        case .deflate, .gzip, .zlib:
            step.ended = status == Z_STREAM_END
            // Z_BUF_ERROR: neither input nor room was left, which is no error.
            guard step.ended || status == Z_OK || status == Z_BUF_ERROR else { throw Self.broken("zlib: \(status)") }
        case .bzip2:
            step.ended = status == BZ_STREAM_END
            guard step.ended || status == BZ_OK else { throw Self.broken("bzip2: \(status)") }
        case .xz, .lzma:
            step.ended = status == Int32(LZMA_STREAM_END.rawValue)
            if status == Int32(LZMA_MEMLIMIT_ERROR.rawValue) {
                throw ScanStop(
                    rule: "limit-memory",
                    message: "expanding it takes more than \(Self.lzmaMemory >> 20) MiB of memory"
                )
            }
            guard step.ended || status == 0 || status == Int32(LZMA_BUF_ERROR.rawValue) else {
                throw Self.broken("liblzma: \(status)")
            }
        }
    }

    static func broken(_ why: String) -> ScanStop {
        ScanStop(rule: "compression-broken", message: "the compressed bytes cannot be expanded: \(why)")
    }

    deinit {
        switch format {
        case .deflate, .gzip, .zlib: _ = unsafe inflateEnd(&zlib)
        case .bzip2: _ = unsafe BZ2_bzDecompressEnd(&bzip2)
        case .xz, .lzma: unsafe lzma_end(&lzma)
        }
    }
}

extension Optional where Wrapped == UnsafeMutablePointer<UInt8> {
    /// The same bytes as C's `char`, which has the same size and may alias anything.
    fileprivate var asCharacters: UnsafeMutablePointer<CChar>? {
        unsafe self.map { unsafe UnsafeMutableRawPointer($0).assumingMemoryBound(to: CChar.self) }
    }
}

/// The CRC-32 of zip and gzip.
struct CRC32 {
    private(set) var value: UInt32 = 0

    mutating func update(_ bytes: [UInt8]) {
        // Sound: crc32 reads exactly the bytes of the array.
        let before = UInt(value)
        let after = unsafe bytes.withUnsafeBufferPointer { unsafe crc32(before, $0.baseAddress, UInt32($0.count)) }
        value = UInt32(truncatingIfNeeded: after)
    }
}
