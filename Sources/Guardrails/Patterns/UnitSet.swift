/// A set of units, as 256 bits.
struct UnitSet: Sendable, Equatable {
    private var words: SIMD4<UInt64> = .zero

    init() {}

    init(_ ranges: ClosedRange<UInt8>...) {
        for range in ranges { insert(range) }
    }

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for unit in range { words[Int(unit >> 6)] |= 1 << UInt64(unit & 63) }
    }

    mutating func formUnion(_ other: UnitSet) { words |= other.words }

    mutating func formIntersection(_ other: UnitSet) { words &= other.words }

    mutating func invert() { words = ~words }

    @inline(__always)
    func contains(_ unit: UInt8) -> Bool {
        words[Int(unit >> 6)] >> UInt64(unit & 63) & 1 != 0
    }

    var isEmpty: Bool { words == .zero }

    /// Adds the other case of every letter.
    mutating func foldCase() {
        for letter in UInt8(0x61)...0x7A {
            let other = letter - 0x20
            if contains(letter) { insert(other...other) } else if contains(other) { insert(letter...letter) }
        }
    }
}
