import RegularExpressions

/// The table of ``IdentifierTable``, compiled, and what finds its numbers in text.
final class IdentifierRules: Sendable {
    static let builtIn = Result { try IdentifierRules(IdentifierTable.text) }

    /// One line of the table.
    private struct Candidate: Sendable {
        /// The words of which one has to stand before it; none where its form is enough.
        let context: ContextSet
        /// The type's place among all types.
        let type: Int
        let matcher: TokenMatcher
        let check: IdentifierCheck

        init(_ type: EntityType, _ pattern: TokenPattern, check: IdentifierCheck, context: ContextSet) {
            self.type = type.index
            self.matcher = pattern.matcher
            self.check = check
            self.context = context
        }
    }

    /// Lines of the table that are asked together, and which of them a token's first units leave.
    private struct Group: Sendable {
        /// How many units are looked at before the forms are.
        static let places = 6

        let candidates: PlainTable<Candidate>
        /// The candidates before which a word has to stand, a bit for each.
        let needsWord: UInt64
        /// For each unit in each of the places, the candidates that it may be of, a bit for each.
        private let open: PlainTable<UInt64>

        init(_ lines: [(candidate: Candidate, pattern: TokenPattern)]) throws {
            guard lines.count <= 64 else {
                throw PatternError(.tooLarge, "more than 64 identifiers begin in the same way")
            }
            candidates = PlainTable(lines.map(\.candidate))
            var needsWord: UInt64 = 0
            var open = [UInt64](repeating: 0, count: lines.isEmpty ? 0 : Self.places << 8)
            for (number, line) in lines.enumerated() {
                if !line.candidate.context.isEmpty { needsWord |= 1 << UInt64(number) }
                for (place, set) in line.pattern.prefix(Self.places).enumerated() {
                    for unit in UInt8(0)...255 where set.contains(unit) {
                        open[place << 8 | Int(unit)] |= 1 << UInt64(number)
                    }
                }
            }
            self.needsWord = needsWord
            self.open = PlainTable(open)
        }

        func deallocate() {
            candidates.deallocate()
            open.deallocate()
        }

        @inline(__always)
        func open(_ unit: UInt8, at place: Int) -> UInt64 { open[place << 8 | Int(unit)] }
    }

    /// The rules for a number whose first run of digits is that long.
    private let byDigits: PlainTable<Group>
    /// The rules for a token that begins with that many letters.
    private let byLetters: PlainTable<Group>
    /// The rules whose letters may be anywhere, such as hexadecimal ones.
    private let mixed: Group
    /// The words that stand before numbers, those of telephones first.
    let words: ContextIndex
    /// The forms of all rules.
    private let patterns: [TokenPattern]

    init(_ table: String) throws {
        var byDigits = [[(candidate: Candidate, pattern: TokenPattern)]](repeating: [], count: 32)
        var byLetters = [[(candidate: Candidate, pattern: TokenPattern)]](repeating: [], count: 8)
        var mixed: [(candidate: Candidate, pattern: TokenPattern)] = []
        var patterns: [TokenPattern] = []
        var words = ContextWordLists()
        _ = try words.add(PhoneNumber.words)
        for (number, line) in table.split(separator: "\n").enumerated() {
            let fields = line.components(" |")
            guard fields.count == 4, let type = EntityType(rawValue: fields[0]),
                let check = IdentifierCheck(rawValue: fields[2])
            else { throw PatternError(.file, "identifiers, line \(number + 1): not entity | form | check | words") }
            let context = fields[3].isEmpty ? ContextSet() : try words.add(String(fields[3].drop { $0 == "!" }))
            let pattern = try TokenPattern(fields[1])
            patterns.append(pattern)
            let candidate = Candidate(type, pattern, check: check, context: context)
            if type == .macAddress || type == .uuid || type == .crypto {
                mixed.append((candidate, pattern))
                continue
            }
            for length in Self.leading(pattern, UnitClass.isDigit, up: 31) where length > 0 {
                byDigits[length].append((candidate, pattern))
            }
            for length in Self.leading(pattern, UnitClass.isLetter, up: 7) where length > 0 {
                byLetters[length].append((candidate, pattern))
            }
        }
        self.byDigits = PlainTable(try byDigits.map(Group.init))
        self.byLetters = PlainTable(try byLetters.map(Group.init))
        self.mixed = try Group(mixed)
        self.words = ContextIndex(words)
        self.patterns = patterns
    }

    deinit {
        for table in [byDigits, byLetters] {
            for index in 0..<table.count { table[index].deallocate() }
            table.deallocate()
        }
        mixed.deallocate()
        words.deallocate()
    }

