/// Reads the strings of a JSON text (RFC 8259 §7).
enum JSONString {
    /// What is wrong with a string.
    struct Problem: Error {
        let code: JSONFailure.Code
        let offset: Int
        let message: String
    }

    /// Checks a string from the byte behind its opening quote, and finds the closing one.
    static func scan(_ bytes: [UInt8], from start: Int) throws(Problem) -> (quote: Int, isEscaped: Bool) {
        var at = start
        var isEscaped = false
        while true {
            at = plainEnd(bytes, from: at)
            guard at < bytes.count else {
                throw Problem(code: .truncated, offset: at, message: "the text ends in a string")
            }
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\""): return (at, isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                at = try escapeEnd(bytes, from: at)
            case 0..<0x20:
                throw Problem(code: .syntax, offset: at, message: "a control character stands in a string")
            case 0x20..<0x80: at += 1
            default:
                let length = UTF8Sequence.length(bytes, at: at)
                guard length > 0 else {
                    throw Problem(code: .invalidUTF8, offset: at, message: "a string is not UTF-8")
                }
                at += length
            }
        }
    }

    /// The end of a run of bytes that are ASCII and need no look of their own; eight are looked at together.
    private static func plainEnd(_ bytes: [UInt8], from start: Int) -> Int {
        // It is read from below, and not kept.
        let span = unsafe bytes.span.bytes
        var at = start
        while at + 8 <= bytes.count {
            // The eight bytes lie in the array.
            let word = unsafe span.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self)
            let ones: UInt64 = 0x0101_0101_0101_0101
            let highs: UInt64 = 0x8080_8080_8080_8080
            let quotes = word ^ (ones &* 0x22)
            let slashes = word ^ (ones &* 0x5C)
            let found =
                (word | (word &- ones &* 0x20) | (quotes &- ones) | (slashes &- ones)) & highs
            guard found == 0 else { return at + (found.trailingZeroBitCount >> 3) }
            at += 8
        }
        return at
    }

    /// Checks the escape that begins here, and returns its end.
    private static func escapeEnd(_ bytes: [UInt8], from start: Int) throws(Problem) -> Int {
        guard start + 1 < bytes.count else {
            throw Problem(code: .truncated, offset: bytes.count, message: "the text ends in a string")
        }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(bytes, at: start + 2)
            guard unit & 0xF800 == 0xD800 else { return start + 6 }
            let lone = Problem(
                code: .loneSurrogate,
                offset: start,
                message: "half of a surrogate pair stands in a string"
            )
            guard unit < 0xDC00, start + 7 < bytes.count, bytes[start + 6] == UInt8(ascii: "\\"),
                bytes[start + 7] == UInt8(ascii: "u")
            else { throw lone }
            guard try codeUnit(bytes, at: start + 8) & 0xFC00 == 0xDC00 else { throw lone }
            return start + 12
        default: throw Problem(code: .syntax, offset: start, message: "an escape that JSON does not have stands")
        }
    }

    private static func codeUnit(_ bytes: [UInt8], at start: Int) throws(Problem) -> UInt32 {
        guard start + 4 <= bytes.count else {
            throw Problem(code: .truncated, offset: bytes.count, message: "the text ends in a string")
        }
        var unit: UInt32 = 0
        for i in start..<start + 4 {
            guard let digit = HexDigit.value(bytes[i]) else {
                throw Problem(code: .syntax, offset: i, message: "four hexadecimal digits were expected")
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    // MARK: Decoding what was checked

    /// The bytes that a string stands for, in UTF-8.
    static func decoded(_ node: JSONNode, of bytes: [UInt8]) -> [UInt8] {
        let inside = Int(node.start) + 1..<Int(node.end) - 1
        guard node.isEscaped else { return Array(bytes[inside]) }
        var output: [UInt8] = []
        output.reserveCapacity(inside.count)
        decode(bytes, inside) { byte, _ in output.append(byte) }
        return output
    }

    /// The text that a string stands for.
    static func text(_ node: JSONNode, of bytes: [UInt8]) -> String {
        node.isEscaped
            ? String(decoding: decoded(node, of: bytes), as: UTF8.self)
            : String(decoding: bytes[Int(node.start) + 1..<Int(node.end) - 1], as: UTF8.self)
    }

    /// Decodes a run of a checked string, and says of each byte of the outcome where what it comes from begins.
    static func decode(_ bytes: [UInt8], _ range: Range<Int>, _ take: (UInt8, Int) -> Void) {
        var at = range.lowerBound
        while at < range.upperBound {
            let byte = bytes[at]
            guard byte == UInt8(ascii: "\\") else {
                take(byte, at)
                at += 1
                continue
            }
            let start = at
            at += 2
            switch bytes[start + 1] {
            case UInt8(ascii: "b"): take(0x08, start)
            case UInt8(ascii: "f"): take(0x0C, start)
            case UInt8(ascii: "n"): take(0x0A, start)
            case UInt8(ascii: "r"): take(0x0D, start)
            case UInt8(ascii: "t"): take(0x09, start)
            case UInt8(ascii: "u"):
                var value = hex(bytes, at: at)
                at += 4
                if value & 0xFC00 == 0xD800 {
                    value = 0x10000 + (value & 0x3FF) << 10 + hex(bytes, at: at + 2) & 0x3FF
                    at += 6
                }
                guard let scalar = Unicode.Scalar(value) else { break }
                for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { take(byte, start) }
            case let other: take(other, start)
            }
        }
    }

    private static func hex(_ bytes: [UInt8], at start: Int) -> UInt32 {
        (start..<start + 4).reduce(0) { $0 << 4 | UInt32(HexDigit.value(bytes[$1]) ?? 0) }
    }
}

/// A hexadecimal digit.
enum HexDigit {
    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// The bytes of one character beyond ASCII (RFC 3629 §4).
enum UTF8Sequence {
    /// How many bytes the character that begins here has; zero where none does.
    static func length(_ bytes: [UInt8], at start: Int) -> Int {
        let lead = bytes[start]
        let length: Int
        // The second byte's range rules out what is too long, the surrogates, and what is beyond U+10FFFF.
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return 0
        }
        guard start + length <= bytes.count, second.contains(bytes[start + 1]) else { return 0 }
        for i in start + 2..<max(start + 2, start + length) where bytes[i] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
