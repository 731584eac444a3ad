/// Telephone numbers: E.164, the forms of nations, and what is one because a word says so.
enum PhoneNumber {
    /// What says before a number that it is one of a telephone.
    static let words = """
        phone, telephone, tel, mobile, cell, call, fax, whatsapp, reach, answering at, contact, dial, sms, text me, \
        my number, ring me, please ring, handy, telefon, telefono, teléfono, móvil, tél, telefone, celular, 电话, 手机, 電話, 携帯, 전화, hotline, pager
        """
    private static let after: [[UInt8]] = ["office", "fax", "mobile", "home", "cell", "work"].map { Array($0.utf8) }

    private static let extensionWord = Array("ext".utf8)

    /// Where the telephone number ends that starts at a place; nil where there is none.
    static func end(
        _ groups: NumberRecogniser.Groups,
        _ reader: inout UnitReader,
        start: Int,
        words: ContextIndex
    ) -> Int? {
        // Noughts alone are nobody's.
        guard groups.differs || groups.digits[0] != 0 else { return nil }
        let first = groups.separators[0]
        if first == UInt8(ascii: "+") { return international(groups, &reader) }
        if groups.digitCount >= 9, groups.digits[0] == 0, groups.digits[1] == 0,
            let end = american(groups, &reader) ?? international(groups, &reader)
        {
            return end
        }
        if let end = american(groups, &reader) { return end }
        if let end = national(groups, &reader) ?? mobile(groups, &reader) ?? russian(groups, &reader) { return end }
        return named(groups, &reader, start: start, words: words)
    }

    /// `+` or `00`, and 8 to 15 digits (ITU-T E.164).
    private static func international(_ groups: NumberRecogniser.Groups, _ reader: inout UnitReader) -> Int? {
        if groups.separators[0] == UInt8(ascii: "+"), groups.digits[0] == 0 { return nil }
        var total = groups.digits[0] == 0 ? -2 : 0
        if groups.digits[0] == 1 || (total == -2 && groups.digitCount > 2 && groups.digits[2] == 1),
            let end = american(groups, &reader)
        {
            return end
        }
        var best: Int?
        for group in 0..<groups.count {
            total += groups.length(group)
            if total > 15 || (group > 0 && total > 13) { break }
            if total >= 8 { best = groups.end(group) }
        }
        return best.flatMap { bounded($0, &reader) }
    }

    /// `(ddd) ddd-dddd`, with or without a 1 before it, with or without an extension after it.
    private static func american(_ groups: NumberRecogniser.Groups, _ reader: inout UnitReader) -> Int? {
        var group = 0
        let head = groups.length(0)
        if head == 1, groups.digits[0] == 1 { group = 1 }
        if head == 3, groups.digits[0] == 0, groups.digits[1] == 0, groups.digits[2] == 1 { group = 1 }
        guard groups.count >= group + 3, groups.length(group) == 3, groups.length(group + 1) == 3,
            groups.length(group + 2) == 4, groups.separators[group + 1] != UInt8(ascii: "/")
        else { return nil }
        return bounded(groups.end(group + 2), &reader).map { withExtension($0, &reader) }
    }

    /// A trunk prefix of 0 or an area in parentheses, and digits in groups.
    private static func national(_ groups: NumberRecogniser.Groups, _ reader: inout UnitReader) -> Int? {
        let hasArea = groups.count > 1 && groups.separators[1] == UInt8(ascii: ")")
        guard groups.count > 1, hasArea || (groups.digits[0] == 0 && groups.digits[1] != 0) else { return nil }
        // `098765 43210` of India
        let isIndian = groups.length(0) == 6 && !hasArea && groups.count == 2 && groups.length(1) == 5
        guard (2...5).contains(groups.length(0)) || isIndian else { return nil }
        let least = hasArea ? 7 : 9
        var total = groups.length(0)
        var best: Int?
        for group in 1..<groups.count {
            if groups.separators[group] == UInt8(ascii: "/"), group > 1 { break }
            total += groups.length(group)
            // `01512 3456789` of Germany
            if total > (groups.length(0) == 5 ? 12 : 11) { break }
            if total >= least, groups.length(group) > 1 { best = groups.end(group) }
        }
        return best.flatMap { bounded($0, &reader) }
    }

    /// `1dd-dddd-dddd` of China and `dd 9dddd-dddd` of Brazil, which have neither a trunk prefix nor parentheses.
    private static func mobile(_ groups: NumberRecogniser.Groups, _ reader: inout UnitReader) -> Int? {
        guard groups.count >= 3, groups.length(2) == 4 else { return nil }
        let (first, last) = (groups.separators[1], groups.separators[2])
        switch (groups.length(0), groups.length(1)) {
        case (3, 4):
            guard groups.digits[0] == 1, groups.digits[1] >= 3, first == last,
                first == 0x20 || first == UInt8(ascii: "-")
            else { return nil }
        case (2, 5):
            guard groups.digits[0] > 0, groups.digits[2] == 9, first == 0x20, last == UInt8(ascii: "-") else {
                return nil
            }
        default: return nil
        }
        return bounded(groups.end(2), &reader)
    }

