/// Unicode normalisation form KC with the place of every scalar kept.
///
/// The data is a table of our own (`Training/unicode_tables.py`), because Swift's standard library composes without
/// the compatibility mappings and Foundation, which has them, keeps no offsets. Characters newer than Unicode 14
/// stay as they are.
package struct CompatibilityForm: Sendable {
    package static let shared = CompatibilityForm(EmbeddedTables.unicode)

    /// A base with more marks than this loses the rest: nobody writes so, and reordering them would cost.
    private static let mostMarks = 30

    private let pages: [UInt16]
    private let entries: [UInt32]
    private let scalars: [UInt32]
    private let compositions: [UInt64: UInt32]

    init(_ table: [UInt8]) {
        precondition(
            table.count >= 16 && table.word(at: 0) == 0x3155_574C,
            "unicode.bin is not the table of this build"
        )
        let count = Int(table.word(at: 4))
        let scalarCount = Int(table.word(at: 8))
        let pairCount = Int(table.word(at: 12))
        var pages = [UInt16](repeating: 0, count: 0x1100)
        var entries = [UInt32](repeating: 0, count: 256)
        for index in 0..<count {
            let scalar = Int(table.word(at: 16 + 8 * index))
            if pages[scalar >> 8] == 0 {
                pages[scalar >> 8] = UInt16(entries.count / 256)
                entries.append(contentsOf: repeatElement(0, count: 256))
            }
            entries[Int(pages[scalar >> 8]) * 256 + scalar & 0xFF] = table.word(at: 20 + 8 * index)
        }
        let scalarBase = 16 + 8 * count
        let pairBase = scalarBase + 4 * scalarCount
        self.pages = pages
        self.entries = entries
        scalars = (0..<scalarCount).map { table.word(at: scalarBase + 4 * $0) }
        var compositions: [UInt64: UInt32] = [:]
        for index in 0..<pairCount {
            let base = pairBase + 12 * index
            compositions[UInt64(table.word(at: base)) << 32 | UInt64(table.word(at: base + 4))] =
                table.word(at: base + 8)
        }
        self.compositions = compositions
    }

    /// The full compatibility decomposition of a scalar; nil where it has none.
    func decomposition(of scalar: UInt32) -> ArraySlice<UInt32>? {
        let page = Int(scalar >> 8)
        guard page < pages.count else { return nil }
        let entry = entries[(pages[page] == 0 ? 0 : Int(pages[page]) * 256) + Int(scalar & 0xFF)]
        guard pages[page] != 0, entry != 0 else { return nil }
        let offset = Int(entry >> 8)
        return scalars[offset..<offset + Int(entry & 0xFF)]
    }

    /// A text in form KC.
    ///
    /// What is ASCII costs one comparison a scalar.
    package func normalise(_ text: TracedText) -> TracedText {
        guard text.scalars.contains(where: { $0 >= 0xA0 }) else { return text }
        var result = TracedText()
        result.reserve(text.count)
        var index = 0
        var marks = 0
        // The first scalar of the result that the next one could compose with or be ordered after.
        var base = 0
        while index < text.count {
            let scalar = text.scalars[index]
            if scalar < 0xA0 {
                close(&result, from: base)
                base = result.count
                result.append(text, at: index)
                marks = 0
            } else {
                let whole = [scalar]
                for part in hangulParts(of: scalar) ?? decomposition(of: scalar) ?? whole[...] {
                    let combining = Self.combiningClass(part)
                    if combining == 0 {
                        if !joinsBackwards(part) {
                            close(&result, from: base)
                            base = result.count
                        }
                        marks = 0
                    } else {
                        marks += 1
                        if marks > Self.mostMarks {
                            if result.count > 0 { result.widen(at: result.count - 1, over: text, index) }
                            continue
                        }
                    }
                    result.append(part, text.starts[index], text.ends[index])
                }
            }
            index += 1
        }
        close(&result, from: base)
        return result
    }

    /// Starters that compose with what stands before them: Hangul vowels and finals, and some Indic vowels.
    private func joinsBackwards(_ scalar: UInt32) -> Bool {
        (0x1161...0x11C2).contains(scalar) || Self.backwardStarters.contains(scalar)
    }

    private static let backwardStarters: Set<UInt32> = [
        0x09BE, 0x09D7, 0x0B3E, 0x0B56, 0x0B57, 0x0BBE, 0x0BD7, 0x0CC2, 0x0CD5, 0x0CD6, 0x0D3E, 0x0D57, 0x0DCF, 0x0DDF,
        0x102E, 0x1B35, 0x11127, 0x1133E, 0x11357, 0x114B0, 0x114BA, 0x114BD, 0x115AF, 0x11930,
    ]

    /// Orders and composes what was appended from an index on.
    ///
    /// The run is short: a starter and its marks.
    private func close(_ text: inout TracedText, from base: Int) {
        guard text.count - base > 1 else { return }
        for index in base + 1..<text.count {
            var place = index
            let combining = Self.combiningClass(text.scalars[place])
            guard combining > 0 else { continue }
            while place > base, Self.combiningClass(text.scalars[place - 1]) > combining {
                text.swap(place, place - 1)
                place -= 1
            }
        }
        let run = base..<text.count
        var composed = TracedText()
        var starter: Int? = nil
        var last: UInt8 = 0
        for index in run {
            let scalar = text.scalars[index]
            let combining = Self.combiningClass(scalar)
            if let place = starter, last == 0 ? place == composed.count - 1 || combining > 0 : last < combining,
                let whole = compose(composed.scalars[place], scalar)
            {
                composed.replace(at: place, with: whole)
                composed.widen(at: place, over: text, index)
                continue
            }
            if combining == 0 { starter = composed.count }
            last = combining
            composed.append(text, at: index)
        }
        while text.count > base { text.removeLast() }
        text.append(contentsOf: composed, 0..<composed.count)
    }

    private func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if (0x1100...0x1112).contains(first), (0x1161...0x1175).contains(second) {
            return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
        }
        if (0xAC00...0xD7A3).contains(first), (first - 0xAC00) % 28 == 0, (0x11A8...0x11C2).contains(second) {
            return first + second - 0x11A7
        }
        return compositions[UInt64(first) << 32 | UInt64(second)]
    }

    private func hangulParts(of scalar: UInt32) -> ArraySlice<UInt32>? {
        guard (0xAC00...0xD7A3).contains(scalar) else { return nil }
        let index = scalar - 0xAC00
        let final = index % 28
        let parts = [0x1100 + index / 588, 0x1161 + index % 588 / 28]
        return (final == 0 ? parts : parts + [0x11A7 + final])[...]
    }

    static func combiningClass(_ scalar: UInt32) -> UInt8 {
        guard scalar >= 0x300, let known = Unicode.Scalar(scalar) else { return 0 }
        return known.properties.canonicalCombiningClass.rawValue
    }
}
