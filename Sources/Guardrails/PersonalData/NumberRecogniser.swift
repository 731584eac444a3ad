/// Numbers that are not of a state: payment cards, telephones, dates and times, addresses of the internet.
struct NumberRecogniser {
    /// The groups of digits from a place on, with what separates them.
    struct Groups {
        var digits: [UInt8] = []
        /// The units before each group; for the first, an opening parenthesis or nothing.
        var starts: [Int] = []
        var ends: [Int] = []
        /// The first unit that separates a group from the one before.
        var separators: [UInt8] = []
        var count: Int { starts.count }
        func length(_ group: Int) -> Int { ends[group] - starts[group] }
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
        let groups = Self.groups(&reader, start)
        guard groups.count > 0 else { return nil }
        var best: Match?
        if UnitClass.isDigit(first) {
            if rules.looks(for: .creditCard) { best = card(groups, &reader) }
            if best == nil || continues {
                if !continues {
                    best = best ?? rules.identifiers.digits(&reader, at: start, run: groups.length(0), for: rules)
                }
            }
        }
        guard best == nil, !continues, rules.looks(for: .phoneNumber),
            let end = PhoneNumber.end(groups, &reader, start: start)
        else { return best }
        return Match(.phoneNumber, start, end)
    }

    /// Whether the digit is in the middle of a number: after a digit and a separator.
    static func continuesNumber(_ reader: UnitReader, _ start: Int) -> Bool {
        switch reader.before(start) {
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: ","):
            UnitClass.isDigit(reader.before(start - 1))
        default: false
        }
    }

    /// At most 24 digits in at most ten groups.
    static func groups(_ reader: inout UnitReader, _ start: Int) -> Groups {
        var groups = Groups()
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
        while groups.count < 10, groups.digits.count < 24 {
            let from = index
            while groups.digits.count < 24 {
                let unit = reader[index]
                guard UnitClass.isDigit(unit) else { break }
                groups.digits.append(unit - 0x30)
                index += 1
            }
            guard index > from else { break }
            groups.starts.append(from)
            groups.ends.append(index)
            groups.separators.append(separator)
            separator = reader[index]
            switch separator {
            case UInt8(ascii: ")"):
                index += 1
                let next = reader[index]
                if next == 0x20 || next == UInt8(ascii: "-") { index += 1 }
            case 0x20:
                index += 1
                if reader[index] == UInt8(ascii: "(") { index += 1 }
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"):
                index += 1
                if separator == UInt8(ascii: "-"), reader[index] == UInt8(ascii: "(") { index += 1 }
            default: return groups
            }
        }
        return groups
    }

    // MARK: - Cards

    /// The longest card of 12 to 19 digits: in one group, or grouped as cards are printed.
    private func card(_ groups: Groups, _ reader: inout UnitReader) -> Match? {
        guard (2...6).contains(groups.digits[0]) else { return nil }
        var best: Match?
        var taken = 0
        for group in 0..<groups.count {
            if group > 0, groups.separators[group] != 0x20, groups.separators[group] != UInt8(ascii: "-") { break }
            if group > 1, groups.separators[group] != groups.separators[1] { break }
            taken += groups.length(group)
            if taken > 19 { break }
            guard taken >= 12, group == 0 || isPrinted(groups, upTo: group) else { continue }
            let digits = groups.digits[..<taken]
            guard Self.isIssued(digits), Checksum.luhn(digits), Set(digits).count > 1 else { continue }
            let end = groups.ends[group]
            let next = reader[end]
            if !UnitClass.isAlphanumeric(next), next != UInt8(ascii: "_") {
                best = Match(.creditCard, groups.starts[0], end)
            }
        }
        return best
    }

    /// 4-4-4-4 and what is left, or 4-6-5 (ISO/IEC 7811 and American Express).
    private func isPrinted(_ groups: Groups, upTo last: Int) -> Bool {
        guard groups.length(0) == 4 else { return false }
        if last == 2, groups.length(1) == 6 { return (4...5).contains(groups.length(2)) }
        for group in 1..<max(1, last) where groups.length(group) != 4 { return false }
        return last >= 2 && (1...4).contains(groups.length(last))
    }

    /// Whether the first digits belong to a network of cards and the length is one of theirs.
    static func isIssued(_ digits: ArraySlice<UInt8>) -> Bool {
        let four = digits.prefix(4).reduce(0) { $0 * 10 + Int($1) }
        let two = four / 100
        switch digits.count {
        case 12: return two == 50 || (56...69).contains(two)
        case 13: return digits[0] == 4 || two == 50 || (56...69).contains(two)
        case 14: return [30, 36, 38, 39].contains(two) || two == 50 || (56...69).contains(two)
        case 15: return [34, 37].contains(two) || four == 2131 || four == 1800 || (56...69).contains(two) || two == 50
        case 16:
            return digits[0] == 4 || digits[0] == 5 || digits[0] == 6 || (2221...2720).contains(four)
                || (2200...2204).contains(four) || (3528...3589).contains(four) || [30, 36, 38, 39].contains(two)
        default: return digits[0] == 4 || digits[0] == 5 || digits[0] == 6 || [30, 35, 36, 38, 39].contains(two)
        }
    }

    // MARK: - Addresses

    private func address(_ reader: inout UnitReader, _ start: Int) -> Match? {
        guard rules.looks(for: .ipAddress) else { return nil }
        var index = start
        for part in 0..<4 {
            var value = 0
            let from = index
            while index < from + 4, UnitClass.isDigit(reader[index]) {
                value = value * 10 + Int(reader[index] - 0x30)
                index += 1
            }
            guard index > from, index <= from + 3, value <= 255 else { return nil }
            if part < 3 {
                guard reader[index] == UInt8(ascii: ".") else { return nil }
                index += 1
            }
        }
        let next = reader[index]
        if UnitClass.isWord(next) || next == UInt8(ascii: "-") { return nil }
        if next == UInt8(ascii: "."), UnitClass.isDigit(reader[index + 1]) { return nil }
        return Match(.ipAddress, start, index)
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
        guard isShortened ? parts < 8 && parts >= 2 : parts == 8, !UnitClass.isWord(reader[end]) else { return nil }
        return Match(.ipAddress, start, end)
    }
}
