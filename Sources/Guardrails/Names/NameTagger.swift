/// Finds names of people, places, organisations and groups by a linear model over a word and what stands around it.
///
/// It is asked at the beginning of a word, looks back at no more than two words and ahead at no more than two, and says
/// whether a name begins; then word for word whether it goes on. It remembers nothing, so that what it says is a function of
/// the text around a place, however that came.
package final class NameTagger: Sendable {
    /// The hashed features of openings have so many rows, as a power of two, a weight for each kind in each.
    package static let openingWidth = 16
    /// Those of what goes on have one weight.
    package static let goingWidth = 17

    package let lists: NameLists
    private let opening: [Int8]
    private let going: [Int8]

    /// The one that the program has.
    static let builtIn: NameTagger? = NameTagger(EmbeddedTables.names)

    /// Makes one of its parts.
    package init(lists: NameLists, opening: [Int8], going: [Int8]) {
        self.lists = lists
        self.opening = opening
        self.going = going
    }

    /// Reads one; nil where the bytes are none.
    package convenience init?(_ bytes: [UInt8]) {
        let (first, second) = (NameKind.allCases.count << Self.openingWidth, 1 << Self.goingWidth)
        guard bytes.count == 4 + NameLists.bytes + first + second, bytes.starts(with: Array("LWN1".utf8)) else {
            return nil
        }
        let start = 4 + NameLists.bytes
        self.init(
            lists: NameLists(bytes[4..<start]),
            opening: bytes[start..<start + first].map { Int8(bitPattern: $0) },
            going: bytes[(start + first)...].map { Int8(bitPattern: $0) }
        )
    }

    /// The bytes that ``init(_:)`` reads.
    package var serialised: [UInt8] {
        Array("LWN1".utf8) + lists.bits + opening.map { UInt8(bitPattern: $0) } + going.map { UInt8(bitPattern: $0) }
    }

    // MARK: - What it says

    /// Whether a name may begin with a word: one that is not in lower case, or is in a list, or a number before a word.
    static func mayOpen(_ word: NameWord, _ lists: NameLists, _ reader: inout UnitReader) -> Bool {
        switch word.shape {
        case .none, .line, .point, .comma, .sign: return false
        case .lower: guard word.end - word.start > 2, lists.membership(word.hash) != 0 else { return false }
        case .digits, .digitsAndLetters:
            guard word.end - word.start < 7, reader[word.end] == 0x20, NameWord.isPart(reader[word.end + 1]) else {
                return false
            }
        default: break
        }
        guard word.end - word.start < NameWord.longest else { return false }
        switch reader.before(word.start) {
        case UInt8(ascii: "@"), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "$"),
            UInt8(ascii: "%"), UInt8(ascii: "&"):
            return false
        case UInt8(ascii: "."):
            return reader.before(word.start - 1) == 0x20 || UnitClass.isLetter(reader.before(word.start - 1))
        default: break
        }
        switch reader[word.end] {
        case UInt8(ascii: "@"), UInt8(ascii: "_"), UInt8(ascii: "="), UInt8(ascii: "("), UInt8(ascii: "["): return false
        default: return true
        }
    }

    /// Whether a name may begin with a word of letters alone, as far as the word itself tells.
    @unsafe
    func mayOpen(_ units: UnsafeBufferPointer<UInt8>, _ word: Range<Int>) -> Bool {
        // Sound: the caller's word is within the units. Its small letters of ASCII have the one bit and not the other.
        guard unsafe units[word.lowerBound] & 0xA0 == 0x20 else { return true }
        guard word.count > 2 else { return false }
        var hash: UInt32 = 0x811C_9DC5
        for place in word {
            let unit = unsafe units[place]
            if unit & 0xA0 != 0x20 { return true }
            hash = (hash ^ UInt32(unit)) &* 0x0100_0193
        }
        return lists.membership(hash) != 0
    }

    /// What begins with a word.
    func kind(of features: NameFeatures) -> NameKind {
        var best = 0
        var scores = InlineArray<6, Int32>(repeating: 0)
        for place in 0..<features.count {
            let row = Int(features.hashes[place] & (1 << UInt32(Self.openingWidth) - 1)) * 6
            for kind in 0..<6 { scores[kind] += Int32(opening[row + kind]) }
        }
        for kind in 1..<6 where scores[kind] > scores[best] { best = kind }
        return NameKind(rawValue: best) ?? .none
    }

    /// Whether a name goes on.
    func goesOn(_ features: NameFeatures) -> Bool {
        var score: Int32 = 0
        for place in 0..<features.count {
            score += Int32(going[Int(features.hashes[place] & (1 << UInt32(Self.goingWidth) - 1))])
        }
        return score > 0
    }

    /// The name that begins at a place, of a kind that `isWanted`; `isOther` says of a word within it that something else
    /// begins there.
    func name(
        _ reader: inout UnitReader,
        at start: Int,
        isWanted: (NameKind) -> Bool,
        isOther: (inout UnitReader, Int) -> Bool
    ) -> (kind: NameKind, end: Int)? {
        let first = NameWord.at(start, &reader)
        guard Self.mayOpen(first, lists, &reader) else { return nil }
        let kind = kind(of: .opening(first, lists, &reader))
        guard kind != .none, isWanted(kind) else { return nil }
        var last = first
        var count = 1
        while let (word, separator) = Self.step(after: last, from: start, &reader), !isOther(&reader, word.start) {
            let features = NameFeatures.going(
                on: word,
                after: last,
                from: first,
                kind: kind,
                count: count,
                separator: separator,
                lists,
                &reader
            )
            guard goesOn(features) else { break }
            last = word
            count += 1
        }
        // A number is no place of itself.
        if kind == .address, count == 1, first.shape == .digits { return nil }
        return (kind, last.end)
    }

    /// The word that may go on a name, and what stands between; nil where nothing can.
    static func step(
        after last: NameWord,
        from start: Int,
        _ reader: inout UnitReader
    ) -> (word: NameWord, separator: UInt32)? {
        var index = last.end
        var separator: UInt32 = 5
        while index < last.end + 5 {
            let unit = reader[index]
            if NameWord.isPart(unit) { break }
            switch unit {
            case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: "'"), UInt8(ascii: "-"),
                UInt8(ascii: "&"), UInt8(ascii: "/"), UInt8(ascii: "#"), TextUnits.other:
                separator = separator &* 31 ^ UInt32(unit)
            default: return nil
            }
            index += 1
        }
        // What is read of a name, and what the words after it tell, stays within the hold-back.
        guard index > last.end, index < start + 160, NameWord.isPart(reader[index]) else { return nil }
        let word = NameWord.at(index, &reader)
        // What is an address of mail or a link is no part of a name.
        guard word.end - word.start < NameWord.longest, reader[word.end] != UInt8(ascii: "@"),
            reader[word.end] != UInt8(ascii: ":") || reader[word.end + 1] != UInt8(ascii: "/")
        else { return nil }
        return (word, separator)
    }
}
