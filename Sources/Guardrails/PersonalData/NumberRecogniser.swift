/// Numbers that are not of a state: payment cards, telephones, dates and times, addresses of the internet.
struct NumberRecogniser {
    /// The groups of digits from a place on, with what separates them: at most 24 digits in at most ten groups.
    ///
    /// What is asked of the digits is gathered as they are read, so that each is looked at once.
    struct Groups {
        /// The first digits.
        private(set) var digits = InlineArray<4, UInt8>(repeating: 0)
        private(set) var digitCount = 0
        private(set) var count = 0
        /// Where the first group begins.
        private let start: Int
        /// The first unit of each group, and the one after its last, from `start`: all are within a hundred units.
        private var from = InlineArray<10, UInt8>(repeating: 0)
        private var to = InlineArray<10, UInt8>(repeating: 0)
        /// The first unit that separates a group from the one before; for the first, what opens it.
        private(set) var separators = InlineArray<10, UInt8>(repeating: 0)
        /// The groups with which Luhn's check is passed, a bit for each.
        private var passing: UInt16 = 0
        /// The sums of Luhn's check where digits in even places count twice, and where those in odd places do.
        private var even = 0
        private var odd = 0
        /// Whether not all digits are the same.
        private(set) var differs = false

        init(from start: Int) { self.start = start }

        @inline(__always)
        func start(_ group: Int) -> Int { start + Int(from[group]) }
        @inline(__always)
        func end(_ group: Int) -> Int { start + Int(to[group]) }
        @inline(__always)
        func length(_ group: Int) -> Int { Int(to[group]) - Int(from[group]) }

        var isFull: Bool { count == 10 || digitCount == 24 }

        /// Adds the digits at a place, as many as there is room for, and gives where they end.
        ///
        /// Luhn's check is only prepared where they may be of a card.
        mutating func read(
            _ reader: inout UnitReader,
            at place: Int,
            after separator: UInt8,
            forCard: Bool
        ) -> Int {
            var index = place
            var (even, odd, differs, digitCount) = (even, odd, differs, digitCount)
            let first = digitCount == 0 ? reader[place] &- 0x30 : digits[0]
            while digitCount < 24 {
                let digit = reader[index] &- 0x30
                guard digit < 10 else { break }
                if digitCount < 4 { digits[digitCount] = digit }
                if digit != first { differs = true }
                if forCard {
                    let value = Int(digit)
                    let twice = value < 5 ? 2 * value : 2 * value - 9
                    if digitCount & 1 == 0 {
                        even += twice
                        odd += value
                    } else {
                        even += value
                        odd += twice
                    }
                }
                digitCount += 1
                index += 1
            }
            guard index > place else { return place }
            (self.even, self.odd, self.differs, self.digitCount) = (even, odd, differs, digitCount)
            from[count] = UInt8(truncatingIfNeeded: place - start)
            to[count] = UInt8(truncatingIfNeeded: index - start)
            separators[count] = separator
            // The last digit counts once, so what counts twice is told by how many there are.
            if differs, (digitCount & 1 == 0 ? even : odd) % 10 == 0 { passing |= 1 << UInt16(count) }
            count += 1
            return index
        }

        /// Luhn's check over the digits up to the end of a group, which may not all be the same.
        func passesLuhn(upTo group: Int) -> Bool { passing >> UInt16(group) & 1 != 0 }
    }

    let rules: OutputRules

