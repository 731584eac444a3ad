/// Writes a state as bytes: the same state is always the same bytes.
struct StateWriter {
    private(set) var bytes: [UInt8] = []

    /// A number in as few bytes as it needs (LEB128).
    mutating func write(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func write(_ number: Int64) {
        write(UInt64(bitPattern: number << 1 ^ number >> 63))
    }

    mutating func write(_ number: Double) {
        fixed(number.bitPattern, 8)
    }

    mutating func write(_ number: Float) {
        fixed(UInt64(number.bitPattern), 4)
    }

    mutating func write(_ text: String) {
        write(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    mutating func write(_ texts: [String]) {
        write(UInt64(texts.count))
        for text in texts { write(text) }
    }

    mutating func write(_ raw: [UInt8]) {
        write(UInt64(raw.count))
        bytes += raw
    }

    private mutating func fixed(_ value: UInt64, _ count: Int) {
        for shift in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift))) }
    }
}
