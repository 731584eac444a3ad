/// The form of a path that differently lenient servers may come to: what they would look up in the end.
///
/// Escapes are decoded until none is left, even those that a decoder of UTF-8 should refuse; backslashes are slashes;
/// parameters (`;x`), empty and dot segments are gone; the query and the last slash are cut off. Letters keep their
/// case, which is ignored when folded forms are compared.
enum FoldedPath {
    /// The folded path, or nil where it is the path itself as far as ``plainCount(_:)`` goes.
    static func fold(_ path: Span<UInt8>) -> [UInt8]? {
        guard !isPlain(path) else { return nil }
        return fold((0..<path.pathCount).map { path[$0] })
    }

    /// How long a path is without its query and its last slash.
    static func plainCount(_ path: Span<UInt8>) -> Int {
        let count = path.pathCount
        return count > 0 && path[count - 1] == slash ? count - 1 : count
    }

    /// Folds a path, or a piece of one, without a query.
    static func fold(_ path: [UInt8]) -> [UInt8] {
        let decoded = decode(path)
        var output: [UInt8] = []
        output.reserveCapacity(decoded.count)
        var start = 0
        while start <= decoded.count {
            var end = start
            while end < decoded.count, decoded[end] != slash, decoded[end] != UInt8(ascii: "\\") { end += 1 }
            append(segment: decoded[start..<end], to: &output)
            start = end + 1
        }
        return output
    }

    /// Decodes escapes to the end, in one pass: what a decoded byte completes is decoded with it.
    static func decode(_ text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        for byte in text {
            output.append(byte)
            while let (length, byte) = completed(output) {
                output.removeLast(length)
                output.append(byte)
            }
        }
        return output
    }

    private static let slash = UInt8(ascii: "/")

    private static func append(segment: ArraySlice<UInt8>, to output: inout [UInt8]) {
        var segment = segment.prefix { $0 != UInt8(ascii: ";") }
        while let first = segment.first, first <= 0x20 { segment.removeFirst() }
        while let last = segment.last, last <= 0x20 { segment.removeLast() }
        if segment.isEmpty || segment.elementsEqual(".".utf8) { return }
        guard segment.elementsEqual("..".utf8) else {
            output.append(slash)
            output += segment
            return
        }
        while let last = output.popLast(), last != slash {}
    }

    /// The escape, or the overlong form of an ASCII character, with which bytes end.
    private static func completed(_ output: [UInt8]) -> (length: Int, byte: UInt8)? {
        let count = output.count
        if count >= 3, let byte = PathByte.decoded(output, at: count - 3) { return (3, byte) }
        guard count >= 2, output[count - 1] & 0xc0 == 0x80 else { return nil }
        let low = output[count - 1] & 0x3f
        if output[count - 2] & 0xfe == 0xc0 { return (2, (output[count - 2] & 1) << 6 | low) }
        if count >= 3, output[count - 3] == 0xe0, output[count - 2] & 0xfe == 0x80 {
            return (3, (output[count - 2] & 1) << 6 | low)
        }
        return nil
    }

    /// Whether folding would change nothing but the end.
    private static func isPlain(_ path: Span<UInt8>) -> Bool {
        let count = path.pathCount
        guard count > 0, path[0] == slash else { return false }
        var previous: UInt8 = 0
        for index in 0..<count {
            let byte = path[index]
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: "\\"), UInt8(ascii: ";"), 0...0x20, 0x80...: return false
            case slash where previous == slash: return false
            case UInt8(ascii: ".") where previous == slash:
                // `.` and `..` are whole segments.
                var end = index + 1
                if end < count, path[end] == UInt8(ascii: ".") { end += 1 }
                if end == count || path[end] == slash { return false }
            default: break
            }
            previous = byte
        }
        return true
    }
}
