import RegularExpressions

/// Words of prose, in which nothing that is looked for can begin: most of any text is passed over by them.
@safe
struct PlainWord {
    /// The letters from which on a word is asked about: it may be a credential, or a key.
    private let tooLong: Int
    /// What may follow a word, by unit.
    private let parts = Self.kinds

    /// `secrets` are the rules of secrets, where they are looked for.
    init(_ secrets: SecretRules?) {
        tooLong = min(Self.longest, secrets?.fewestLetters ?? Self.longest)
    }

    /// From so many units on a token may be a key that its form tells.
    private static let longest = 35

    /// Where the letters end that begin at a place; beyond ``longest`` of them it is told of no more.
    @inline(__always)
    @unsafe
    func letters(_ units: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        while index <= start &+ Self.longest, index < units.count {
            // Sound: the index is one of the units'.
            let letters = unsafe UnitLanes(units, at: index).letters
            index &+= letters
            if letters < 8 { return index }
        }
        return min(index, units.count)
    }

    /// Whether a word goes on to the end of what is there: every recogniser asks for the unit that did not come yet.
    @inline(__always)
    @unsafe
    func isOpen(_ units: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Bool {
        end == units.count && end &- start <= Self.longest
    }

    /// Where to go on behind a word, which ends where its letters do; 0 if a recogniser might find something in the word.
    ///
    /// That is behind what parts it from the next word if nothing begins with that, and at the word's end otherwise.
    /// Each condition stands for what one would find out, with the same units: it never asks for one that did not come yet.
    @inline(__always)
    @unsafe
    func passed(_ units: UnsafeBufferPointer<UInt8>, from start: Int, to wordEnd: Int) -> Int {
        let count = units.count
        var end = wordEnd
        // Sound: indices are tested.
        guard end < count, start < end, end &- start < tooLong else { return 0 }
        let (first, last) = unsafe (units[start], units[end &- 1])
        if unsafe units[end] == UInt8(ascii: ".") {
            // A sentence ends, unless it is `www.`.
            guard end &+ 1 < count, last | 0x20 != UInt8(ascii: "w") else { return 0 }
            end &+= 1
        }
        let next = unsafe units[end]
        let part = parts[Int(next)]
        guard part & (Self.parts | Self.leads) != 0 else { return 0 }
        if part & Self.leads != 0 {
            guard end &+ 1 < count else { return 0 }
            let after = unsafe units[end &+ 1]
            if parts[Int(after)] & Self.assigns != 0 { return 0 }
            // `o'brien@example.org`
            if next == UInt8(ascii: "'"), wordEnd &- start == 1, AddressRecogniser.mayPrefix(first) { return 0 }
            // Tokens of letters and digits may go on after a capital, and `ENV` gives a name its value.
            if next == 0x20, UnitClass.isUpper(last),
                UnitClass.isDigit(after) || UnitClass.isUpper(after) || wordEnd &- start == 3
            {
                return 0
            }
        }
        if UnitClass.isUpper(first), wordEnd &- start > 2 {
            let (second, third) = unsafe (UInt32(units[start &+ 1]), UInt32(units[start &+ 2]))
            if Self.begins(aDate: (UInt32(first) << 16 | second << 8 | third) | 0x20_2020) { return 0 }
        }
        return part & Self.opens == 0 ? end &+ 1 : wordEnd
    }

    /// What parts words, in which no form of a credential goes on.
    static let parting: UnitSet = {
        var set = UnitSet()
        for unit in UInt8.min...UInt8.max where kinds[Int(unit)] & (parts | leads) != 0 { set.insert(unit...unit) }
        return set
    }()

    /// What parts words.
    private static let parts: UInt8 = 1
    /// What parts words, and may stand between a name and its value.
    private static let leads: UInt8 = 2
    /// What may lead to a value behind a space or a quotation mark.
    private static let assigns: UInt8 = 4
    /// What something may begin with.
    private static let opens: UInt8 = 8

    /// What a unit is behind a word; nothing of ``parts`` and ``leads`` is what a recogniser has to see.
    private static let kinds = PlainTable(
        (0...255).map { (unit: UInt8) -> UInt8 in
            let part: UInt8 =
                switch unit {
                case 0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "]"),
                    UInt8(ascii: "\\"):
                    leads
                case UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "~"), UInt8(ascii: "|"), UInt8(ascii: "="),
                    UInt8(ascii: ">"), UInt8(ascii: "?"), UInt8(ascii: "/"), 0x80...TextUnits.ideograph:
                    0
                // What a password of letters may go on with.
                case let unit where SecretRecogniser.mayGoOn(unit): 0
                default: UnitClass.table[Int(unit)] & (UnitClass.word | UnitClass.joint) == 0 ? parts : 0
                }
            return part | (isAssigning(unit) ? assigns : 0) | (UnitClass.table[Int(unit)] != 0 ? opens : 0)
        }
    )

    private static func isAssigning(_ unit: UInt8) -> Bool {
        switch unit {
        case 0x20, 0x09, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "]"),
            UInt8(ascii: "\\"), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ">"), UInt8(ascii: "|"),
            UInt8(ascii: "?"):
            true
        default: false
        }
    }

    /// Whether a day or a month may begin with three letters in lower case.
    private static func begins(aDate letters: UInt32) -> Bool {
        switch letters {
        case three("jan"), three("feb"), three("mar"), three("apr"), three("may"), three("jun"), three("jul"),
            three("aug"), three("sep"), three("oct"), three("nov"), three("dec"), three("mon"), three("tue"),
            three("wed"), three("thu"), three("fri"), three("sat"), three("sun"):
            true
        default: false
        }
    }

    @inline(__always)
    private static func three(_ name: StaticString) -> UInt32 {
        // Sound: each name has three letters.
        unsafe UInt32(name.utf8Start[0]) << 16 | UInt32(name.utf8Start[1]) << 8 | UInt32(name.utf8Start[2])
    }
}
