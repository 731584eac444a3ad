/// A word, a number or a sign of a text, as the tagger of names sees it.
struct NameWord {
    /// What a word looks like.
    enum Shape: UInt8 {
        case none, lower, capitalised, upper, initial, mixed, digits, digitsAndLetters, foreign, line, point, comma,
            sign
    }

    /// The longest word that is read; what is longer is none.
    static let longest = 24
    /// The most spaces that stand between two words.
    static let widest = 4

    var start: Int
    var end: Int
    /// Of its units in lower case; 0 where there is no word.
    var hash: UInt32 = 0
    var shape = Shape.none

    /// Whether letters or digits make it up.
    var isWord: Bool { shape.rawValue >= Shape.lower.rawValue && shape.rawValue <= Shape.foreign.rawValue }

    @inline(__always)
    static func isPart(_ unit: UInt8) -> Bool {
        UnitClass.isAlphanumeric(unit) || unit >= 0x80 && unit != TextUnits.other
    }

    /// A unit as the tagger knows it: to it all letters beyond ASCII are the same.
    @inline(__always)
    static func plain(_ unit: UInt8) -> UInt8 { unit >= 0x80 && isPart(unit) ? TextUnits.letter : unit }

    /// The word that begins at a place.
    static func at(_ start: Int, _ reader: inout UnitReader) -> NameWord {
        var word = NameWord(start: start, end: start)
        let first = reader[start]
        guard isPart(first) else {
            word.take(sign: first)
            return word
        }
        var sight = Sight()
        while word.end < start + longest {
            let unit = reader[word.end]
            guard isPart(unit) else { break }
            sight.take(unit)
            word.end += 1
        }
        (word.hash, word.shape) = (sight.hash, sight.shape(first: first, count: word.end - start))
        return word
    }

    /// The word after a place, past spaces.
    static func after(_ place: Int, _ reader: inout UnitReader) -> NameWord {
        var start = place
        while start < place + widest, reader[start] == 0x20 || reader[start] == 0x09 { start += 1 }
        return at(start, &reader)
    }

    /// The word that ends before a place, past spaces.
    static func before(_ place: Int, _ reader: borrowing UnitReader) -> NameWord {
        var end = place
        while end > place - widest, reader.before(end) == 0x20 || reader.before(end) == 0x09 { end -= 1 }
        var word = NameWord(start: end, end: end)
        let last = reader.before(end)
        guard isPart(last) else {
            word.start = last == TextUnits.end ? end : end - 1
            word.take(sign: last)
            return word
        }
        while word.start > end - longest, isPart(reader.before(word.start)) { word.start -= 1 }
        var sight = Sight()
        for place in word.start..<end { sight.take(reader.before(place + 1)) }
        (word.hash, word.shape) = (
            sight.hash, sight.shape(first: reader.before(word.start + 1), count: end - word.start)
        )
        return word
    }

    private mutating func take(sign unit: UInt8) {
        guard unit != TextUnits.end else { return }
        if end == start { end = start + 1 }
        hash = UInt32(unit) &* 0x9E37_79B1 | 1
        shape =
            switch unit {
            case 0x0A, 0x0D: .line
            case UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"): .point
            case UInt8(ascii: ","): .comma
            default: .sign
            }
    }

    /// What is gathered of a word's units.
    private struct Sight {
        var hash: UInt32 = 0x811C_9DC5
        private var uppers = 0
        private var lowers = 0
        private var digits = 0

        @inline(__always)
        mutating func take(_ unit: UInt8) {
            if UnitClass.isUpper(unit) {
                uppers += 1
            } else if UnitClass.isDigit(unit) {
                digits += 1
            } else {
                lowers += 1
            }
            hash = (hash ^ UInt32(UnitClass.lowercased(NameWord.plain(unit)))) &* 0x0100_0193
        }

        func shape(first: UInt8, count: Int) -> Shape {
            if digits > 0 { return uppers + lowers == 0 ? .digits : .digitsAndLetters }
            if NameWord.plain(first) == TextUnits.letter { return .foreign }
            if uppers == 0 { return .lower }
            if count == 1 { return .initial }
            if lowers == 0 { return .upper }
            return uppers == 1 && UnitClass.isUpper(first) ? .capitalised : .mixed
        }
    }
}
