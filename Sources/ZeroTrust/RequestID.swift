/// The id of a request or record: a UUID of version 7 (RFC 9562 §5.7), so that ids sort by time.
///
/// The bits are kept as two words. Swift 6.3 for x86-64 calls an asynchronous function wrongly that is given a `UInt128`
/// on the stack beside an odd number of other words, and the process dies when that function suspends or returns.
public struct RequestID: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// The id's 128 bits, most significant first.
    public var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }

    private init(bits: UInt128) {
        self.high = UInt64(truncatingIfNeeded: bits >> 64)
        self.low = UInt64(truncatingIfNeeded: bits)
    }

    /// An id for a moment.
    ///
    /// - Parameters:
    ///   - milliseconds: Unix time in milliseconds; its low 48 bits are used.
    ///   - random: 128 random bits, of which 74 are used.
    public init(milliseconds: UInt64, random: UInt128) {
        let time = UInt128(milliseconds & 0xffff_ffff_ffff) << 80
        let high = (random >> 64 & 0x0fff) << 64
        let low = random & 0x3fff_ffff_ffff_ffff
        self.init(bits: time | 0x7 << 76 | high | 0x2 << 62 | low)
    }

    /// Parses the canonical text, 36 characters of hexadecimal and hyphens.
    ///
    /// Returns nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 36 else { return nil }
        self.init(utf8: Array(text.utf8)[...])
    }

    /// Parses the canonical text from its bytes; nil for anything else.
    ///
    /// This is for readers that look at many records: it converts nothing and allocates nothing.
    public init?(utf8 text: ArraySlice<UInt8>) {
        guard text.count == 36 else { return nil }
        var bits: UInt128 = 0
        for offset in 0..<36 {
            let byte = text[text.startIndex + offset]
            if offset == 8 || offset == 13 || offset == 18 || offset == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): bits = bits << 4 | UInt128(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): bits = bits << 4 | UInt128(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): bits = bits << 4 | UInt128(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        self.init(bits: bits)
    }

    /// The id's 16 bytes, most significant first.
    public var bytes: [UInt8] { (0..<16).map { UInt8(truncatingIfNeeded: bits >> UInt128(120 - 8 * $0)) } }

    /// When the id was made, as Unix time in milliseconds.
    public var milliseconds: UInt64 { UInt64(truncatingIfNeeded: bits >> 80) }
}

extension RequestID {
    /// Appends the canonical text's 36 ASCII bytes.
    ///
    /// This is for writers that must not allocate; every request has its id written several times.
    public func append(to output: inout OutputRawSpan) {
        let words = (digits(0), digits(1), digits(2), digits(3))
        // Integers have no padding, so that every byte of them is initialised.
        unsafe output.append(words.0.bigEndian, as: UInt64.self)
        // The hyphens stand before the digits 8, 12, 16 and 20.
        Self.append(words.1, to: &output)
        Self.append(words.2, to: &output)
        unsafe output.append(words.3.bigEndian, as: UInt64.self)
    }

    /// Appends eight digits, with a hyphen before each four of them.
    private static func append(_ digits: UInt64, to output: inout OutputRawSpan) {
        output.append(UInt8(ascii: "-"))
        unsafe output.append(UInt32(truncatingIfNeeded: digits >> 32).bigEndian, as: UInt32.self)
        output.append(UInt8(ascii: "-"))
        unsafe output.append(UInt32(truncatingIfNeeded: digits).bigEndian, as: UInt32.self)
    }

    private func digits(_ word: Int) -> UInt64 {
        Self.digits(UInt32(truncatingIfNeeded: bits >> UInt128(96 - 32 * word)))
    }

    /// Eight digits of hexadecimal, one in each byte, the first in the highest; worked out for all of them at once.
    private static func digits(_ value: UInt32) -> UInt64 {
        var spread = UInt64(value)
        spread = (spread << 16 | spread) & 0x0000_ffff_0000_ffff
        spread = (spread << 8 | spread) & 0x00ff_00ff_00ff_00ff
        spread = (spread << 4 | spread) & 0x0f0f_0f0f_0f0f_0f0f
        // Above nine a letter follows: 39 lies between `:` and `a`.
        let letters = (spread + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return spread + 0x3030_3030_3030_3030 + letters * 39
    }
}

extension RequestID: CustomStringConvertible {
    /// The canonical text in lower case: `0197f2d8-5c1e-7abc-8def-0123456789ab`.
    public var description: String {
        unsafe String(unsafeUninitializedCapacity: 36) { buffer in
            var output = unsafe OutputRawSpan(buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
            append(to: &output)
            return output.byteCount
        }
    }
}
