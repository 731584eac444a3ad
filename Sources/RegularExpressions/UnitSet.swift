/// A set of units, as 256 bits.
package struct UnitSet: Sendable, Equatable {
    @usableFromInline var words: SIMD4<UInt64> = .zero

    /// The empty set.
    package init() {}

    /// The units of some ranges.
    package init(_ ranges: ClosedRange<UInt8>...) {
        for range in ranges { insert(range) }
    }

    /// Adds a range.
    package mutating func insert(_ range: ClosedRange<UInt8>) {
        for unit in range { words[Int(unit >> 6)] |= 1 << UInt64(unit & 63) }
    }

    /// Adds another set.
    package mutating func formUnion(_ other: UnitSet) { words |= other.words }

    /// Keeps what another set has as well.
    package mutating func formIntersection(_ other: UnitSet) { words &= other.words }

    /// Turns it into all that it does not have.
    package mutating func invert() { words = ~words }

    /// Whether it has a unit.
    @inlinable
    @inline(__always)
    package func contains(_ unit: UInt8) -> Bool {
        words[Int(unit >> 6)] >> UInt64(unit & 63) & 1 != 0
    }

    /// Whether it has none.
    package var isEmpty: Bool { words == .zero }

    /// Adds the other case of every letter.
    package mutating func foldCase() {
        for letter in UInt8(0x61)...0x7A {
            let other = letter - 0x20
            if contains(letter) { insert(other...other) } else if contains(other) { insert(letter...letter) }
        }
    }
}
