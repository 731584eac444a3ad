/// The W3C `traceparent` header (Trace Context §3.2).
enum TraceParent {
    /// Whether the bytes are a valid value of version 00, or one of a later version that begins like it.
    static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count >= 55, range.count <= 128 else { return false }
        let start = range.lowerBound
        guard bytes[start + 2] == dash, bytes[start + 35] == dash, bytes[start + 52] == dash else { return false }
        for field in [start..<start + 2, start + 3..<start + 35, start + 36..<start + 52, start + 53..<start + 55] {
            for index in field where !isLowerHex(bytes[index]) { return false }
        }
        let isVersion00 = isAll(zero, bytes, start..<start + 2)
        if isAll(UInt8(ascii: "f"), bytes, start..<start + 2) { return false }
        guard isVersion00 ? range.count == 55 : range.count == 55 || bytes[start + 55] == dash else { return false }
        return !isAll(zero, bytes, start + 3..<start + 35) && !isAll(zero, bytes, start + 36..<start + 52)
    }

    private static let dash = UInt8(ascii: "-")
    private static let zero = UInt8(ascii: "0")

    private static func isLowerHex(_ byte: UInt8) -> Bool {
        ByteClass.isDigit(byte) || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")
    }

    private static func isAll(_ value: UInt8, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in range where bytes[index] != value { return false }
        return true
    }
}
