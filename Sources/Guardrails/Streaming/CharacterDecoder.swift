/// Makes units of bytes, and keeps which of them stand for more than one byte.
struct CharacterDecoder: Sendable {
    /// How many of the bytes are part of a unit or of characters that are not seen.
    var decoded = 0
    /// The characters that are not seen and wait for the unit that they belong to.
    private(set) var unseen = 0
    /// The units that are not one byte, in their order.
    private var wide: [Wide] = []

    /// A unit that stands for more than one byte.
    private struct Wide {
        var unit: Int
        /// Where its bytes end.
        var end: Int
    }

    /// The bytes that are kept, about.
    var capacity: Int { wide.capacity * MemoryLayout<Wide>.size }

    /// How many bytes there are up to a unit; the first are those of unit `base`.
    func offset(before unit: Int, base: Int) -> Int {
        let count = count(before: unit)
        return count == 0 ? unit - base : wide[count - 1].end + unit - 1 - wide[count - 1].unit
    }

    /// Drops the first bytes, and the units before one of them; the others move.
    mutating func drop(_ bytes: Int, movingUnitsBy units: Int, from unit: Int) {
        decoded -= bytes
        wide.removeFirst(count(before: unit))
        for index in wide.indices {
            wide[index].unit -= units
            wide[index].end -= bytes
        }
    }

    /// Begins anew.
    mutating func reset() {
        decoded = 0
        unseen = 0
        wide.removeAll(keepingCapacity: true)
    }

    private func count(before unit: Int) -> Int {
        guard let last = wide.last, last.unit >= unit else { return wide.count }
        var (low, high) = (0, wide.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if wide[middle].unit < unit { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Makes units of the bytes that were not decoded, of which the first is the unit `first`; gives the one after the last.
    ///
    /// There has to be room for as many units as there are such bytes.
    @unsafe
    mutating func decode(
        _ bytes: UnsafeBufferPointer<UInt8>,
        into units: UnsafeMutableBufferPointer<UInt8>,
        first: Int,
        isFinal: Bool
    ) -> Int {
        var (place, unit, unseen) = (decoded, first, unseen)
        defer { (decoded, self.unseen) = (place, unseen) }
        let basic = PlainCharacters.basic
        // Sound: places are tested, and no unit is less than a byte.
        while place < bytes.count {
            if unsafe bytes[place] &- 1 < 0x7F, unseen == 0 {
                // Between other characters most text is ASCII, too.
                while place &+ 8 <= bytes.count, let eight = unsafe Self.eightOfASCII(bytes, at: place) {
                    unsafe UnsafeMutableRawBufferPointer(units).storeBytes(
                        of: eight,
                        toByteOffset: unit &- first,
                        as: UInt64.self
                    )
                    unit &+= 8
                    place &+= 8
                }
                while place < bytes.count, unsafe bytes[place] &- 1 < 0x7F {
                    unsafe units[unit &- first] = bytes[place]
                    unit &+= 1
                    place &+= 1
                }
                continue
            }
            let character = unsafe Self.character(bytes, at: place)
            // The rest of a character may come.
            if character.isCut, !isFinal { break }
            place &+= character.length
            var made = TextUnits.other
            if let scalar = character.scalar {
                if scalar < 0x10000 {
                    made = basic[Int(scalar)]
                } else {
                    made = UnseenCharacters.contains(scalar) ? 0 : PlainCharacters.unit(of: scalar)
                }
                if made == 0 {
                    if unseen < 32 {
                        unseen &+= 1
                        continue
                    }
                    made = PlainCharacters.unit(of: scalar)
                }
            }
            unsafe units[unit &- first] = made
            if character.length > 1 || unseen > 0 { wide.append(Wide(unit: unit, end: place)) }
            unit &+= 1
            unseen = 0
        }
        return unit
    }

    /// Eight bytes from a place on, as they lie in memory, where all are ASCII and none is NUL.
    @inline(__always)
    @unsafe
    private static func eightOfASCII(_ bytes: UnsafeBufferPointer<UInt8>, at place: Int) -> UInt64? {
        // Sound: the caller saw that there are eight.
        let eight = unsafe UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: place, as: UInt64.self)
        let zeros = (eight &- 0x0101_0101_0101_0101) & ~eight
        return (eight | zeros) & 0x8080_8080_8080_8080 == 0 ? eight : nil
    }

    /// The character at a place: a byte that is part of none has no scalar, nor has NUL, nor one whose end is not there.
    @inline(__always)
    @unsafe
    private static func character(
        _ bytes: UnsafeBufferPointer<UInt8>,
        at place: Int
    ) -> (scalar: UInt32?, length: Int, isCut: Bool) {
        // Sound: places are tested.
        let first = unsafe bytes[place]
        if first < 0x80 { return (first > 0 ? UInt32(first) : nil, 1, false) }
        guard first >= 0xC2, first <= 0xF4 else { return (nil, 1, false) }
        if first &- 0xE1 < 12, place &+ 2 < bytes.count {
            // Most that is beyond ASCII has three bytes, each of which may follow the first.
            let (second, third) = unsafe (bytes[place &+ 1] ^ 0x80, bytes[place &+ 2] ^ 0x80)
            guard second | third < 0x40 else { return (nil, 1, false) }
            return (UInt32(first & 0xF) << 12 | UInt32(second) << 6 | UInt32(third), 3, false)
        }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        var scalar = UInt32(first) & (0x7F >> UInt32(length))
        for index in 1..<length {
            guard place + index < bytes.count else { return (nil, 1, true) }
            let next = unsafe bytes[place + index]
            let (low, high) = index == 1 ? second(of: first) : (0x80, 0xBF)
            guard next >= low, next <= high else { return (nil, 1, false) }
            scalar = scalar << 6 | UInt32(next & 0x3F)
        }
        return (scalar, length, false)
    }

    /// The bytes that may follow a first byte (Unicode 16, table 3-7).
    @inline(__always)
    private static func second(of first: UInt8) -> (UInt8, UInt8) {
        switch first {
        case 0xE0: (0xA0, 0xBF)
        case 0xED: (0x80, 0x9F)
        case 0xF0: (0x90, 0xBF)
        case 0xF4: (0x80, 0x8F)
        default: (0x80, 0xBF)
        }
    }
}
