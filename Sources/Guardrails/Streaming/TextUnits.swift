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
    /// Whether the units that did not go out are the bytes themselves, as those of most text: then nothing else is kept.
    private var isPlain = true
    /// The bytes of the units from `base` on, and of what is not yet a unit; empty while the text is plain.
    private var raw: [UInt8] = []
    /// How many of the units have no bytes in `raw`.
    private var base = 0
    /// What makes units of `raw`.
    private var decoder = CharacterDecoder()

    /// The units that did not go out yet.
    var held: Int { units.count - emitted }

    /// The bytes that are kept, about.
    var capacity: Int { units.capacity + raw.capacity + decoder.capacity }

    /// Adds bytes.
    mutating func append(_ bytes: ArraySlice<UInt8>) {
        // Sound: the bytes are taken while they are lent.
        unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
    }

    /// Adds bytes.
    @unsafe
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard isPlain else {
            unsafe raw.append(contentsOf: bytes)
            return decode(isFinal: false)
        }
        let plain = unsafe Self.asciiPrefix(bytes)
        if plain == bytes.count {
            unsafe units.append(contentsOf: bytes)
        } else {
            unsafe units.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[..<plain]))
            raw.append(contentsOf: units[emitted...])
            unsafe raw.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[plain...]))
            decoder.decoded = held
            base = emitted
            isPlain = false
            decode(isFinal: false)
        }
    }

    /// Makes units of the bytes that waited for more.
    mutating func finish() {
        if !isPlain { decode(isFinal: true) }
    }

    /// How many bytes units `start` to `end` stand for.
    func width(_ start: Int, _ end: Int) -> Int { max(0, offset(before: end) - offset(before: start)) }

    /// The bytes that units `start` to `end` stand for.
    func bytes(_ start: Int, _ end: Int) -> ArraySlice<UInt8> {
        if isPlain { return units[start..<end] }
        let first = offset(before: start)
        return raw[first..<max(first, offset(before: end))]
    }

    /// Appends the bytes that units `start` to `end` stand for, and says how many.
    func copy(_ start: Int, _ end: Int, into output: inout [UInt8]) -> Int {
        if isPlain { return Self.append(units, start, end, to: &output) }
        return Self.append(raw, offset(before: start), offset(before: end), to: &output)
    }

    @inline(__always)
    private static func append(_ bytes: [UInt8], _ first: Int, _ last: Int, to output: inout [UInt8]) -> Int {
        // Sound: the buffer is used while it is lent; that the range is of it is looked at.
        unsafe bytes.withUnsafeBufferPointer { bytes in
            precondition(0 <= first && first <= last && last <= bytes.count)
            unsafe output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[first..<last]))
        }
        return last &- first
    }

    /// The bytes that did not go out, of units and of what is not yet one.
    var rest: ArraySlice<UInt8> { isPlain ? units[emitted...] : raw[offset(before: emitted)...] }

    /// Says that the units before `position` went out.
    ///
    /// Places stay what they are until ``compact()``.
    mutating func advance(to position: Int) {
        emitted = max(emitted, position)
    }

    /// Whether there is nothing that ``compact()`` would change.
    var isCompact: Bool { isPlain && emitted <= 2 * Self.context }

    /// Drops what went out but the units that are looked back at, once that is enough to be worth it.
    mutating func compact() {
        if !isPlain, isPlainAgain {
            raw.removeAll(keepingCapacity: true)
            decoder.reset()
            isPlain = true
        }
        guard emitted > 2 * Self.context else { return }
        if !isPlain {
            let bytes = offset(before: emitted)
            raw.removeFirst(bytes)
            decoder.drop(bytes, movingUnitsBy: emitted - Self.context, from: emitted)
        }
        units.removeFirst(emitted - Self.context)
        emitted = Self.context
        base = emitted
    }

    /// Whether what did not go out is units that are their bytes.
    private var isPlainAgain: Bool {
        guard decoder.unseen == 0, decoder.decoded == raw.count else { return false }
        let first = offset(before: emitted)
        return raw.count - first == held && (held == 0 || raw[first...].elementsEqual(units[emitted...]))
    }

    private func offset(before position: Int) -> Int {
        isPlain ? position : decoder.offset(before: position, base: base)
    }

    private mutating func decode(isFinal: Bool) {
        let first = units.count
        let room = raw.count - decoder.decoded
        // Sound: the buffers are used while they are lent, and there is room for as many units as there are bytes.
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { made in
            let last = unsafe raw.withUnsafeBufferPointer { bytes in
                unsafe decoder.decode(bytes, into: made, first: first, isFinal: isFinal)
            }
            unsafe units.append(contentsOf: UnsafeBufferPointer(rebasing: made[..<(last - first)]))
        }
    }

    /// How many bytes come before the first that is not ASCII, or is NUL.
    @unsafe
    private static func asciiPrefix(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let buffer = UnsafeRawBufferPointer(bytes)
        var index = 0
        // Sound: eight bytes are loaded only where eight are left.
        while index &+ 8 <= buffer.count {
            let word = unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let zeros = (word &- 0x0101_0101_0101_0101) & ~word
            if (word | zeros) & 0x8080_8080_8080_8080 != 0 { break }
            index &+= 8
        }
        while index < buffer.count, unsafe buffer[index] &- 1 < 0x7F { index &+= 1 }
        return index
    }
}
