/// What stands in quotation marks within prose: behind a word, on one line, and no longer than a sentence.
///
/// The strings of JSON are no quotations, since no word stands before them.
struct Quotations {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The most bytes from the mark that opens a quotation to what is asked for, and from there to the mark that closes it.
    private static let reach = 120

    /// Marks that open, each with that which closes.
    private static let marks: [(open: [UInt8], close: [UInt8])] = [
        ("\"", "\""), ("'", "'"), ("`", "`"), ("\u{201C}", "\u{201D}"), ("\u{201E}", "\u{201C}"),
        ("\u{2018}", "\u{2019}"),
        ("\u{AB}", "\u{BB}"), ("\u{300C}", "\u{300D}"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

    /// Whether some bytes lie within a quotation.
    func hold(_ range: Range<Int>) -> Bool {
        guard range.upperBound <= bytes.count else { return false }
        return Self.marks.contains { mark in
            var place = range.lowerBound - mark.open.count
            let first = max(0, range.lowerBound - Self.reach)
            while place >= first {
                if bytes[place] == 0x0A { return false }
                if isMark(mark.open, at: place) {
                    // The nearest mark decides: one that closes something else is none that opens this.
                    return follows(wordBefore: place) && isClosed(mark.close, from: range.upperBound)
                }
                place -= 1
            }
            return false
        }
    }

    private func isMark(_ mark: [UInt8], at place: Int) -> Bool {
        guard place >= 0, place + mark.count <= bytes.count, bytes[place..<place + mark.count].elementsEqual(mark)
        else {
            return false
        }
        // An apostrophe within a word is none.
        return mark.count > 1
            || !(place > 0 && Self.isLetter(bytes[place - 1])
                && place + 1 < bytes.count && Self.isLetter(bytes[place + 1]))
    }

    /// Whether what opens has a space before it, and prose before that: a word, perhaps with a colon, comma or bracket.
    private func follows(wordBefore place: Int) -> Bool {
        var place = place - 1
        guard place > 0, bytes[place] == 0x20 || bytes[place] == 0x28 else { return false }
        while place > 0, bytes[place] == 0x20 || bytes[place] == 0x28 || bytes[place] == 0x3A || bytes[place] == 0x2C {
            place -= 1
        }
        return Self.isLetter(bytes[place])
    }

    private func isClosed(_ mark: [UInt8], from start: Int) -> Bool {
        var place = start
        while place < min(bytes.count, start + Self.reach) {
            if bytes[place] == 0x0A { return false }
            if isMark(mark, at: place) { return true }
            place += 1
        }
        return false
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x80
    }
}