    /// How many units of a kind a token of the pattern can begin with.
    private static func leading(_ pattern: TokenPattern, _ kind: (UInt8) -> Bool, up: Int) -> Set<Int> {
        var open: Set<Int> = [0]
        var closed: Set<Int> = []
        for piece in pattern.pieces {
            var next: Set<Int> = []
            switch piece {
            case .literals(let literals, let isOptional):
                for literal in literals {
                    let prefix = literal.prefix(while: kind).count
                    for count in open {
                        if prefix == literal.count {
                            next.insert(count + prefix)
                        } else {
                            closed.insert(count + prefix)
                        }
                    }
                }
                if isOptional { next.formUnion(open) }
            case .units(let set, let least, let most):
                let inside = (UInt8(1)...0x7F).contains { set.contains($0) && kind($0) }
                let outside = (UInt8(1)...0x7F).contains { set.contains($0) && !kind($0) }
                for count in open {
                    if inside { for taken in max(least, 0)...most { next.insert(count + taken) } }
                    if outside {
                        if inside {
                            for taken in 0..<most { closed.insert(count + taken) }
                        } else {
                            closed.insert(count)
                        }
                        if least == 0 { next.insert(count) }
                    }
                }
            }
            open = next.filter { $0 <= up }
            if open.isEmpty { break }
        }
        return closed.union(open).filter { $0 <= up }
    }

    /// A number that starts with a digit, whose first run of digits is `run` long.
    func digits(_ reader: inout UnitReader, at start: Int, run: Int, for rules: OutputRules) -> Match? {
        run < byDigits.count ? best(byDigits[run], &reader, start, rules) : nil
    }

    /// A token that starts with `run` letters.
    func letters(_ reader: inout UnitReader, at start: Int, run: Int, for rules: OutputRules) -> Match? {
        run < byLetters.count ? best(byLetters[run], &reader, start, rules) : nil
    }

    /// A token of letters and digits, in any order.
    func mixed(_ reader: inout UnitReader, at start: Int, for rules: OutputRules) -> Match? {
        best(mixed, &reader, start, rules)
    }

    private func best(
        _ group: Group,
        _ reader: inout UnitReader,
        _ start: Int,
        _ output: OutputRules
    ) -> Match? {
        guard !group.candidates.isEmpty else { return nil }
        // The reader is asked for no more than a form would ask for.
        var open = group.open(reader[start], at: 0)
        var place = 1
        while open != 0, place < Group.places {
            open &= group.open(reader[start + place], at: place)
            place += 1
        }
        guard open != 0 else { return nil }
        let candidates = group.candidates
        // What stands before a place stays what it is: a rule whose words do not stand there needs no look at what
        // follows.
        let standing = open & group.needsWord != 0 ? words.standing(before: start, in: &reader) : ContextSet()
        if standing.isEmpty { open &= ~group.needsWord }
        var best: Match?
        while open != 0 {
            let index = open.trailingZeroBitCount
            open &= open - 1
            let context = candidates[index].context
            if !context.isEmpty, context.isDisjoint(with: standing) { continue }
            let type = candidates[index].type
            guard output.looks(for: type), let end = candidates[index].matcher.end(&reader, from: start),
                end > best?.end ?? start, Self.isBoundary(&reader, end)
            else { continue }
            let check = candidates[index].check
            guard check != .none else {
                best = Match(type, start, end)
                continue
            }
            // Three groups of four digits may be a part of a longer number.
            if check == .verhoeff, end - start == 14, Self.isPartOfNumber(&reader, start, end) { continue }
            if accepts(check, &reader, start..<end) { best = Match(type, start, end) }
        }
        return best
    }

    /// Whether a check is passed by what stands at some places.
    private func accepts(_ check: IdentifierCheck, _ reader: inout UnitReader, _ range: Range<Int>) -> Bool {
        // Taken out and put back, so that no array is made for each.
        var token: [UInt8] = []
        var digits: [UInt8] = []
        swap(&token, &reader.notes.token)
        swap(&digits, &reader.notes.digits)
        token.removeAll(keepingCapacity: true)
        digits.removeAll(keepingCapacity: true)
        for position in range {
            let unit = reader[position]
            guard UnitClass.isAlphanumeric(unit) else { continue }
            token.append(check.isCaseSensitive ? unit : upper(unit))
            if UnitClass.isDigit(unit) { digits.append(unit - 0x30) }
        }
        let accepts = check.accepts(token, digits: digits)
        swap(&token, &reader.notes.token)
        swap(&digits, &reader.notes.digits)
        return accepts
    }

    /// Whether another group of digits stands right before or behind what groups of digits make.
    private static func isPartOfNumber(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        let separator = reader[start + 4]
        return reader.before(start) == separator && UnitClass.isDigit(reader.before(start - 1))
            || reader[end] == separator && UnitClass.isDigit(reader[end + 1])
    }

    private func upper(_ unit: UInt8) -> UInt8 { UnitClass.isLetter(unit) ? unit & 0xDF : unit }

