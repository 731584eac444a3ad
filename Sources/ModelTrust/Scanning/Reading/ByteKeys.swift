/// The keys of an object or a map, so that none stands twice.
struct ByteKeys {
    /// Up to so many are compared one by one.
    private static let few = 8

    private var keys: [[UInt8]] = []
    /// Half a hash, and one more than an index of the keys, under the hash; 0 where there is none.
    private var table: [UInt64] = []

    /// Adds a key; false where it is there already.
    mutating func insert(_ key: [UInt8]) -> Bool {
        if keys.count < Self.few {
            guard !keys.contains(key) else { return false }
            keys.append(key)
            return true
        }
        if table.isEmpty { begin() }
        let hash = Self.hash(key)
        var slot = Int(hash) & (table.count - 1)
        while table[slot] != 0 {
            if table[slot] >> 32 == UInt64(hash), keys[Int(table[slot] & 0xFFFF_FFFF) - 1] == key { return false }
            slot = (slot + 1) & (table.count - 1)
        }
        keys.append(key)
        table[slot] = UInt64(hash) << 32 | UInt64(keys.count)
        if 4 * keys.count > 3 * table.count { grow() }
        return true
    }

    private mutating func begin() {
        table = [UInt64](repeating: 0, count: 4 * Self.few)
        for (index, key) in keys.enumerated() { place(UInt64(Self.hash(key)) << 32 | UInt64(index + 1)) }
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
