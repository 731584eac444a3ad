/// The classes of bytes that HTTP/1 is made of, each a bit set over ASCII.
enum ByteClass {
    /// `tchar` (RFC 9110 §5.6.2).
    static func isToken(_ byte: UInt8) -> Bool { member(byte, low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe) }

    /// What a host name is made of: letters, digits, `.`, `-` and `_`.
    static func isHostName(_ byte: UInt8) -> Bool {
        member(byte, low: 0x03ff_6000_0000_0000, high: 0x07ff_fffe_87ff_fffe)
    }

    /// Visible ASCII but `#`: what a request target is made of (RFC 9112 §3.2; the rest of RFC 3986 is the
    /// normaliser's).
    static func isTarget(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "#") }

    /// Visible ASCII, space and tab (RFC 9110 §5.5).
    static func isFieldValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7f || byte == 0x09 }

    /// A decimal digit.
    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// Space or tab.
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The value of a hexadecimal digit, or nil.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// The byte in lower case, and `-` for `_`, as servers that fold field names into variables read it.
    static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x41...0x5a: byte | 0x20
        case 0x5f: 0x2d
        default: byte
        }
    }

    private static func member(_ byte: UInt8, low: UInt64, high: UInt64) -> Bool {
        guard byte < 0x80 else { return false }
        return (byte < 0x40 ? low : high) >> UInt64(byte & 0x3f) & 1 == 1
    }

    /// The highest bits of those of eight bytes that are neither visible ASCII nor a space; above the first of them, others
    /// may be set too.
    static func unprintable(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // A byte's highest bit is set where it was, where one more than DEL sets it, or where a control borrows.
        return (word | (word &+ ones) | (word &- 0x20 &* ones)) & (0x80 &* ones)
    }
}

extension Span<UInt8> {
    /// Where in a range the first byte stands that is neither visible ASCII nor a space, or fewer than eight bytes are left
    /// to look at.
    func skipPrintable(_ range: Range<Int>) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var index = range.lowerBound
        while index + 8 <= range.upperBound {
            // Within the range, which was checked.
            let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
            let found = ByteClass.unprintable(UInt64(littleEndian: word))
            guard found == 0 else { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        return index
    }
}
