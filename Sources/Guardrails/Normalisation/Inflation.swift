import CZlib

/// Expands bytes of gzip or zlib, as programs put them into base 64.
enum Inflation {
    /// The text in compressed bytes.
    ///
    /// - Parameters:
    ///   - bytes: what may begin as one of the two formats does.
    ///   - most: how many bytes may come out.
    /// - Returns: the bytes, and whether they are all; nil where it is neither format, or broken before anything came out.
    static func expand(_ bytes: [UInt8], most: Int) -> (bytes: [UInt8], isWhole: Bool)? {
        guard bytes.count > 8, most > 0 else { return nil }
        let isGzip = bytes[0] == 0x1F && bytes[1] == 0x8B && bytes[2] == 8
        // RFC 1950 section 2.2: the method, and a check that makes the two bytes a multiple of 31.
        let isZlib = bytes[0] & 0x0F == 8 && bytes[0] >> 4 <= 7 && (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0
        guard isGzip || isZlib else { return nil }
        var stream = unsafe z_stream()
        guard unsafe inflateInit2_(&stream, 47, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { _ = unsafe inflateEnd(&stream) }
        var status = Z_OK
        // Sound: zlib reads at most `bytes.count` bytes, writes at most `most`, and says how many it wrote; both pointers are
        // used only within the call.
        let expanded = unsafe [UInt8](unsafeUninitializedCapacity: most) { output, count in
            unsafe bytes.withUnsafeBufferPointer { input in
                unsafe stream.next_in = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.avail_in = UInt32(clamping: input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(clamping: most)
                status = unsafe inflate(&stream, Z_SYNC_FLUSH)
            }
            count = unsafe most - Int(stream.avail_out)
        }
        return expanded.isEmpty ? nil : (expanded, status == Z_STREAM_END)
    }
}