    /// `8 (ddd) ddd-dd-dd` of Russia and its neighbours.
    private static func russian(_ groups: NumberRecogniser.Groups, _ reader: inout UnitReader) -> Int? {
        guard groups.count >= 5, groups.digits[0] == 8, groups.length(0) == 1, groups.length(1) == 3,
            groups.length(2) == 3, groups.length(3) == 2, groups.length(4) == 2
        else { return nil }
        return bounded(groups.end(4), &reader)
    }

    /// Six to eleven digits beside a word that says what they are.
    private static func named(
        _ groups: NumberRecogniser.Groups,
        _ reader: inout UnitReader,
        start: Int,
        words: ContextIndex
    ) -> Int? {
        var total = 0
        var best: Int?
        for group in 0..<groups.count {
            total += groups.length(group)
            if total > 11 || groups.separators[group] == UInt8(ascii: "/") || groups.length(group) < 2 { break }
            if total >= 6 { best = groups.end(group) }
        }
        return best.flatMap { named($0, &reader, start: start, words: words) }
    }

    /// The same of a number whose first group, which ends at `run`, is longer than that of any form.
    static func bareEnd(_ reader: inout UnitReader, start: Int, run: Int, words: ContextIndex) -> Int? {
        var total = run - start
        guard total <= 11 else { return nil }
        var index = run
        var best = total >= 6 ? run : nil
        while reader[index] != UInt8(ascii: "/"), let next = NumberRecogniser.pastSeparator(&reader, index) {
            index = next
            while total < 12, UnitClass.isDigit(reader[index]) {
                total += 1
                index += 1
            }
            if index < next + 2 || total > 11 { break }
            if total >= 6 { best = index }
        }
        return best.flatMap { named($0, &reader, start: start, words: words) }
    }

    private static func named(
        _ place: Int,
        _ reader: inout UnitReader,
        start: Int,
        words: ContextIndex
    ) -> Int? {
        guard let end = bounded(place, &reader) else { return nil }
        if !words.standing(before: start, in: &reader).isDisjoint(with: ContextIndex.first) {
            return isOfStreet(end, &reader) ? nil : end
        }
        var index = end
        if reader[index] == 0x20 || reader[index] == UInt8(ascii: "-") { index += 1 }
        guard UnitClass.isLetter(reader[index]) else { return nil }
        for word in after where reader.hasCaseless(word, at: index) && !UnitClass.isLetter(reader[index + word.count]) {
            return end
        }
        return nil
    }

    /// What the names of streets end with.
    private static let streets: [[UInt8]] = [
        "street", "st", "lane", "ln", "road", "rd", "avenue", "ave", "drive", "dr", "court", "ct", "boulevard", "blvd",
        "way", "place", "pl", "square", "terrace", "circle", "trail", "parkway", "highway",
    ].map { Array($0.utf8) }

    /// Whether the name of a street stands after a number: `14 3684 Court Street`.
    private static func isOfStreet(_ end: Int, _ reader: inout UnitReader) -> Bool {
        guard reader[end] == 0x20, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(reader[end + 1]) else {
            return false
        }
        var word = end + 1
        for number in 0..<4 {
            var index = word
            while index < word + 20, UnitClass.isLetter(reader[index]) { index += 1 }
            guard index > word else { return false }
            let isLast = streets.contains { $0.count == index - word && reader.hasCaseless($0, at: word) }
            if isLast, number > 0 { return true }
            guard reader[index] == 0x20 else { return false }
            word = index + 1
        }
        return false
    }

    private static func bounded(_ end: Int, _ reader: inout UnitReader) -> Int? {
        let next = reader[end]
        if next == UInt8(ascii: "x") || next == UInt8(ascii: "X") {
            return UnitClass.isDigit(reader[end + 1]) ? end : nil
        }
        return UnitClass.isWord(next) ? nil : end
    }

    /// `x123`, ` ext. 123`.
    private static func withExtension(_ end: Int, _ reader: inout UnitReader) -> Int {
        var index = end
        if reader[index] == 0x20 { index += 1 }
        if reader.hasCaseless(extensionWord, at: index) {
            index += 3
            if reader[index] == UInt8(ascii: ".") { index += 1 }
            if reader[index] == 0x20 { index += 1 }
        } else if UnitClass.lowercased(reader[index]) == UInt8(ascii: "x") {
            index += 1
        } else {
            return end
        }
        let digits = index
        while index < digits + 6, UnitClass.isDigit(reader[index]) { index += 1 }
        return index > digits ? index : end
    }
}
