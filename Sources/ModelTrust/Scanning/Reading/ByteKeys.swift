/// The keys of an object or a map, so that none stands twice.
struct ByteKeys {
    /// Up to so many are compared one by one.
    private static let few = 8

    private var keys: [[UInt8]] = []
    /// Beyond a few, all of them behind one another, and where each ends.
    private var text: [UInt8] = []
    private var ends: [UInt32] = []
    /// Half a hash, and one more than an index of the keys, under the hash; 0 where there is none.
    private var table: [UInt64] = []

    /// Adds a key; false where it is there already.
    mutating func insert(_ key: [UInt8]) -> Bool {
        if table.isEmpty, keys.count < Self.few {
            guard !keys.contains(key) else { return false }
            keys.append(key)
            return true
        }
        if table.isEmpty { begin() }
        let hash = Self.hash(key)
        var slot = Int(hash) & (table.count - 1)
        while table[slot] != 0 {
            if table[slot] >> 32 == UInt64(hash), isKey(Int(table[slot] & 0xFFFF_FFFF) - 1, key) { return false }
            slot = (slot + 1) & (table.count - 1)
        }
        keep(key, hash)
        return true
    }

    private func isKey(_ index: Int, _ key: [UInt8]) -> Bool {
        let (start, end) = (index == 0 ? 0 : Int(ends[index - 1]), Int(ends[index]))
        return end - start == key.count && text[start..<end].elementsEqual(key)
    }

    private mutating func keep(_ key: [UInt8], _ hash: UInt32) {
        text += key
        ends.append(UInt32(text.count))
        place(UInt64(hash) << 32 | UInt64(ends.count))
        if 4 * ends.count > 3 * table.count { grow() }
    }

    private mutating func begin() {
        table = [UInt64](repeating: 0, count: 4 * Self.few)
        for key in keys { keep(key, Self.hash(key)) }
        keys = []
    }

    private mutating func grow() {
        let old = table
        table = [UInt64](repeating: 0, count: 2 * old.count)
        for entry in old where entry != 0 { place(entry) }
    }

    private mutating func place(_ entry: UInt64) {
        var slot = Int(entry >> 32) & (table.count - 1)
        while table[slot] != 0 { slot = (slot + 1) & (table.count - 1) }
        table[slot] = entry
    }

    private static func hash(_ key: [UInt8]) -> UInt32 {
        // Seeded in each process, so that nobody can choose keys that meet.
        var hasher = Hasher()
        // Sound: the bytes are read during the call alone.
        unsafe key.withUnsafeBytes { bytes in unsafe hasher.combine(bytes: bytes) }
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }
}
