import RegularExpressions

/// Addresses of mail and of the web, and bank accounts.
struct AddressRecogniser {
    let rules: OutputRules
    /// How long the account numbers of a country are, by its letters; 0 where it has none.
    private let lengths: [Int]
    /// What a link may be made of.
    private let linkUnits: UnitBits

    init(rules: OutputRules) {
        self.rules = rules
        lengths = Self.lengthTable
        linkUnits = Self.linkBits
    }

    /// An address of mail whose local part, `start` to `at`, was read already (RFC 5321, section 4.1.2; no quoted
    /// local parts).
    func email(_ reader: inout UnitReader, _ start: Int, at: Int) -> Match? {
        guard rules.looks(for: .emailAddress), at - start <= 64,
            let end = domain(&reader, at + 1, needsKnownEnd: false), !endsAsFile(&reader, end)
        else { return nil }
        // `git@host:path` is where a repository is.
        if at - start == 3, reader[end] == UInt8(ascii: ":"), reader.has("git", at: start) { return nil }
        return Match(.emailAddress, start, end)
    }

    /// An address of mail with an apostrophe in its local part, of which `start` to `apostrophe` was read already:
    /// `sean.o'connor@example.org`, `o'connor@example.org`.
    ///
    /// Other letters alone may mark a literal of a program, and what is a word of prose was passed over.
    func nameOfMail(_ reader: inout UnitReader, _ start: Int, apostrophe: Int) -> Match? {
        let isPrefix = apostrophe == start + 1
        guard UnitClass.isLetter(reader[apostrophe + 1]), !isPrefix || Self.mayPrefix(reader[start]) else { return nil }
        var index = apostrophe + 1
        while index < start + 64,
            UnitClass.isWord(reader[index]) || reader[index] == UInt8(ascii: ".") || reader[index] == UInt8(ascii: "-")
                || reader[index] == UInt8(ascii: "'") || reader[index] == UInt8(ascii: "+")
        {
            index += 1
        }
        guard reader[index] == UInt8(ascii: "@"), let mail = email(&reader, start, at: index) else { return nil }
        return isPrefix && reader[mail.end] == UInt8(ascii: "'") ? nil : mail
    }

    /// Whether a letter stands before an apostrophe in names of people: `O'Connor`, `D'Angelo`.
    static func mayPrefix(_ unit: UInt8) -> Bool {
        unit | 0x20 == UInt8(ascii: "o") || unit | 0x20 == UInt8(ascii: "d")
    }

    /// Whether what looks like an address is the name of a file: `icon@2x.png`.
    private func endsAsFile(_ reader: inout UnitReader, _ end: Int) -> Bool {
        Self.files.contains { reader.hasCaseless($0, at: end - $0.count) }
    }

