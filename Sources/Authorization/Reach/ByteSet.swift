/// A set of bytes, as ranges that neither touch nor overlap, in order.
struct ByteSet: Hashable, Sendable {
    let ranges: [ClosedRange<UInt8>]

    /// Every byte.
    static let all = ByteSet([0...255])

    /// The set of the bytes in some ranges, which may overlap.
    init(_ ranges: [ClosedRange<UInt8>]) {
        var merged: [ClosedRange<UInt8>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, Int(range.lowerBound) <= Int(last.upperBound) + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    /// The set of the bytes of a text.
    init(_ text: String) {
        self.init(text.utf8.map { $0...$0 })
    }

    /// The set of the bytes that a condition picks.
    init(where isMember: (UInt8) -> Bool) {
        self.init((0...255).filter { isMember($0) }.map { $0...$0 })
    }

    /// The bytes that are in this set and not in another.
    func subtracting(_ other: ByteSet) -> ByteSet {
        ByteSet { self.contains($0) && !other.contains($0) }
    }

    /// Whether a byte is in the set.
    func contains(_ byte: UInt8) -> Bool {
        ranges.contains { $0.contains(byte) }
    }
}
