/// What the tagger goes by at a word: hashes of it and of what stands around it.
package struct NameFeatures {
    /// The most features of a place.
    static let most = 48

    package private(set) var hashes = InlineArray<48, UInt32>(repeating: 0)
    package private(set) var count = 0

    @inline(__always)
    private mutating func add(_ kind: UInt32, _ first: UInt32, _ second: UInt32 = 0) {
        guard count < Self.most else { return }
        var hash = (kind &+ 1) &* 0x9E37_79B1 ^ first
        hash = (hash ^ hash >> 15) &* 0x85EB_CA6B ^ second &* 0xC2B2_AE35
        hash = (hash ^ hash >> 13) &* 0x27D4_EB2F
        hashes[count] = hash ^ hash >> 16
        count += 1
    }

    /// Of a word where no name goes on.
    static func opening(_ word: NameWord, _ lists: NameLists, _ reader: inout UnitReader) -> NameFeatures {
        var features = NameFeatures()
        let last = NameWord.before(word.start, reader)
        let lastButOne = NameWord.before(last.start, reader)
        let next = NameWord.after(word.end, &reader)
        let nextButOne = next.shape == .none ? next : NameWord.after(next.end, &reader)
        let shapes = UInt32(last.shape.rawValue) << 8 | UInt32(word.shape.rawValue) << 4 | UInt32(next.shape.rawValue)
        let member = lists.membership(word.hash)
        let nextMember = next.isWord ? lists.membership(next.hash) : 0
        features.add(0, 0)
        features.add(1, word.hash)
        features.add(2, word.hash, UInt32(word.shape.rawValue))
        features.add(3, UInt32(word.shape.rawValue), member)
        features.add(4, shapes)
        features.add(5, shapes, UInt32(lastButOne.shape.rawValue) << 4 | UInt32(nextButOne.shape.rawValue))
        features.add(6, last.hash)
        features.add(7, last.hash, UInt32(word.shape.rawValue))
        features.add(8, next.hash)
        features.add(9, next.hash, UInt32(word.shape.rawValue))
        features.add(10, last.hash, lastButOne.hash)
        features.add(11, next.hash, nextButOne.hash)
        features.add(12, last.hash, next.hash)
        features.add(13, lastButOne.hash)
        features.add(14, nextButOne.hash)
        features.add(15, last.hash, word.hash)
        features.add(16, word.hash, next.hash)
        features.add(17, member, nextMember)
        features.add(18, member, UInt32(last.shape.rawValue) << 4 | UInt32(next.shape.rawValue))
        features.add(19, member, last.hash)
        features.add(20, member, next.hash)
        features.add(21, nextMember, shapes)
        features.add(22, UInt32(min(word.end - word.start, 12)), UInt32(word.shape.rawValue))
        for list in 0..<UInt32(NameLists.List.allCases.count) where member >> list & 1 != 0 { features.add(23, list) }
        features.addParts(of: word, &reader)
        let lastMember = last.isWord ? lists.membership(last.hash) : 0
        features.add(30, lastMember, member)
        features.add(31, UInt32(last.start == last.end || last.end == word.start ? 1 : 0), shapes)
        return features
    }

    /// Of the word that may go on a name.
    static func going(
        on word: NameWord,
        after last: NameWord,
        from first: NameWord,
        kind: NameKind,
        count: Int,
        separator: UInt32,
        _ lists: NameLists,
        _ reader: inout UnitReader
    ) -> NameFeatures {
        var features = NameFeatures()
        let next = NameWord.after(word.end, &reader)
        let member = lists.membership(word.hash)
        let kind = UInt32(kind.rawValue) << 24
        let shapes = UInt32(last.shape.rawValue) << 8 | UInt32(word.shape.rawValue) << 4 | UInt32(next.shape.rawValue)
        let counted = UInt32(min(count, 6))
        features.add(40, kind)
        features.add(41, kind, word.hash)
        features.add(42, kind | UInt32(word.shape.rawValue), separator)
        features.add(43, kind | shapes, separator)
        features.add(44, kind | UInt32(word.shape.rawValue) << 4 | counted, separator)
        features.add(45, kind, last.hash)
        features.add(46, kind ^ last.hash, word.hash)
        features.add(47, kind | UInt32(word.shape.rawValue), member)
        features.add(48, kind | member, lists.membership(last.hash))
        features.add(49, kind, next.hash)
        features.add(50, kind ^ next.hash, UInt32(word.shape.rawValue))
        features.add(51, kind ^ next.hash, word.hash)
        features.add(52, kind | separator & 0xFFFF, word.hash)
        features.add(53, kind | counted, separator)
        features.add(54, kind | UInt32(first.shape.rawValue) << 4 | UInt32(word.shape.rawValue), separator)
        features.add(55, kind ^ first.hash, UInt32(word.shape.rawValue))
        features.add(56, kind | member, separator)
        features.add(57, kind | counted << 4 | UInt32(word.shape.rawValue), member)
        features.add(58, kind | separator & 0xFFFF, next.hash)
        features.add(59, kind | UInt32(min(word.end - word.start, 12)), UInt32(word.shape.rawValue))
        let parts = features.count
        features.addParts(of: word, &reader)
        for place in parts..<features.count { features.hashes[place] ^= kind &* 0x2545_F491 | kind >> 5 }
        return features
    }

    /// The beginning and the end of a word.
    private mutating func addParts(of word: NameWord, _ reader: inout UnitReader) {
        guard word.shape != .digits, word.isWord else { return }
        var hash: UInt32 = 7
        for place in 0..<min(4, word.end - word.start) {
            hash = hash &* 0x0100_0193 ^ UInt32(UnitClass.lowercased(NameWord.plain(reader[word.start + place])))
            if place > 0 { add(24 + UInt32(place), hash) }
        }
        hash = 11
        for place in 0..<min(4, word.end - word.start) {
            hash = hash &* 0x0100_0193 ^ UInt32(UnitClass.lowercased(NameWord.plain(reader[word.end - 1 - place])))
            if place > 0 { add(32 + UInt32(place), hash) }
        }
    }
}
