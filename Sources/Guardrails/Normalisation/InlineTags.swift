/// Marks of HTML that stand within a word and are not seen: `I<b>g</b>nore`, `ig<!-- -->nore`.
///
/// What their attributes say may be an order in itself: it is read behind the text (`append`).
enum InlineTags {
    /// The tags that do not part words.
    private static let names: Set<String> = [
        "a", "b", "big", "code", "del", "em", "font", "i", "ins", "mark", "s", "small", "span", "strong", "sub", "sup",
        "tt", "u", "wbr",
    ]
    /// How far a tag, or some of them after one another, are looked at.
    private static let most = 160

    /// Where the marks end that begin at a place between two letters; nil where there are none.
    static func end(_ scalars: [UInt32], at start: Int) -> Int? {
        guard start > 0, Letters.isWord(scalars[start - 1]) else { return nil }
        let limit = min(scalars.count, start + most)
        var index = start
        while index < limit, scalars[index] == 0x3C, let end = one(scalars, at: index, limit: limit) { index = end }
        return index > start && index < scalars.count && Letters.isWord(scalars[index]) ? index : nil
    }

    private static func one(_ scalars: [UInt32], at start: Int, limit: Int) -> Int? {
        var index = start + 1
        guard index < limit else { return nil }
        if scalars[index] == 0x21 { return comment(scalars, at: start, limit: limit) }
        if scalars[index] == 0x2F { index += 1 }
        var name = ""
        while index < limit, Letters.isASCIILetter(scalars[index]), name.utf8.count < 8,
            let letter = Unicode.Scalar(scalars[index] | 0x20)
        {
            name.unicodeScalars.append(letter)
            index += 1
        }
        guard names.contains(name), index < limit,
            scalars[index] == 0x3E || scalars[index] == 0x2F || Letters.isSpace(scalars[index])
        else { return nil }
        guard let close = scalars[index..<limit].firstIndex(of: 0x3E) else { return nil }
        guard !scalars[index..<close].contains(0x3C) else { return nil }
        return close + 1
    }

    /// Adds what marks say, each on a line of its own, where they say more than their names.
    static func append(_ text: TracedText, _ range: Range<Int>, to said: inout TracedText) {
        let scalars = text.scalars
        let says = range.contains { index in
            Letters.isSpace(scalars[index]) || scalars[index] >= 0x80
                || (scalars[index] == 0x2F && scalars[index - 1] != 0x3C && scalars[index + 1] != 0x3E)
        }
        guard says else { return }
        for index in range {
            switch scalars[index] {
            case 0x3C: said.append(0x0A, from: text, index, index)
            case 0x3E: said.append(0x20, from: text, index, index)
            default: said.append(text, at: index)
            }
        }
    }

    /// A comment without a word in it.
    private static func comment(_ scalars: [UInt32], at start: Int, limit: Int) -> Int? {
        guard start + 7 <= limit, scalars[start + 2] == 0x2D, scalars[start + 3] == 0x2D else { return nil }
        var index = start + 4
        while index + 2 < limit, index < start + 24 {
            if scalars[index] == 0x2D, scalars[index + 1] == 0x2D, scalars[index + 2] == 0x3E { return index + 3 }
            if Letters.isASCIILetter(scalars[index]) { return nil }
            index += 1
        }
        return nil
    }
}
