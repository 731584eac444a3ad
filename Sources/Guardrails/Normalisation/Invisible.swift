/// Characters that a reader does not see and a model does.
enum Invisible {
    /// What was taken out or brought to light, and where.
    struct Seen: Sendable {
        /// Characters without a glyph: zero-width, fillers, soft hyphens.
        var invisible = 0
        /// Letters written as tag characters (U+E0020 to U+E007E) or as bytes in variation selectors.
        var hiddenLetters = 0
        /// Controls that change the direction of text.
        var bidirectional = 0
        /// The bytes of the original that hold them, from the first to the last.
        var range: Range<Int>?

        mutating func note(_ start: Int32, _ end: Int32) {
            let low = min(range?.lowerBound ?? .max, Int(start))
            range = low..<max(range?.upperBound ?? 0, Int(end))
        }
    }

    /// Whether a scalar draws nothing (Unicode's Default_Ignorable_Code_Point, and the blank Braille cell).
    static func drawsNothing(_ scalar: UInt32) -> Bool {
        switch scalar {
        case ..<0xAD: false
        case 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x200B...0x200F, 0x202A...0x202E,
            0x2060...0x206F, 0x2800, 0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0...0xFFFB, 0x1BCA0...0x1BCA3,
            0x1D173...0x1D17A, 0xE0000...0xE0FFF:
            true
        default: false
        }
    }

    static func turnsText(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x61C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// The text without what draws nothing.
    ///
    /// Tag characters become the letters that they stand for, and a run of four or more variation selectors the bytes
    /// that it carries.
    static func reveal(_ text: TracedText, seen: inout Seen) -> TracedText {
        guard text.scalars.contains(where: { drawsNothing($0) || $0 < 0x20 }) else { return text }
        var result = TracedText()
        result.reserve(text.count)
        var index = 0
        while index < text.count {
            let scalar = text.scalars[index]
            guard drawsNothing(scalar) else {
                // Control characters other than tab and line ends separate, like a space.
                let isControl = scalar < 0x20 && scalar != 9 && scalar != 10 && scalar != 13 && scalar != 0x1B
                result.append(isControl ? 0x20 : scalar, text.starts[index], text.ends[index])
                index += 1
                continue
            }
            if selectorByte(scalar) != nil {
                var end = index
                while end < text.count, selectorByte(text.scalars[end]) != nil { end += 1 }
                if end - index >= 4 {
                    seen.hiddenLetters += end - index
                    seen.note(text.starts[index], text.ends[end - 1])
                    let bytes = text.scalars[index..<end].compactMap(selectorByte)
                    let decoded = TracedText(
                        bytes,
                        starts: Array(text.starts[index..<end]),
                        ends: Array(text.ends[index..<end])
                    )
                    result.append(contentsOf: decoded, 0..<decoded.count)
                } else if scalar != 0xFE0F {
                    seen.invisible += end - index
                    seen.note(text.starts[index], text.ends[end - 1])
                }
                index = end
                continue
            }
            if (0xE0020...0xE007E).contains(scalar), text.scalars[index - (index > 0 ? 1 : 0)] == 0x1F3F4 {
                // The flag of England, Scotland or Wales.
                while index < text.count, (0xE0020...0xE007F).contains(text.scalars[index]) { index += 1 }
                continue
            }
            if (0xE0020...0xE007E).contains(scalar) {
                seen.hiddenLetters += 1
                result.append(scalar - 0xE0000, text.starts[index], text.ends[index])
            } else if turnsText(scalar) {
                seen.bidirectional += 1
            } else {
                seen.invisible += 1
            }
            seen.note(text.starts[index], text.ends[index])
            index += 1
        }
        return result
    }

    private static func selectorByte(_ scalar: UInt32) -> UInt8? {
        switch scalar {
        case 0xFE00...0xFE0F: UInt8(truncatingIfNeeded: scalar - 0xFE00)
        case 0xE0100...0xE01EF: UInt8(truncatingIfNeeded: scalar - 0xE0100 + 16)
        default: nil
        }
    }
}
