/// The counts of one metric by what tells its series apart.
///
/// What is counted is often the same as before, so the last series is tried first, without hashing.
struct SeriesCounts<Key: Hashable & Sendable>: Sendable {
    /// The series that one metric may have on one event loop; the rest are counted under `other`.
    static var maximumSeries: Int { 2_000 }

    private var slots: [Key: Int] = [:]
    private var counts: [UInt64] = []
    private var last: (key: Key, slot: Int)?

    /// The counts by series.
    var byKey: [Key: UInt64] { slots.mapValues { counts[$0] } }

    /// Counts one more; returns false where the series would be one too many.
    mutating func count(_ key: Key) -> Bool {
        if let last, last.key == key {
            counts[last.slot] += 1
            return true
        }
        guard slots[key] != nil || slots.count < Self.maximumSeries else { return false }
        countOther(key)
        return true
    }

    /// Counts one more, however many series there are.
    mutating func countOther(_ key: Key) {
        add(1, to: key)
    }

    /// Adds the counts of another.
    mutating func merge(_ other: Self) {
        for (key, slot) in other.slots { add(other.counts[slot], to: key) }
    }

    private mutating func add(_ count: UInt64, to key: Key) {
        let slot: Int
        if let known = slots[key] {
            slot = known
        } else {
            slot = counts.count
            slots[key] = slot
            counts.append(0)
        }
        counts[slot] += count
        last = (key, slot)
    }
}
