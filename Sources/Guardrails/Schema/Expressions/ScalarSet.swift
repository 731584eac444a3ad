/// A set of characters: ranges, and properties that Unicode gives.
struct ScalarSet: Sendable {
    /// Sorted, without overlaps.
    private(set) var ranges: [ClosedRange<UInt32>]
    private var properties: [(property: ScalarProperty, isNegated: Bool)] = []
    private var isNegated = false
    /// The answers for ASCII, a bit each.
    private var ascii: (UInt64, UInt64) = (0, 0)

    init(_ ranges: [ClosedRange<UInt32>], _ properties: [(ScalarProperty, Bool)] = [], isNegated: Bool = false) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
        self.properties = properties.map { (property: $0.0, isNegated: $0.1) }
        self.isNegated = isNegated
        for value in UInt32(0)..<128 where slowContains(value) {
            if value < 64 { ascii.0 |= 1 << UInt64(value) } else { ascii.1 |= 1 << UInt64(value - 64) }
        }
    }

    func contains(_ scalar: UInt32) -> Bool {
        if scalar < 64 { return ascii.0 >> UInt64(scalar) & 1 == 1 }
        if scalar < 128 { return ascii.1 >> UInt64(scalar - 64) & 1 == 1 }
        return slowContains(scalar)
    }

    private func slowContains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        var found = low < ranges.count && ranges[low].contains(scalar)
        if !found, !properties.isEmpty, let scalar = Unicode.Scalar(scalar) {
            found = properties.contains { $0.property.holds(of: scalar) != $0.isNegated }
        }
        return found != isNegated
    }

    // MARK: The sets that ECMA-262 §22.2.2.9 names

    static let digits = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
    static let anyButLineEnds = ScalarSet(
        [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029],
        isNegated: true
    )

    var negated: ScalarSet {
        ScalarSet(ranges, properties.map { ($0.property, $0.isNegated) }, isNegated: !isNegated)
    }

    /// The first of its properties.
    var firstProperty: ScalarProperty? { properties.first?.property }

    /// The ranges of the set; nil where properties have a part in it.
    var plainRanges: [ClosedRange<UInt32>]? {
        guard properties.isEmpty else { return nil }
        guard isNegated else { return ranges }
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { result.append(next...0x10FFFF) }
        return result
    }
}
