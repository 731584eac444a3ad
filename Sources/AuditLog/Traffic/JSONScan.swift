/// Walks over JSON text without building anything (RFC 8259), in one pass and to a bounded depth.
///
/// Offsets move past what was read; nil means that the text is not what was asked for.
enum JSONScan {
    /// The deepest nesting that is walked over.
    static let maximumDepth = 32

    /// Moves over white space.
    static func space(_ text: Span<UInt8>, _ offset: inout Int) {
        while offset < text.count {
            switch text[offset] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): offset += 1
            default: return
            }
        }
    }

    /// Moves over one byte that has to stand here, white space before it left out.
    static func take(_ byte: UInt8, _ text: Span<UInt8>, _ offset: inout Int) -> Bool {
        space(text, &offset)
        guard offset < text.count, text[offset] == byte else { return false }
        offset += 1
        return true
    }

    /// Moves over a string; returns the range between its quotation marks.
    static func string(_ text: Span<UInt8>, _ offset: inout Int) -> Range<Int>? {
        guard take(UInt8(ascii: "\""), text, &offset) else { return nil }
        let start = offset
        while offset < text.count {
            offset = ordinary(text, from: offset)
            guard offset < text.count else { return nil }
            let byte = text[offset]
            if byte == UInt8(ascii: "\"") {
                offset += 1
                return start..<(offset - 1)
            }
            guard byte >= 0x20 else { return nil }
            offset += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    /// Where the next byte stands that may be no ordinary part of a string, eight bytes at a time.
    private static func ordinary(_ text: Span<UInt8>, from start: Int) -> Int {
        var offset = start
        while offset + 8 <= text.count {
            // Sound: eight bytes from the offset lie within the span, and any bits are a number.
            let word = unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
            let ones: UInt64 = 0x0101_0101_0101_0101
            let highs = ones << 7
            let quotes = word ^ (ones * 0x22)
            let slashes = word ^ (ones * 0x5c)
            // The lowest bit that is set stands in the first byte that is below 0x20, a quotation mark or a backslash.
            let found =
                ((word &- ones * 0x20) & ~word | (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes) & highs
            if found != 0 { return offset + found.trailingZeroBitCount / 8 }
            offset += 8
        }
        return offset
    }

    /// Moves over any value; returns the range of all its bytes.
    static func value(_ text: Span<UInt8>, _ offset: inout Int, depth: Int = 0) -> Range<Int>? {
        guard depth < maximumDepth else { return nil }
        space(text, &offset)
        guard offset < text.count else { return nil }
        let start = offset
        switch text[offset] {
        case UInt8(ascii: "\""):
            guard string(text, &offset) != nil else { return nil }
        case UInt8(ascii: "{"):
            guard object(text, &offset, { _, offset in value(text, &offset, depth: depth + 1) != nil }) else {
                return nil
            }
        case UInt8(ascii: "["):
            guard array(text, &offset, { value(text, &$0, depth: depth + 1) != nil }) else { return nil }
        default:
            while offset < text.count, isWordByte(text[offset]) { offset += 1 }
            guard offset > start else { return nil }
        }
        return start..<offset
    }

    /// Moves over an object; `member` gets the range of each name and has to move over the value.
    static func object(
        _ text: Span<UInt8>,
        _ offset: inout Int,
        _ member: (_ name: Range<Int>, _ offset: inout Int) -> Bool
    ) -> Bool {
        guard take(UInt8(ascii: "{"), text, &offset) else { return false }
        if take(UInt8(ascii: "}"), text, &offset) { return true }
        while true {
            guard let name = string(text, &offset), take(UInt8(ascii: ":"), text, &offset), member(name, &offset)
            else { return false }
            if take(UInt8(ascii: "}"), text, &offset) { return true }
            guard take(UInt8(ascii: ","), text, &offset) else { return false }
        }
    }

    /// Moves over an array; `element` has to move over each value.
    static func array(_ text: Span<UInt8>, _ offset: inout Int, _ element: (_ offset: inout Int) -> Bool) -> Bool {
        guard take(UInt8(ascii: "["), text, &offset) else { return false }
        if take(UInt8(ascii: "]"), text, &offset) { return true }
        while true {
            guard element(&offset) else { return false }
            if take(UInt8(ascii: "]"), text, &offset) { return true }
            guard take(UInt8(ascii: ","), text, &offset) else { return false }
        }
    }

    /// Whether the bytes of a range are these.
    static func equals(_ text: Span<UInt8>, _ range: Range<Int>, _ name: StaticString) -> Bool {
        guard range.count == name.utf8CodeUnitCount else { return false }
        // Sound: the literal's bytes live as long as the program, and the index is below their number.
        for index in 0..<range.count where unsafe name.utf8Start[index] != text[range.lowerBound + index] {
            return false
        }
        return true
    }

    /// The bytes of numbers and of `true`, `false` and `null`.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "E"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
