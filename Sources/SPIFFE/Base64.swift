import Foundation

/// Base64 without leniency (RFC 4648 §3.5, §4, §5).
package enum Base64 {
    /// Decodes standard base64 with its padding, or returns nil.
    package static func decode(_ text: String) -> [UInt8]? {
        let utf8 = text.utf8
        guard utf8.count % 4 == 0 else { return nil }
        let padding = utf8.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count / 4 * 3)
        var (group, digits): (UInt32, Int) = (0, 0)
        for byte in utf8.dropLast(padding) {
            guard let value = value(of: byte) else { return nil }
            group = group << 6 | value
            digits += 1
            guard digits == 4 else { continue }
            bytes.append(UInt8(truncatingIfNeeded: group >> 16))
            bytes.append(UInt8(truncatingIfNeeded: group >> 8))
            bytes.append(UInt8(truncatingIfNeeded: group))
            (group, digits) = (0, 0)
        }
        // The bits that are left over are zero, or two texts would mean the same.
        switch (digits, padding) {
        case (0, 0): return bytes
        case (2, 2):
            guard group & 0xf == 0 else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: group >> 4))
            return bytes
        case (3, 1):
            guard group & 3 == 0 else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            bytes.append(UInt8(truncatingIfNeeded: group >> 2))
            return bytes
        default: return nil
        }
    }

    /// The six bits that a character stands for; nil where it is none of the alphabet (RFC 4648, section 4).
    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// Decodes base64url without padding, or returns nil.
    package static func decodeURL(_ text: String) -> [UInt8]? {
        Base64URL.decode(text.utf8)
    }

    /// Standard base64 with padding.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String { Data(bytes).base64EncodedString() }

    /// base64url without padding.
    package static func encodeURL(_ bytes: some Sequence<UInt8>) -> String {
        Base64URL.encode(Array(bytes))
    }
}
