/// Text as the recognisers see it: one byte for each code point.
///
/// What people and models write in place of plain characters is made plain here, so that a card number with a
/// zero-width space in it, or in full-width digits, is still a card number: full-width forms become ASCII, dashes
/// and spaces of every kind become `-` and a space, decimal digits of other scripts become ASCII digits, and
/// characters that are not seen belong to the unit after them. Which original bytes a unit stands for is kept, so that
/// a redaction cuts those.
///
/// UTF-8 may be cut anywhere: up to three bytes wait for the rest of their code point. A byte that is not UTF-8 is a
/// unit of its own.
struct TextUnits: Sendable {
    /// The most code points that are held back while it is not known what they are.
    static let holdBack = 256
    /// The most units of what went out that are kept, to be looked back at.
    static let context = 192
    /// A letter that is not ASCII.
    static let letter: UInt8 = 0xFF
    /// Letters of other alphabets that have units of their own, since words that tell secrets are written with them.
    static let named: ClosedRange<UInt8> = 0x95...0xC5
    /// A character of Chinese, Japanese or Korean, which are not parted by spaces from what stands beside them; those of
    /// words that stand before numbers have units of their own, from 0x80 on.
    static let ideograph: UInt8 = 0xFD
    /// Anything else that is not ASCII, and NUL.
    static let other: UInt8 = 0xFE
    /// What a reader gives beyond the end; it is never in ``units``.
    static let end: UInt8 = 0

    /// The units: first those that went out already and are looked back at, then those that did not.
    private(set) var units: [UInt8] = []
    /// How many of the units went out.
    private(set) var emitted = 0
    /// The bytes of the units from `base` on, and of what is not yet a unit.
    private(set) var raw: [UInt8] = []
    /// How many of the units have no bytes any more.
    private var base = 0
    /// For each unit from `base` on, the offset in `raw` after its last byte; empty while each unit is one byte.
    private var ends: [Int] = []
    private var isIdentity = true
    /// The bytes of `raw` that are part of a unit or of characters that are not seen.
    private var decoded = 0
    /// The characters that are not seen and wait for the unit that they belong to.
    private var unseen = 0

    /// The units that did not go out yet.
    var held: Int { units.count - emitted }

    /// Adds bytes.
    mutating func append(_ bytes: ArraySlice<UInt8>) {
        raw.append(contentsOf: bytes)
        decode(isFinal: false)
    }

    /// Makes units of the bytes that waited for more.
    mutating func finish() {
        decode(isFinal: true)
    }

    /// The bytes that units `start` to `end` stand for.
    func bytes(_ start: Int, _ end: Int) -> Range<Int> {
        let first = offset(before: start)
        return first..<max(first, offset(before: end))
    }

    /// Appends bytes of `raw`.
    func copy(_ range: Range<Int>, into output: inout [UInt8]) {
        precondition(range.lowerBound >= 0 && range.upperBound <= raw.count)
        // Sound: the buffer is used while it is lent, and the range is of it, as was just looked at.
        unsafe raw.withUnsafeBufferPointer { bytes in
            unsafe output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[range]))
        }
    }

    /// Says that the units before `position` went out.
    ///
    /// Places stay what they are until ``compact()``.
    mutating func advance(to position: Int) {
        emitted = max(emitted, position)
    }

    /// Drops the bytes of what went out, and its units but those that are looked back at.
    mutating func compact() {
        guard emitted > base else { return }
        let bytes = offset(before: emitted)
        raw.removeFirst(bytes)
        decoded -= bytes
        if !isIdentity {
            ends.removeFirst(emitted - base)
            for index in ends.indices { ends[index] -= bytes }
            if ends.isEmpty && unseen == 0 { isIdentity = true }
        }
        if emitted > 2 * Self.context {
            units.removeFirst(emitted - Self.context)
            emitted = Self.context
        }
        base = emitted
    }

    private func offset(before position: Int) -> Int {
        if isIdentity { return position - base }
        return position == base ? 0 : ends[position - base - 1]
    }

    private mutating func decode(isFinal: Bool) {
        if isIdentity, unseen == 0 {
            // Most text is ASCII, where the units are the bytes.
            let plain = Self.asciiPrefix(raw, from: decoded)
            if plain > decoded {
                units.append(contentsOf: raw[decoded..<plain])
                decoded = plain
            }
            if decoded == raw.count { return }
            isIdentity = false
            // In place, since text that is not ASCII comes here with each piece of it.
            ends.removeAll(keepingCapacity: true)
            ends.append(contentsOf: 1..<units.count - base + 1)
        }
        while decoded < raw.count {
            let first = raw[decoded]
            if first < 0x80 {
                // Between other characters most text is ASCII, too.
                let plain = unseen == 0 ? Self.asciiPrefix(raw, from: decoded) : decoded
                if plain > decoded {
                    units.append(contentsOf: raw[decoded..<plain])
                    ends.append(contentsOf: decoded + 1..<plain + 1)
                    decoded = plain
                } else {
                    take(unit: first == 0 ? Self.other : first, bytes: 1)
                }
                continue
            }
            let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
            guard first >= 0xC2, first <= 0xF4 else {
                take(unit: Self.other, bytes: 1)
                continue
            }
            var scalar = UInt32(first) & (0x7F >> UInt32(length))
            var index = 1
            var isWell = true
            while index < length, decoded + index < raw.count {
                let next = raw[decoded + index]
                let (low, high) = index == 1 ? Self.second(of: first) : (0x80, 0xBF)
                guard next >= low, next <= high else {
                    isWell = false
                    break
                }
                scalar = scalar << 6 | UInt32(next & 0x3F)
                index += 1
            }
            guard isWell else {
                take(unit: Self.other, bytes: 1)
                continue
            }
            guard index == length else {
                if !isFinal { return }
                take(unit: Self.other, bytes: 1)
                continue
            }
            if UnseenCharacters.contains(scalar), unseen < 32 {
                decoded += length
                unseen += 1
            } else {
                take(unit: PlainCharacters.unit(of: scalar), bytes: length)
            }
        }
    }

    private mutating func take(unit: UInt8, bytes: Int) {
        decoded += bytes
        units.append(unit)
        ends.append(decoded)
        unseen = 0
    }

    /// The bytes that may follow a first byte (Unicode 16, table 3-7).
    private static func second(of first: UInt8) -> (UInt8, UInt8) {
        switch first {
        case 0xE0: (0xA0, 0xBF)
        case 0xED: (0x80, 0x9F)
        case 0xF0: (0x90, 0xBF)
        case 0xF4: (0x80, 0x8F)
        default: (0x80, 0xBF)
        }
    }

    /// The offset of the first byte that is not ASCII, or is NUL.
    private static func asciiPrefix(_ bytes: [UInt8], from start: Int) -> Int {
        // Sound: eight bytes are loaded only where eight are left.
        unsafe bytes.withUnsafeBytes { buffer in
            var index = start
            while index + 8 <= buffer.count {
                let word = unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let zero = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
                if word & 0x8080_8080_8080_8080 != 0 || zero != 0 { break }
                index += 8
            }
            while index < buffer.count, unsafe buffer[index] != 0, unsafe buffer[index] < 0x80 { index += 1 }
            return index
        }
    }
}
