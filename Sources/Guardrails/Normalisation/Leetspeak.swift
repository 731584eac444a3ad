/// Digits and signs that stand for letters.
enum Leetspeak {
    /// The letters that a digit or sign may stand for, the likelier first.
    static func letters(_ scalar: UInt32) -> [UInt8]? {
        scalar < 0x80 ? table[Int(scalar)] : scalar == 0x20AC ? [0x65] : scalar == 0xA3 ? [0x6C] : nil
    }

    private static let table: [[UInt8]?] = {
        let signs: [(Character, String)] = [
            ("0", "o"), ("1", "il"), ("2", "z"), ("3", "e"), ("4", "a"), ("5", "s"), ("6", "gb"), ("7", "t"),
            ("8", "b"), ("9", "g"), ("@", "a"), ("$", "s"), ("!", "i"), ("|", "il"), ("+", "t"), ("(", "c"),
            ("#", "h"), ("&", "e"), ("%", "x"), ("<", "c"), ("^", "a"),
        ]
        var table = [[UInt8]?](repeating: nil, count: 128)
        for (sign, letters) in signs { table[Int(sign.asciiValue ?? 0)] = Array(letters.utf8) }
        return table
    }()

    /// The word that a chunk spells and the part of it that does; nil where it spells none that is known.
    static func read(_ scalars: [UInt32], _ chunk: Range<Int>, lexicon: Lexicon) -> ([UInt8], Range<Int>)? {
        // Signs at either end may be part of the word or punctuation: both are tried.
        var low = chunk.lowerBound
        while low < chunk.upperBound, !isLetterOrSign(scalars[low]) { low += 1 }
        var high = chunk.upperBound
        while high > low, !isLetterOrSign(scalars[high - 1]) { high -= 1 }
        var narrow = high
        while narrow > low, !isAlphanumeric(scalars[narrow - 1]) { narrow -= 1 }
        var late = low
        while late < narrow, !isAlphanumeric(scalars[late]) { late += 1 }
        for range in [low..<high, low..<narrow, late..<max(late, narrow)] where range.count >= 3 && range.count <= 24 {
            guard range.contains(where: { !Letters.isASCIILetter(scalars[$0]) }) else { continue }
            if let word = spell(scalars, range, lexicon: lexicon) { return (word, range) }
        }
        return nil
    }

    /// What a chunk spells in a text that is written so throughout, by the likeliest letters, since names are no words of
    /// the lexicon.
    ///
    /// Nil where no letter and no sign for one stand in it.
    static func likeliest(
        _ scalars: [UInt32],
        _ chunk: Range<Int>,
        lexicon: Lexicon
    ) -> ([UInt8], Range<Int>)? {
        var low = chunk.lowerBound
        while low < chunk.upperBound, !isLetterOrSign(scalars[low]) { low += 1 }
        var high = chunk.upperBound
        // A sign at the end is punctuation more often than a letter.
        while high > low, !isAlphanumeric(scalars[high - 1]) { high -= 1 }
        guard high - low >= 2, high - low <= 24, scalars[low..<high].contains(where: Letters.isASCIILetter) else {
            return nil
        }
        var word: [UInt8] = []
        for scalar in scalars[low..<high] where scalar != 0x27 {
            if Letters.isASCIILetter(scalar) {
                word.append(UInt8(truncatingIfNeeded: scalar | 0x20))
            } else if let letter = letters(scalar)?.first {
                word.append(letter)
            } else {
                return nil
            }
        }
        // Two letters are a word by chance only where there is one.
        return word.count > 2 || lexicon.contains(word) ? (word, low..<high) : nil
    }

    /// Whether a word in digits and signs may go on with a scalar.
    static func isPart(_ scalar: UInt32) -> Bool { isLetterOrSign(scalar) || scalar == 0x27 }

    private static func isAlphanumeric(_ scalar: UInt32) -> Bool {
        Letters.isASCIILetter(scalar) || Letters.isDigit(scalar)
    }

    private static func isLetterOrSign(_ scalar: UInt32) -> Bool {
        Letters.isASCIILetter(scalar) || letters(scalar) != nil
    }

    private static func spell(_ scalars: [UInt32], _ range: Range<Int>, lexicon: Lexicon) -> [UInt8]? {
        var forms: [[UInt8]] = [[]]
        for index in range {
            let scalar = scalars[index]
            if Letters.isASCIILetter(scalar) {
                for place in forms.indices { forms[place].append(UInt8(truncatingIfNeeded: scalar | 0x20)) }
            } else if scalar == 0x27 {
                continue
            } else if let choices = letters(scalar) {
                // Four doubtful signs are tried in every way, the rest in the likeliest.
                let all = forms.count < 16 ? choices : [choices[0]]
                forms = forms.flatMap { form in all.map { form + [$0] } }
            } else {
                return nil
            }
        }
        return forms.first { lexicon.contains($0) }
    }

    /// A bare number or sign as the word that it stands for among others in leetspeak.
    static func loose(_ word: some Collection<UInt8>, lexicon: Lexicon) -> [UInt8]? {
        guard word.count <= 4, word.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        let spelled = word.compactMap { letters(UInt32($0))?[0] }
        guard spelled.count == word.count else { return nil }
        return spelled == [0x61] || spelled == [0x69] || (spelled.count > 1 && lexicon.contains(spelled))
            ? spelled : nil
    }
}