    /// The longest thing that starts with a digit, `+` or `(` at a place.
    func recognise(_ reader: inout UnitReader, at start: Int) -> Match? {
        let first = reader[start]
        let continues = Self.continuesNumber(reader, start)
        if UnitClass.isDigit(first) {
            if !continues, let match = address(&reader, start) { return match }
            if !continues, let end = DateRecogniser.numericEnd(&reader, from: start) {
                return rules.looks(for: .dateTime) ? Match(.dateTime, start, end) : nil
            }
        }
        var run = start
        while run < start + 24, UnitClass.isDigit(reader[run]) { run += 1 }
        if reader.touchedEnd { return nil }
        // In the middle of a number only a card is looked for: four digits, or all of them.
        guard !continues || run == start + 4 || run >= start + 12 else { return nil }
        let mayBeCard = Self.mayBeCard(&reader, start, run: run)
        if continues, !mayBeCard { return nil }
        if !continues, run == start + 1, Self.isAlone(&reader, start) {
            return rules.identifiers.digits(&reader, at: start, run: 1, for: rules)
        }
        // Telephone numbers with a form have at most fifteen digits, and those without one eleven.
        let hasForm = run - start < 4 || first == UInt8(ascii: "0") || reader[run] == UInt8(ascii: ")")
        // Fewer than six digits are neither a card nor a telephone number.
        let isShort = hasForm && !mayBeCard && UnitClass.isDigit(first) && !Self.hasSixDigits(&reader, from: start)
        guard hasForm || mayBeCard, !isShort else {
            if let identifier = rules.identifiers.digits(&reader, at: start, run: run - start, for: rules) {
                return identifier
            }
            return isShort ? nil : barePhone(&reader, start, run: run)
        }
        let groups = Self.groups(&reader, start, enough: mayBeCard ? 20 : 16, forCard: mayBeCard)
        guard groups.count > 0 else { return nil }
        var best: Match?
        if UnitClass.isDigit(first) {
            if mayBeCard, rules.looks(for: .creditCard) { best = card(groups, &reader) }
            // Thirteen digits that begin with a date of birth are a number of South Africa's rather than a card.
            if best != nil, run == start + 13, !continues,
                let identifier = rules.identifiers.digits(&reader, at: start, run: 13, for: rules),
                identifier.rule == EntityType.zaIDNumber.index
            {
                return identifier
            }
            if best == nil, !continues {
                best = rules.identifiers.digits(&reader, at: start, run: groups.length(0), for: rules)
            }
        }
        guard best == nil, !continues else { return best }
        if !hasForm { return barePhone(&reader, start, run: run) }
        guard rules.looks(for: .phoneNumber),
            let end = PhoneNumber.end(groups, &reader, start: start, words: rules.identifiers.words)
        else { return nil }
        return Match(.phoneNumber, start, end)
    }

    /// A telephone number that only words beside it tell.
    private func barePhone(_ reader: inout UnitReader, _ start: Int, run: Int) -> Match? {
        guard rules.looks(for: .phoneNumber),
            let end = PhoneNumber.bareEnd(&reader, start: start, run: run, words: rules.identifiers.words)
        else { return nil }
        return Match(.phoneNumber, start, end)
    }

    /// Whether six digits stand in the groups from a place on.
    private static func hasSixDigits(_ reader: inout UnitReader, from start: Int) -> Bool {
        var index = start
        var taken = 0
        while true {
            let group = index
            while taken < 6, UnitClass.isDigit(reader[index]) {
                taken += 1
                index += 1
            }
            if taken == 6 { return true }
            guard index > group, let next = pastSeparator(&reader, index) else { return false }
            index = next
        }
    }

