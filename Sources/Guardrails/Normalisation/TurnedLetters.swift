/// Letters that stand on their heads, in a text that is then read from its end.
enum TurnedLetters {
    /// The letters that only such a text has, and what they are.
    private static let turned: [UInt32: UInt32] = {
        let pairs: [(Unicode.Scalar, Unicode.Scalar)] = [
            ("\u{250}", "a"), ("\u{254}", "c"), ("\u{1DD}", "e"), ("\u{25F}", "f"), ("\u{183}", "g"),
            ("\u{265}", "h"), ("\u{1D09}", "i"), ("\u{131}", "i"), ("\u{27E}", "j"), ("\u{29E}", "k"),
            ("\u{26F}", "m"), ("\u{279}", "r"), ("\u{287}", "t"), ("\u{28C}", "v"), ("\u{28D}", "w"),
            ("\u{28E}", "y"),
        ]
        return Dictionary(pairs.map { ($0.0.value, $0.1.value) }, uniquingKeysWith: { first, _ in first })
    }()

    private static let swapped: [UInt32: UInt32] = [
        0x62: 0x71, 0x71: 0x62, 0x64: 0x70, 0x70: 0x64, 0x6E: 0x75, 0x75: 0x6E, 0x2D9: 0x2E, 0xBF: 0x3F, 0xA1: 0x21,
    ]

    /// The text as it reads the right way up; nil where it has few of such letters.
    static func upright(_ text: TracedText) -> TracedText? {
        guard text.count >= 12 else { return nil }
        var letters = 0
        var heads = 0
        for scalar in text.scalars {
            if turned[scalar] != nil { heads += 1 } else if Letters.isASCIILetter(scalar) { letters += 1 }
        }
        guard heads >= 4, heads * 2 >= letters else { return nil }
        var result = TracedText()
        result.reserve(text.count)
        for index in stride(from: text.count - 1, through: 0, by: -1) {
            result.append(upright(text.scalars[index]), text.starts[index], text.ends[index])
        }
        return result
    }

    /// A chunk of such a text as it reads the right way up; nothing where no letter of it stands on its head.
    static func upright(_ chunk: ArraySlice<UInt32>) -> [UInt32] {
        chunk.contains { turned[$0] != nil } ? chunk.reversed().map(upright) : []
    }

    private static func upright(_ scalar: UInt32) -> UInt32 { turned[scalar] ?? swapped[scalar] ?? scalar }
}
