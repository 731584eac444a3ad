import Synchronization

/// Latencies, of which the percentiles are wanted.
final class Latencies: Sendable {
    // Guards the values, in seconds.
    private let values = Mutex<[Double]>([])

    init(expecting count: Int) { values.withLock { $0.reserveCapacity(count) } }

    func add(_ value: Double) { values.withLock { $0.append(value) } }

    var count: Int { values.withLock { $0.count } }

    /// Those seen, in order; to be called once all are.
    var figures: Figures { Figures(values.withLock { $0 }) }
}

/// Where the middle and the upper end of some values lie.
struct Figures {
    let p50, p99, max: Double

    /// The figures of values; zeros where there are none.
    init(_ values: [Double]) {
        let sorted = values.sorted()
        func at(_ share: Int) -> Double {
            sorted.isEmpty ? 0 : sorted[min(sorted.count * share / 100, sorted.count - 1)]
        }
        (p50, p99, max) = (at(50), at(99), sorted.last ?? 0)
    }
}