    /// Whether the digit is in the middle of a number: after a digit and a separator.
    static func continuesNumber(_ reader: borrowing UnitReader, _ start: Int) -> Bool {
        switch reader.before(start) {
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: ":"):
            UnitClass.isDigit(reader.before(start - 1))
        // Thousands; more digits end the field of a table.
        case UInt8(ascii: ","):
            UnitClass.isDigit(reader.before(start - 1))
                && !(2...4).allSatisfy { UnitClass.isDigit(reader.before(start - $0)) }
        default: false
        }
    }

    /// Whether a single digit begins neither a card nor a telephone number, for which it would have to be a 1 with three
    /// digits behind it, or the first of two noughts.
    private static func isAlone(_ reader: inout UnitReader, _ start: Int) -> Bool {
        switch reader[start] {
        case UInt8(ascii: "0"): UnitClass.isDigit(reader[start + 2]) && reader[start + 2] != UInt8(ascii: "0")
        case UInt8(ascii: "1"): UnitClass.isDigit(reader[start + 2]) && !UnitClass.isDigit(reader[start + 3])
        // `8 (495) 123-45-67`
        case UInt8(ascii: "8"): reader[start + 1] != 0x20 || reader[start + 2] != UInt8(ascii: "(")
        default: true
        }
    }

    /// Whether a card may begin with a run of digits: with twelve or more, or with four, and four more behind a separator.
    private static func mayBeCard(_ reader: inout UnitReader, _ start: Int, run: Int) -> Bool {
        guard run - start == 4 || run - start >= 12 || run - start == 6,
            reader[start] >= UInt8(ascii: "2") && reader[start] <= UInt8(ascii: "6")
                || reader[start] == UInt8(ascii: "1") && run == start + 15
                || reader[start] == UInt8(ascii: "9") && reader.has("9792", at: start)
        else { return false }
        guard run - start < 12 else { return true }
        guard isCardSeparator(reader[run]) else { return false }
        if run - start == 6 {
            // 6-13, as UnionPay's are printed
            for place in run + 1..<run + 14 where !UnitClass.isDigit(reader[place]) { return false }
            return true
        }
        let next = reader[run + 1] == UInt8(ascii: "(") ? run + 2 : run + 1
        for place in next..<next + 3 where !UnitClass.isDigit(reader[place]) { return false }
        // 4-3-3-3
        return UnitClass.isDigit(reader[next + 3]) || isCardSeparator(reader[next + 3])
    }

    /// What stands between the groups of a card's number.
    @inline(__always)
    private static func isCardSeparator(_ unit: UInt8) -> Bool {
        unit == 0x20 || unit == UInt8(ascii: "-") || unit == UInt8(ascii: ".")
    }

    /// The groups that begin at a place; no more are read than have that many digits.
    static func groups(_ reader: inout UnitReader, _ start: Int, enough: Int, forCard: Bool) -> Groups {
        var groups = Groups(from: start)
        var index = start
        var separator: UInt8 = 0
        if reader[index] == UInt8(ascii: "+") {
            separator = UInt8(ascii: "+")
            index += 1
        }
        if reader[index] == UInt8(ascii: "(") {
            separator = separator == 0 ? UInt8(ascii: "(") : separator
            index += 1
        }
        while !groups.isFull, groups.digitCount < enough {
            let end = groups.read(&reader, at: index, after: separator, forCard: forCard)
            guard end > index else { break }
            index = end
            separator = reader[index]
            guard let next = pastSeparator(&reader, index) else { return groups }
            index = next
        }
        return groups
    }

    /// Where the next group of digits may begin behind what ends one; nil where nothing parts groups.
    @inline(__always)
    static func pastSeparator(_ reader: inout UnitReader, _ place: Int) -> Int? {
        let next = place + 1
        switch reader[place] {
        case UInt8(ascii: ")"):
            let unit = reader[next]
            return unit == 0x20 || unit == UInt8(ascii: "-") || unit == UInt8(ascii: ".") ? next + 1 : next
        case 0x20, UInt8(ascii: "-"): return reader[next] == UInt8(ascii: "(") ? next + 1 : next
        case UInt8(ascii: "."), UInt8(ascii: "/"): return next
        default: return nil
        }
    }

    // MARK: - Cards

    /// The longest card of 12 to 19 digits: in one group, or grouped as cards are printed.
    private func card(_ groups: Groups, _ reader: inout UnitReader) -> Match? {
        guard (1...6).contains(groups.digits[0]) || groups.digits[0] == 9 else { return nil }
        var best: Match?
        var taken = 0
        for group in 0..<groups.count {
            if group > 0, !Self.isCardSeparator(groups.separators[group]) { break }
            if group > 1, groups.separators[group] != groups.separators[1] { break }
            taken += groups.length(group)
            if taken > 19 { break }
            guard taken >= 12, group == 0 || isPrinted(groups, upTo: group) else { continue }
            // Three groups of four are a part of a number of which a fourth stands before or behind.
            if taken == 12, group == 2, Self.hasGroup(reader, before: groups.start(0)) || hasGroup(groups, after: 2) {
                continue
            }
            guard Self.isIssued(groups, count: taken), groups.passesLuhn(upTo: group) else { continue }
            let end = groups.end(group)
            let next = reader[end]
            if !UnitClass.isAlphanumeric(next), next != UInt8(ascii: "_"),
                taken > 14 || group > 0 || !Self.articles.stand(before: groups.start(0), in: reader, reach: 16)
            {
                best = Match(.creditCard, groups.start(0), end)
            }
        }
        return best
    }

    /// Whether four digits follow a group behind what parts the others.
    private func hasGroup(_ groups: Groups, after group: Int) -> Bool {
        groups.count > group + 1 && groups.length(group + 1) == 4
            && groups.separators[group + 1] == groups.separators[1]
    }

    /// What says before a number that it is one of goods, which have as many digits as some cards.
    private static let articles = ContextWords("ean, ean-13, gtin, upc, isbn, barcode")

    /// Whether four digits and a space stand before a place.
    private static func hasGroup(_ reader: borrowing UnitReader, before start: Int) -> Bool {
        guard reader.before(start) == 0x20 else { return false }
        return (1...4).allSatisfy { UnitClass.isDigit(reader.before(start - $0)) }
            && !UnitClass.isWord(reader.before(start - 5))
    }

    /// 4-4-4-4 and what is left, or 4-6-5 (ISO/IEC 7811 and American Express).
    private func isPrinted(_ groups: Groups, upTo last: Int) -> Bool {
        if groups.length(0) == 6 { return last == 1 && groups.length(1) == 13 }
        guard groups.length(0) == 4 else { return false }
        if last == 3, groups.length(1) == 3 { return groups.length(2) == 3 && groups.length(3) == 3 }
        if last == 2, groups.length(1) == 6 { return (4...5).contains(groups.length(2)) }
        for group in 1..<max(1, last) where groups.length(group) != 4 { return false }
        return last >= 2 && (1...4).contains(groups.length(last))
    }

    /// Whether the first digits belong to a network of cards and the length is one of theirs.
    private static func isIssued(_ groups: Groups, count: Int) -> Bool {
        var four = 0
        for place in 0..<4 { four = four * 10 + Int(groups.digits[place]) }
        let two = four / 100
        let first = two / 10
        let isMaestro = two == 50 || (56...69).contains(two)
        switch count {
        case 12: return isMaestro
        case 13: return first == 4 || isMaestro
        case 14: return two == 30 || two == 36 || two == 38 || two == 39 || isMaestro
        case 15: return two == 34 || two == 37 || four == 2131 || four == 1800 || isMaestro
        case 16:
            return (4...6).contains(first) || (2221...2720).contains(four) || (2200...2204).contains(four)
                || (3528...3589).contains(four) || four == 9792 || two == 30 || two == 36 || two == 38 || two == 39
        default: return (4...6).contains(first) || two == 30 || two == 35 || two == 36 || two == 38 || two == 39
        }
    }

    // MARK: - Addresses

    private func address(_ reader: inout UnitReader, _ start: Int) -> Match? {
        guard rules.looks(for: .ipAddress), let end = Self.quad(&reader, start) else { return nil }
        return Match(.ipAddress, start, end)
    }

    /// Where four numbers below 256 end that have dots between them.
    private static func quad(_ reader: inout UnitReader, _ start: Int) -> Int? {
        var index = start
        var hasPairs = true
        for part in 0..<4 {
            var value = 0
            let from = index
            while index < from + 4, UnitClass.isDigit(reader[index]) {
                value = value * 10 + Int(reader[index] - 0x30)
                index += 1
            }
            guard index > from, index <= from + 3, value <= 255 else { return nil }
            if index != from + 2 { hasPairs = part == 0 && hasPairs }
            if part < 3 {
                guard reader[index] == UInt8(ascii: ".") else { return nil }
                index += 1
            }
        }
        let next = reader[index]
        if UnitClass.isWord(next) || next == UInt8(ascii: "-") { return nil }
        if next == UInt8(ascii: "."), UnitClass.isDigit(reader[index + 1]) { return nil }
        // A nought before pairs of digits is of a telephone: `08.12.34.56`.
        return hasPairs && reader[start] == UInt8(ascii: "0") && reader[start + 1] != UInt8(ascii: ".") ? nil : index
    }

    /// An address of version 6, whose first unit is hexadecimal or a colon.
    func addressOfSix(_ reader: inout UnitReader, at start: Int) -> Match? {
        var index = start
        var parts = 0
        var isShortened = false
        if reader[index] == UInt8(ascii: ":") {
            guard reader[index + 1] == UInt8(ascii: ":") else { return nil }
            isShortened = true
            index += 2
        }
        var end = index
        while parts < 8 {
            let from = index
            while index < from + 5, UnitClass.isHex(reader[index]) { index += 1 }
            guard index <= from + 4 else { return nil }
            guard index > from else { break }
            // The last four bytes may be written as an address of version 4 is (RFC 4291, section 2.2).
            if reader[index] == UInt8(ascii: "."), parts > 0 || isShortened, parts <= 6,
                let quad = Self.quad(&reader, from)
            {
                parts += 2
                end = quad
                break
            }
            parts += 1
            end = index
            guard reader[index] == UInt8(ascii: ":") else { break }
            if reader[index + 1] == UInt8(ascii: ":") {
                if isShortened { break }
                isShortened = true
                index += 2
                end = index
            } else {
                guard UnitClass.isHex(reader[index + 1]) else { break }
                index += 1
            }
        }
        let next = reader[end]
        guard isShortened ? parts < 8 && parts >= 1 : parts == 8, !UnitClass.isWord(next) else { return nil }
        guard isShortened else { return Match(.ipAddress, start, end) }
        // Names of programs are parted in the same way: `a::b::c`.
        if next == UInt8(ascii: ":"), reader[end + 1] == next { return nil }
        if parts == 1 {
            // Alone it is the machine itself, and neither a prefix nor a stride: `list[::2]`.
            guard end == start + 3, reader[start + 2] == UInt8(ascii: "1"),
                next != UInt8(ascii: ".") || !UnitClass.isDigit(reader[end + 1]),
                reader.before(start) != UInt8(ascii: "[")
                    || next == UInt8(ascii: "]") && reader[end + 1] == UInt8(ascii: ":")
            else { return nil }
        } else if parts < 5, !(start..<end).contains(where: { UnitClass.isDigit(reader[$0]) }) {
            return nil
        }
        return Match(.ipAddress, start, end)
    }
}
