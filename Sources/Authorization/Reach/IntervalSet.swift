/// A set of whole numbers, as intervals that neither touch nor overlap, in order.
struct IntervalSet<Bound: FixedWidthInteger & Sendable>: Hashable, Sendable {
    let intervals: [ClosedRange<Bound>]

    /// Every number of the type.
    static var all: IntervalSet { IntervalSet([.min ... .max]) }

    /// The numbers in some intervals, which may overlap.
    init(_ intervals: [ClosedRange<Bound>]) {
        var merged: [ClosedRange<Bound>] = []
        for interval in intervals.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard let last = merged.last, last.upperBound == .max || interval.lowerBound <= last.upperBound + 1 else {
                merged.append(interval)
                continue
            }
            merged[merged.count - 1] = last.lowerBound...max(last.upperBound, interval.upperBound)
        }
        self.intervals = merged
    }

    var isEmpty: Bool { intervals.isEmpty }

    func contains(_ number: Bound) -> Bool { intervals.contains { $0.contains(number) } }

    /// The numbers that are not in the set.
    var complement: IntervalSet {
        var gaps: [ClosedRange<Bound>] = []
        var next: Bound? = .min
        for interval in intervals {
            if let start = next, start < interval.lowerBound { gaps.append(start...(interval.lowerBound - 1)) }
            next = interval.upperBound == .max ? nil : interval.upperBound + 1
        }
        if let next { gaps.append(next ... .max) }
        return IntervalSet(gaps)
    }

    func intersection(_ other: IntervalSet) -> IntervalSet {
        var common: [ClosedRange<Bound>] = []
        var (left, right) = (0, 0)
        while left < intervals.count, right < other.intervals.count {
            let (first, second) = (intervals[left], other.intervals[right])
            let lower = max(first.lowerBound, second.lowerBound)
            let upper = min(first.upperBound, second.upperBound)
            if lower <= upper { common.append(lower...upper) }
            if first.upperBound < second.upperBound { left += 1 } else { right += 1 }
        }
        return IntervalSet(common)
    }
}
