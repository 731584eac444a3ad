import RegularExpressions

/// A ``UnitSet`` in four words of this module's own, which are read for each unit of a text.
struct UnitBits: Sendable {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    init(_ set: UnitSet) {
        func word(_ number: Int) -> UInt64 {
            (0..<64).reduce(0) { set.contains(UInt8(number * 64 + $1)) ? $0 | 1 << UInt64($1) : $0 }
        }
        first = word(0)
        second = word(1)
        third = word(2)
        fourth = word(3)
    }

    @inline(__always)
    func contains(_ unit: UInt8) -> Bool {
        let low = unit & 64 == 0 ? first : second
        let high = unit & 64 == 0 ? third : fourth
        return (unit < 128 ? low : high) >> UInt64(unit & 63) & 1 != 0
    }
}
