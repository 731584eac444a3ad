extension JSONScan {
    /// The text of a string, given the range between its quotation marks; nil where it is not UTF-8 or an escape is none.
    static func decoded(_ text: Span<UInt8>, _ range: Range<Int>) -> String? {
        var index = range.lowerBound
        while index < range.upperBound, text[index] != UInt8(ascii: "\\") { index += 1 }
        if index == range.upperBound {
            // No escape: the bytes are the text.
            do { return String(copying: try UTF8Span(validating: text.extracting(range))) } catch { return nil }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        index = range.lowerBound
        while index < range.upperBound {
            let byte = text[index]
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                index += 1
                continue
            }
            guard index + 1 < range.upperBound else { return nil }
            index += 2
            switch text[index - 1] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(text[index - 1])
            case UInt8(ascii: "b"): bytes.append(8)
            case UInt8(ascii: "f"): bytes.append(12)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "u"):
                guard let scalar = scalar(text, &index, end: range.upperBound) else { return nil }
                bytes.append(contentsOf: Array(String(Character(scalar)).utf8))
            default: return nil
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The scalar of the four digits at an index and, for a pair of surrogates, of the escape after them.
    private static func scalar(_ text: Span<UInt8>, _ index: inout Int, end: Int) -> Unicode.Scalar? {
        guard let first = unit(text, index, end: end) else { return nil }
        index += 4
        guard (0xd800...0xdbff).contains(first) else { return Unicode.Scalar(first) }
        guard index + 2 <= end, text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "u"),
            let second = unit(text, index + 2, end: end), (0xdc00...0xdfff).contains(second)
        else { return nil }
        index += 6
        return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
    }

    private static func unit(_ text: Span<UInt8>, _ index: Int, end: Int) -> UInt32? {
        guard index + 4 <= end else { return nil }
        var value: UInt32 = 0
        for position in index..<(index + 4) {
            switch text[position] {
            case let byte where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
                value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            case let byte where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20):
                value = value << 4 | UInt32((byte | 0x20) - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}
