/// The words of a tokenizer, one to a line (`vocab.txt`), or the pairs that it joins (`merges.txt`).
///
/// Any sign stands in them that some tokenizer has learnt, those of templates and of markup among them. Here the name
/// counts beside the form: tokenizers open these files by it, and nothing else opens them.
enum WordListScanner: FormatScanner {
    static let format = "words"
    static let basis = RecognitionBasis.guess

    /// How long a word may be, in bytes: longer ones are sentences.
    private static let longest = 1_024

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard input.role == nil, ["vocab.txt", "merges.txt"].contains(input.name), let text = try PlainText(input)
        else { return false }
        return isList(text.bytes, ofPairs: input.name == "merges.txt")
    }

    /// Whether each line is one word, or two with a blank between them.
    private static func isList(_ bytes: [UInt8], ofPairs isPairs: Bool) -> Bool {
        let isHeaded = isPairs && bytes.starts(with: "#version".utf8)
        var (blanks, length, words) = (0, 0, 0)
        var isFirst = true
        for byte in bytes + [0x0A] {
            guard byte == 0x0A else {
                length += byte == 0x0D ? 0 : 1
                if byte == 0x20 || byte == 0x09 { blanks += 1 }
                continue
            }
            if length > 0, !(isFirst && isHeaded) {
                guard length <= longest, blanks == (isPairs ? 1 : 0) else { return false }
                words += 1
            }
            (blanks, length, isFirst) = (0, 0, false)
        }
        return words > 0
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        try context.budget.step(1 + Int(min(input.size, PlainText.longest)) / 256)
    }
}
