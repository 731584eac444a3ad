/// A text as its letters and digits in lower case, with their places.
struct SqueezedText: Sendable {
    private(set) var bytes: [UInt8] = []
    private var starts: [Int32] = []
    private var ends: [Int32] = []
    /// Whether each begins a word.
    private var begins: [Bool] = []

    /// - Parameters:
    ///   - text: the text.
    ///   - reads: whether codes and disguises are read first.
    init(_ text: String, reads: Bool) {
        let original = Array(text.utf8)
        if reads {
            let normalised = TextNormaliser().normalise(original)
            for (index, word) in normalised.words.enumerated() where !word.traits.contains(.marker) {
                for (place, byte) in normalised.wordBytes(index).enumerated() {
                    add(byte, word.start, word.end, begins: place == 0)
                }
            }
            return
        }
        squeeze(original) { $0 }
    }

    /// A text in which digits and signs are the letters that they are drawn like.
    init(skeletonOf text: String) {
        squeeze(Array(text.utf8)) { scalar in
            switch scalar {
            case 0x30: 0x6F
            case 0x31, 0x21, 0x7C, 0x6C, 0x4C: 0x69
            case 0x33, 0x20AC: 0x65
            case 0x34, 0x40: 0x61
            case 0x35, 0x24: 0x73
            case 0x37, 0x2B: 0x74
            case 0x36, 0x39: 0x67
            case 0x38: 0x62
            case 0x32: 0x7A
            default: scalar
            }
        }
    }

    private mutating func squeeze(_ original: [UInt8], _ change: (UInt32) -> UInt32) {
        var seen = Invisible.Seen()
        let traced = CompatibilityForm.shared.normalise(Invisible.reveal(TracedText(original), seen: &seen))
        var isBetween = true
        for index in 0..<traced.count {
            let scalar = change(Letters.fold(traced.scalars[index]))
            guard scalar != 0 else { continue }
            guard Letters.isWord(scalar) else {
                isBetween = true
                continue
            }
            var utf8: [UInt8] = []
            UTF8Reader.append(scalar, to: &utf8)
            for byte in utf8 {
                add(byte, traced.starts[index], traced.ends[index], begins: isBetween)
                isBetween = false
            }
        }
    }

    private mutating func add(_ byte: UInt8, _ start: Int32, _ end: Int32, begins isFirst: Bool) {
        bytes.append(byte)
        begins.append(isFirst)
        starts.append(start)
        ends.append(end)
    }

    func origin(_ range: Range<Int>) -> Range<Int> {
        guard let low = starts[range].min(), let high = ends[range].max() else { return 0..<0 }
        return Int(low)..<Int(high)
    }

    /// Whether some bytes stand in it.
    func contains(_ other: [UInt8]) -> Bool { ByteSearch(other).first(in: bytes) != nil }

    /// Where some bytes stand with nothing of a word on either side.
    func word(_ other: [UInt8]) -> Range<Int>? {
        let search = ByteSearch(other)
        var from = 0
        while let start = search.first(in: bytes, from: from) {
            let end = start + other.count
            if begins[start], end == bytes.count || begins[end] { return start..<end }
            from = start + 1
        }
        return nil
    }
}