    /// Whether a token can end before a place: no letter or digit goes on, and no further group of digits.
    @inline(__always)
    static func isBoundary(_ reader: inout UnitReader, _ end: Int) -> Bool {
        let next = reader[end]
        if UnitClass.isAlphanumeric(next) || next == UInt8(ascii: "_") { return false }
        if next == UInt8(ascii: "-") || next == UInt8(ascii: "/") || next == UInt8(ascii: ".") {
            return !UnitClass.isDigit(reader[end + 1])
        }
        return true
    }
}

/// Words one of which has to stand in the text before a number; they live as long as the process.
struct ContextWords: Sendable {
    /// The words in lower case, one after another.
    private let units: [UInt8]
    /// Where the words are in `units`, by their last unit: from `wordsOf[n]` to `wordsOf[n + 1]`.
    private let words: [Range<Int>]
    private let wordsOf: [Int]
    /// For each two units, by ``pair(_:_:)``, whether a word may end with them.
    private let pairs: PlainTable<UInt64>

    /// How far before a number a word counts, in code points.
    static let reach = 60

    init(_ list: String) {
        var byLast = [[[UInt8]]](repeating: [], count: 256)
        var pairs = [UInt64](repeating: 0, count: 16)
        for part in list.split(separator: ",") {
            let word = Self.units(part)
            guard let last = word.last else { continue }
            byLast[Int(last)].append(word)
            // A word of one unit ends as it does whatever stands before it.
            for second in word.dropLast().last.map({ [$0] }) ?? Array(0..<32) {
                let pair = Self.pair(second, last)
                pairs[pair >> 6] |= 1 << UInt64(pair & 63)
            }
        }
        self.pairs = PlainTable(pairs)
        var units: [UInt8] = []
        var words: [Range<Int>] = []
        for word in byLast.joined() {
            words.append(units.count..<units.count + word.count)
            units += word
        }
        self.units = units
        self.words = words
        wordsOf = byLast.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    /// The same for both cases of letters.
    @inline(__always)
    private static func pair(_ second: UInt8, _ last: UInt8) -> Int { Int(second & 31) << 5 | Int(last & 31) }

    /// The units of a word, in lower case.
    static func units(_ word: Substring) -> [UInt8] {
        word.drop { $0 == " " }.unicodeScalars.map { scalar in
            scalar.isASCII ? UnitClass.lowercased(UInt8(scalar.value)) : PlainCharacters.unit(of: scalar.value)
        }
    }

    /// Where the last of the words ends that end behind one place and before another, whatever stands before them.
    func end(before place: Int, after from: Int, in reader: borrowing UnitReader) -> Int? {
        var position = min(place, reader.count)
        while position > from, position > 0 {
            let last = reader.before(position)
            let pair = Self.pair(reader.before(position - 1), last)
            if pairs[pair >> 6] >> UInt64(pair & 63) & 1 != 0,
                isEnd(position, last, in: reader, lowest: 0, within: true)
            {
                return position
            }
            position -= 1
        }
        return nil
    }

    /// Whether one of the words ends within reach of a place, and begins where a word begins.
    ///
    /// `within` says that letters may stand before it, as in `ApiSecret`.
    func stand(
        before place: Int,
        in reader: borrowing UnitReader,
        reach: Int = ContextWords.reach,
        within: Bool = false
    ) -> Bool {
        let lowest = max(0, place - reach)
        var position = min(place, reader.count)
        guard position > lowest else { return false }
        var last = reader.before(position)
        let pairs = pairs
        while position > lowest {
            // Sound: a unit stands before every place but the first.
            let second = position > 1 ? unsafe reader.unchecked(before: position &- 1) : TextUnits.end
            let pair = Self.pair(second, last)
            if pairs[pair >> 6] >> UInt64(pair & 63) & 1 != 0,
                isEnd(position, last, in: reader, lowest: lowest, within: within)
            {
                return true
            }
            last = second
            position &-= 1
        }
        return false
    }

    /// Whether a word ends before a place whose last units may be those of one: few are, so it stays out of the loop.
    @inline(never)
    private func isEnd(
        _ position: Int,
        _ last: UInt8,
        in reader: borrowing UnitReader,
        lowest: Int,
        within: Bool
    ) -> Bool {
        let last = Int(UnitClass.lowercased(last))
        for word in words[wordsOf[last]..<wordsOf[last + 1]] where position - word.count >= lowest {
            var back = 1
            while back < word.count,
                UnitClass.lowercased(reader.before(position - back)) == units[word.upperBound - 1 - back]
            {
                back += 1
            }
            if back >= word.count, within || !UnitClass.isLetter(reader.before(position - word.count)) { return true }
        }
        return false
    }
}

extension StringProtocol {
    /// The parts between a separator, without spaces around them.
    func components(_ separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(trimmed(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        parts.append(trimmed(rest))
        return parts
    }

    private func trimmed(_ part: SubSequence) -> String {
        var part = part.drop { $0 == " " }
        while part.last == " " { part.removeLast() }
        return String(part)
    }
}
