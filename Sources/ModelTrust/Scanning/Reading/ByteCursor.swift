/// Reads little-endian numbers one after the other from an input, through a small buffer.
struct ByteCursor {
    /// Bytes that are read at once: few where the cursor has jumped, more the longer it reads on.
    private static let windows = 1 << 10...1 << 16

    private let input: ScanInput
    /// Where the cursor may not go.
    private(set) var end: UInt64
    /// The next byte.
    private(set) var offset: UInt64
    private var buffer: [UInt8] = []
    private var bufferStart: UInt64 = 0
    private var window = 0

    /// A cursor over some of an input's bytes, all of them where nothing else is said.
    init(_ input: ScanInput, from: UInt64 = 0, to end: UInt64? = nil) {
        self.input = input
        self.offset = from
        self.end = min(end ?? input.size, input.size)
    }

    /// How many bytes there are still.
    var remaining: UInt64 { offset < end ? end - offset : 0 }

    /// Goes on within other bytes of the same input.
    mutating func move(to bytes: Range<UInt64>) {
        offset = bytes.lowerBound
        end = min(bytes.upperBound, input.size)
    }

    /// The next byte.
    mutating func byte() throws(ScanStop) -> UInt8 {
        guard remaining > 0 else { throw truncated }
        if offset < bufferStart || offset >= bufferStart + UInt64(buffer.count) {
            let readsOn = !buffer.isEmpty && offset == bufferStart + UInt64(buffer.count)
            window = readsOn ? min(2 * window, Self.windows.upperBound) : Self.windows.lowerBound
            buffer = try input.read(at: offset, count: Int(min(UInt64(window), remaining)))
            bufferStart = offset
        }
        defer { offset += 1 }
        return buffer[Int(offset - bufferStart)]
    }

    /// The next bytes; the count was bounded by the caller's own rule, and is bounded by what remains.
    mutating func bytes(_ count: UInt64) throws(ScanStop) -> [UInt8] {
        guard count <= remaining else { throw truncated }
        let start = offset
        offset += count
        let end = bufferStart + UInt64(buffer.count)
        if start >= bufferStart, offset <= end {
            return Array(buffer[Int(start - bufferStart)..<Int(offset - bufferStart)])
        }
        return try input.read(at: start, count: Int(count))
    }

    /// Goes on behind the next bytes without reading them.
    mutating func skip(_ count: UInt64) throws(ScanStop) {
        guard count <= remaining else { throw truncated }
        offset += count
    }

    /// A number of 1 to 8 bytes, the least significant first.
    mutating func number(_ size: Int) throws(ScanStop) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(try byte()) << UInt64(8 * index) }
        return value
    }

    /// A number of 1 to 8 bytes, the most significant first.
    mutating func bigEndian(_ size: Int) throws(ScanStop) -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<size { value = value << 8 | UInt64(try byte()) }
        return value
    }

    private var truncated: ScanStop {
        ScanStop(rule: "truncated", offset: offset, message: "it ends before what it declares")
    }
}