    private static let files = [".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".css", ".js"].map { Array($0.utf8) }

    /// Where a domain name ends that starts at a place: labels, and a last one of letters.
    func domain(_ reader: inout UnitReader, _ start: Int, needsKnownEnd: Bool) -> Int? {
        var index = start
        var end: Int?
        while index < start + 190 {
            let label = index
            var hasLetters = false
            while index < label + 64 {
                let unit = reader[index]
                if UnitClass.isLetter(unit) || UnitClass.isForeign(unit) {
                    hasLetters = true
                } else if !UnitClass.isDigit(unit) && unit != UInt8(ascii: "-") {
                    break
                }
                index += 1
            }
            guard index > label, reader[index - 1] != UInt8(ascii: "-") else { break }
            let isLast = hasLetters && index - label >= 2 && label > start
            if isLast, !needsKnownEnd || Self.isKnown(&reader, label, index) { end = index } else { end = nil }
            guard reader[index] == UInt8(ascii: "."), UnitClass.isWord(reader[index + 1]) else { break }
            index += 1
        }
        return end
    }

    private static let known: Set<String> = [
        "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "io", "dev", "app", "ai", "co", "me", "tv",
        "eu", "uk", "de", "fr", "nl", "be", "at", "ch", "it", "es", "pt", "pl", "cz", "se", "no", "fi", "dk", "ie",
        "gr", "hu", "ro", "ru", "ua", "us", "ca", "mx", "br", "ar", "au", "nz", "jp", "cn", "kr", "in", "za", "tr",
        "sg", "hk", "tw", "il", "shop", "online", "site", "xyz", "cloud",
    ]

    private static func isKnown(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        guard end - start <= 6 else { return false }
        var name: [UInt8] = []
        for index in start..<end { name.append(reader[index]) }
        return known.contains(String(decoding: name, as: UTF8.self))
    }

    /// A link whose scheme ends before `colon`, or that begins with `www.`; the rest of one that is too long follows.
    func link(_ reader: inout UnitReader, _ start: Int, body: Int) -> Match? {
        let first = reader[body]
        let isForeign = first >= 0x80 && first != TextUnits.other
        guard rules.looks(for: .url), UnitClass.isWord(first) || first == UInt8(ascii: "[") || isForeign else {
            return nil
        }
        var index = body
        let last = start + TextUnits.holdBack - 2
        // A host may be written in a script without spaces; behind other links a text in one goes on.
        if isForeign {
            while index < last, reader[index] >= 0x80 || reader[index] == UInt8(ascii: ".") { index += 1 }
        }
        while index < last, linkUnits.contains(reader[index]) { index += 1 }
        if index == last { return Match(.url, start, index, tail: .units(Self.linkUnits)) }
        while index > body, Self.closes(reader[index - 1]) { index -= 1 }
        return index > body + 2 ? Match(.url, start, index) : nil
    }

    /// A name of a host on its own.
    func host(_ reader: inout UnitReader, _ start: Int) -> Match? {
        guard rules.looks(for: .url), let name = domain(&reader, start, needsKnownEnd: true) else { return nil }
        let next = reader[name]
        if UnitClass.isWord(next) || next == UInt8(ascii: "@") || next == UInt8(ascii: "(") { return nil }
        guard next == UInt8(ascii: "/") else { return Match(.url, start, name) }
        return link(&reader, start, body: start)
    }

    private static let linkUnits: UnitSet = {
        var set = UnitSet(0x21...0x7E, 0xFE...0xFF)
        for unit in [UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "`")] {
            var one = UnitSet(unit...unit)
            one.invert()
            set.formIntersection(one)
        }
        return set
    }()

    private static let linkBits = UnitBits(linkUnits)

    private static func closes(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "!"),
            UInt8(ascii: "?"), UInt8(ascii: ")"), UInt8(ascii: "'"), UInt8(ascii: "]"), UInt8(ascii: "*"):
            true
        default: false
        }
    }

    /// An International Bank Account Number (ISO 13616), in one piece or in groups of four.
    func iban(_ reader: inout UnitReader, at start: Int) -> Match? {
        guard rules.looks(for: .iban), UnitClass.isLetter(reader[start]), UnitClass.isLetter(reader[start + 1]),
            UnitClass.isDigit(reader[start + 2]), UnitClass.isDigit(reader[start + 3])
        else { return nil }
        let country = Self.country(reader[start] & 0xDF, reader[start + 1] & 0xDF)
        let length = lengths[country]
        guard length > 0 else { return nil }
        // Of the characters behind the first four, then of those (ISO 13616): all are read once.
        var rest = 0
        var head = InlineArray<4, UInt8>(repeating: 0)
        var taken = 0
        var index = start
        while taken < length {
            let unit = reader[index]
            if UnitClass.isAlphanumeric(unit) {
                if taken < 4 { head[taken] = unit } else { rest = Checksum.mod97(rest, unit) }
                taken += 1
            } else {
                guard unit == 0x20 || unit == UInt8(ascii: "-") || unit == UInt8(ascii: "."), taken % 4 == 0,
                    UnitClass.isAlphanumeric(reader[index + 1])
                else { return nil }
            }
            index += 1
        }
        for place in 0..<4 { rest = Checksum.mod97(rest, head[place]) }
        guard !UnitClass.isWord(reader[index]), rest % 97 == 1 else { return nil }
        return Match(.iban, start, index)
    }

    /// The place of a country in ``lengths``, by its letters in upper case.
    private static func country(_ first: UInt8, _ second: UInt8) -> Int {
        Int(first - 0x41) * 26 + Int(second - 0x41)
    }

    /// ``countries`` as ``lengths``.
    private static let lengthTable: [Int] = {
        var table = [Int](repeating: 0, count: 26 * 26)
        for (name, length) in countries {
            let letters = Array(name.utf8)
            table[country(letters[0], letters[1])] = length
        }
        return table
    }()

    /// How long the number of a country is (the registry of SWIFT).
    private static let countries: [String: Int] = [
        "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
        "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
        "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
        "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
        "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
        "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
        "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
        "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
        "YE": 30,
    ]
}
