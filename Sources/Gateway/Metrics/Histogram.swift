/// A histogram of durations, in the buckets that Prometheus expects of one.
struct Histogram: Sendable {
    /// The upper bounds, in nanoseconds, rising.
    let bounds: [UInt64]
    /// The observations in each bucket, and after the last bound.
    private(set) var counts: [UInt64]
    private(set) var sum: UInt64 = 0

    /// For whole requests: 1 ms to 60 s.
    static let requests = Histogram(microseconds: [
        1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
        10_000_000, 30_000_000, 60_000_000,
    ])
    /// For decisions: half a microsecond to a millisecond.
    static let decisions = Histogram(nanoseconds: [
        500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000,
    ])

    init(microseconds: [UInt64]) {
        self.init(nanoseconds: microseconds.map { $0 * 1_000 })
    }

    init(nanoseconds bounds: [UInt64]) {
        self.bounds = bounds
        self.counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func observe(_ nanoseconds: UInt64) {
        var index = 0
        while index < bounds.count, nanoseconds > bounds[index] { index += 1 }
        counts[index] += 1
        sum &+= nanoseconds
    }

    mutating func merge(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum &+= other.sum
    }
}
