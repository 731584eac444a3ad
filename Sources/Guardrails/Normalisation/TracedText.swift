/// Scalars of a text, each with the bytes of the original that it came from.
///
/// Every step of normalisation takes one and gives one, so that what is found in the end can be shown where it
/// stands in what was sent.
package struct TracedText: Sendable, Equatable {
    /// Unicode scalar values; what is no scalar in the original is U+FFFD.
    package private(set) var scalars: [UInt32] = []
    /// Where the bytes of each scalar begin in the original.
    package private(set) var starts: [Int32] = []
    /// Where they end.
    package private(set) var ends: [Int32] = []

    package init() {}

    package var count: Int { scalars.count }

    /// Reads UTF-8; a byte that is none becomes U+FFFD and keeps its place.
    package init(_ bytes: [UInt8]) {
        reserve(bytes.count)
        var index = 0
        while index < bytes.count {
            let (scalar, length) = UTF8Reader.scalar(in: bytes, at: index)
            append(scalar, Int32(truncatingIfNeeded: index), Int32(truncatingIfNeeded: index + length))
            index += length
        }
    }

    /// Reads UTF-8 that was decoded from another text, with the place of each byte in the original.
    package init(_ bytes: [UInt8], starts byteStarts: [Int32], ends byteEnds: [Int32]) {
        reserve(bytes.count)
        var index = 0
        while index < bytes.count {
            let (scalar, length) = UTF8Reader.scalar(in: bytes, at: index)
            let last = index + length - 1
            append(scalar, min(byteStarts[index], byteStarts[last]), max(byteEnds[index], byteEnds[last]))
            index += length
        }
    }

    package mutating func reserve(_ count: Int) {
        scalars.reserveCapacity(count)
        starts.reserveCapacity(count)
        ends.reserveCapacity(count)
    }

    package mutating func append(_ scalar: UInt32, _ start: Int32, _ end: Int32) {
        scalars.append(scalar)
        starts.append(start)
        ends.append(end)
    }

    /// Adds a scalar that some of another text, from the first to the last, stand for.
    ///
    /// That text may run backwards.
    package mutating func append(_ scalar: UInt32, from other: TracedText, _ first: Int, _ last: Int) {
        append(scalar, min(other.starts[first], other.starts[last]), max(other.ends[first], other.ends[last]))
    }

    package mutating func append(_ other: TracedText, at index: Int) {
        append(other.scalars[index], other.starts[index], other.ends[index])
    }

    package mutating func append(contentsOf other: TracedText, _ range: Range<Int>) {
        scalars.append(contentsOf: other.scalars[range])
        starts.append(contentsOf: other.starts[range])
        ends.append(contentsOf: other.ends[range])
    }

    package mutating func replace(at index: Int, with scalar: UInt32) {
        scalars[index] = scalar
    }

    package mutating func swap(_ first: Int, _ second: Int) {
        scalars.swapAt(first, second)
        starts.swapAt(first, second)
        ends.swapAt(first, second)
    }

    package mutating func removeLast() {
        scalars.removeLast()
        starts.removeLast()
        ends.removeLast()
    }

    /// Makes the scalar at an index stand for more of the original.
    package mutating func widen(at index: Int, over other: TracedText, _ place: Int) {
        starts[index] = min(starts[index], other.starts[place])
        ends[index] = max(ends[index], other.ends[place])
    }

    /// The bytes of the original that a range of scalars came from.
    package func origin(_ range: Range<Int>) -> Range<Int> {
        guard !range.isEmpty else { return 0..<0 }
        var low = Int32.max
        var high: Int32 = 0
        for index in range {
            low = min(low, starts[index])
            high = max(high, ends[index])
        }
        return Int(low)..<Int(high)
    }

    /// The scalars of a range.
    package func part(_ range: Range<Int>) -> TracedText {
        var result = TracedText()
        result.append(contentsOf: self, range)
        return result
    }

    /// The scalars of a range, last first.
    package func reversed(_ range: Range<Int>) -> TracedText {
        var result = TracedText()
        result.reserve(range.count)
        for index in range.reversed() { result.append(self, at: index) }
        return result
    }
}

/// UTF-8, one scalar at a time, with what is malformed replaced.
enum UTF8Reader {
    /// The scalar at an index and how many bytes it has; U+FFFD and 1 where there is none.
    static func scalar(in bytes: [UInt8], at index: Int) -> (UInt32, Int) {
        let first = bytes[index]
        if first < 0x80 { return (UInt32(first), 1) }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0
        guard length > 0, first < 0xF5, index + length <= bytes.count else { return (0xFFFD, 1) }
        var value = UInt32(first) & (length == 2 ? 0x1F : length == 3 ? 0x0F : 0x07)
        for offset in 1..<length {
            let byte = bytes[index + offset]
            guard byte & 0xC0 == 0x80 else { return (0xFFFD, 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        let least: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
        guard value >= least, value <= 0x10FFFF, !(0xD800...0xDFFF).contains(value) else { return (0xFFFD, 1) }
        return (value, length)
    }

    /// Adds a scalar's UTF-8.
    static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
        switch scalar {
        case ..<0x80: bytes.append(UInt8(truncatingIfNeeded: scalar))
        case ..<0x800:
            bytes.append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
        case ..<0x10000:
            bytes.append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
        default:
            bytes.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
        }
    }
}
