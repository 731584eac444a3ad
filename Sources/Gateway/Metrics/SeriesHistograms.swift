/// Durations of one metric for each series, bounded in number: what finds no room is counted under another key.
struct SeriesHistograms<Key: Hashable & Sendable>: Sendable {
    /// The histograms that one metric may have on one event loop; each is as many series as it has buckets.
    static var maximumHistograms: Int { 120 }

    private var slots: [Key: Int] = [:]
    private var histograms: [Histogram] = []
    private var last: (key: Key, slot: Int)?

    /// The histograms by series.
    var byKey: [Key: Histogram] { slots.mapValues { histograms[$0] } }

    /// Takes one duration; returns false where the series would be one too many.
    mutating func observe(_ nanoseconds: UInt64, _ key: Key) -> Bool {
        if let last, last.key == key {
            histograms[last.slot].observe(nanoseconds)
            return true
        }
        guard slots[key] != nil || slots.count < Self.maximumHistograms else { return false }
        observeOther(nanoseconds, key)
        return true
    }

    /// Takes one duration, however many series there are.
    mutating func observeOther(_ nanoseconds: UInt64, _ key: Key) {
        let slot = slot(of: key)
        histograms[slot].observe(nanoseconds)
        last = (key, slot)
    }

    /// Adds the durations of another.
    mutating func merge(_ other: Self) {
        for (key, slot) in other.slots { histograms[self.slot(of: key)].merge(other.histograms[slot]) }
    }

    private mutating func slot(of key: Key) -> Int {
        if let known = slots[key] { return known }
        histograms.append(.requests)
        slots[key] = histograms.count - 1
        return histograms.count - 1
    }
}
