/// Who has most, in bounded memory: Space-Saving (Metwally and others, 2005).
///
/// Whoever has more than a share of 1 ÷ capacity of the total is among those kept.
public struct HeavyHitters: Hashable, Sendable {
    /// One of those kept.
    public struct Entry: Hashable, Sendable {
        /// What it is called by.
        public let key: UInt64
        /// Its count, or more.
        public var count: UInt64
        /// By how much the count may be too high.
        public var error: UInt64
    }

    /// How many are kept.
    public let capacity: Int
    /// Everything that was added.
    public private(set) var total: UInt64 = 0
    private var places: [UInt64: Int] = [:]
    /// A heap with the least count first.
    private var heap: [Entry] = []

    /// Nobody yet.
    public init(capacity: Int) {
        self.capacity = min(max(capacity, 1), 1 << 20)
    }

    /// Adds to somebody's count.
    public mutating func add(_ key: UInt64, _ amount: UInt64 = 1) {
        guard amount > 0 else { return }
        total &+= amount
        if let place = places[key] {
            heap[place].count &+= amount
            sink(place)
        } else if heap.count < capacity {
            heap.append(Entry(key: key, count: amount, error: 0))
            places[key] = heap.count - 1
            rise(heap.count - 1)
        } else {
            let least = heap[0]
            places[least.key] = nil
            heap[0] = Entry(key: key, count: least.count &+ amount, error: least.count)
            places[key] = 0
            sink(0)
        }
    }

    /// Those kept, most first; equal ones by key.
    public func top(_ count: Int) -> [Entry] {
        Array(heap.sorted { $0.count != $1.count ? $0.count > $1.count : $0.key < $1.key }.prefix(count))
    }

    /// The entry of a key; nil where it is not kept.
    public func entry(_ key: UInt64) -> Entry? { places[key].map { heap[$0] } }

    /// Takes in what another has counted.
    public mutating func merge(_ other: HeavyHitters) {
        var all: [UInt64: Entry] = [:]
        let (ours, theirs) = (missing, other.missing)
        for entry in heap { all[entry.key] = entry }
        for entry in other.heap {
            if var known = all[entry.key] {
                known.count &+= entry.count
                known.error &+= entry.error
                all[entry.key] = known
            } else {
                all[entry.key] = Entry(key: entry.key, count: entry.count &+ ours, error: entry.error &+ ours)
            }
        }
        for entry in heap where other.places[entry.key] == nil {
            all[entry.key] = Entry(key: entry.key, count: entry.count &+ theirs, error: entry.error &+ theirs)
        }
        let kept = all.values.sorted { $0.count != $1.count ? $0.count > $1.count : $0.key < $1.key }.prefix(capacity)
        total &+= other.total
        heap = kept.reversed()
        places = [:]
        for (place, entry) in heap.enumerated() { places[entry.key] = place }
    }

    /// What somebody who is not kept may have.
    private var missing: UInt64 { heap.count < capacity ? 0 : heap[0].count }

    private mutating func rise(_ start: Int) {
        var place = start
        while place > 0, precedes(place, (place - 1) / 2) {
            swap(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && precedes(child, least) {
                least = child
            }
            guard least != place else { return }
            swap(place, least)
            place = least
        }
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        (heap[left].count, heap[left].key) < (heap[right].count, heap[right].key)
    }

    private mutating func swap(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        places[heap[left].key] = left
        places[heap[right].key] = right
    }

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(capacity))
        writer.write(total)
        writer.write(UInt64(heap.count))
        for entry in heap {
            writer.write(entry.key)
            writer.write(entry.count)
            writer.write(entry.error)
        }
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        self.init(capacity: Int(clamping: try reader.number()))
        total = try reader.number()
        for place in 0..<(try reader.count(of: 3)) {
            let entry = Entry(key: try reader.number(), count: try reader.number(), error: try reader.number())
            guard place < capacity, places[entry.key] == nil else { throw reader.damaged("a list of the largest") }
            heap.append(entry)
            places[entry.key] = place
        }
    }
}
