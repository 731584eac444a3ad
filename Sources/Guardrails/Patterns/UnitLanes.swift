/// Eight units of a text that are looked at at once.
struct UnitLanes {
    private let units: UInt64

    /// The units from a place on; those beyond the last are zero.
    @inline(__always)
    @unsafe
    init(_ all: UnsafeBufferPointer<UInt8>, at place: Int) {
        // Sound: eight bytes are loaded only where eight are there.
        let buffer = UnsafeRawBufferPointer(all)
        if place &+ 8 <= buffer.count {
            units = unsafe UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        } else if buffer.count >= 8 {
            let last = unsafe buffer.loadUnaligned(fromByteOffset: buffer.count &- 8, as: UInt64.self)
            units = UInt64(littleEndian: last) >> UInt64(8 &* (place &+ 8 &- buffer.count))
        } else {
            units = unsafe all[place...].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    /// How many letters come one after another, those beyond ASCII included.
    @inline(__always)
    var letters: Int {
        let low = units & 0x7F7F_7F7F_7F7F_7F7F
        let folded = low | 0x2020_2020_2020_2020
        // From `a` on, and beyond `z`; no lane carries into the next, here and below.
        let from = folded &+ 0x1F1F_1F1F_1F1F_1F1F
        let beyond = folded &+ 0x0505_0505_0505_0505
        // From 0x95 to 0xC5 (``TextUnits/named``), or 0xFF (``TextUnits/letter``).
        let named = (low &+ 0x6B6B_6B6B_6B6B_6B6B) & ~(low &+ 0x3A3A_3A3A_3A3A_3A3A)
        let foreign = named | (low &+ 0x0101_0101_0101_0101)
        let others = ~((from & ~beyond & ~units) | (foreign & units)) & 0x8080_8080_8080_8080
        return others.trailingZeroBitCount >> 3
    }
}
