import RegularExpressions

/// Words of prose, in which nothing that is looked for can begin: most of any text is passed over by them.
@safe
struct PlainWord {
    /// The letters from which on a word is asked about: it may be a credential, or a key.
    private let tooLong: Int
    /// What may follow a word, by unit.
    private let parts = Self.parts

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
        while index <= start + Self.longest, index < units.count {
            // Sound: the index is one of the units'.
            let others = unsafe UnitLanes(units, at: index).others
            if others != 0 { return index + others.trailingZeroBitCount >> 3 }
            index += 8
        }
        return min(index, units.count)
    }

    /// Whether a word goes on to the end of what is there: every recogniser asks for the unit that did not come yet.
    @inline(__always)
    @unsafe
    func isOpen(_ units: UnsafeBufferPointer<UInt8>, _ word: Range<Int>) -> Bool {
        word.upperBound == units.count && word.count <= Self.longest
    }

    /// Whether no recogniser would find anything in a word, which ends where its letters do.
    ///
    /// Each condition stands for what one would find out, with the same units: it never asks for one that did not come yet.
    @inline(__always)
    @unsafe
    func passes(_ units: UnsafeBufferPointer<UInt8>, _ word: Range<Int>) -> Bool {
        let count = units.count
        var end = word.upperBound
        // Sound: indices are tested.
        guard end < count, !word.isEmpty, word.count < tooLong else { return false }
        let (first, last) = unsafe (units[word.lowerBound], units[end - 1])
        if unsafe units[end] == UInt8(ascii: ".") {
            // A sentence ends, unless it is `www.`.
            guard end + 1 < count, last | 0x20 != UInt8(ascii: "w") else { return false }
            end += 1
        }
        let next = unsafe units[end]
        let part = parts[Int(next)]
        guard part != 0 else { return false }
        if part == 2 {
            guard end + 1 < count else { return false }
            let after = unsafe units[end + 1]
            if Self.assigns(after) { return false }
            // Tokens of letters and digits may go on after a capital, and `ENV` gives a name its value.
            if next == 0x20, UnitClass.isUpper(last),
                UnitClass.isDigit(after) || UnitClass.isUpper(after) || word.count == 3
            {
                return false
            }
        }
        guard UnitClass.isUpper(first), word.count > 2 else { return true }
        let start = word.lowerBound
        let three = unsafe (UInt32(units[start]) << 16 | UInt32(units[start + 1]) << 8 | UInt32(units[start + 2]))
        return !Self.begins(aDate: three | 0x20_2020)
    }

    /// What parts words, in which no form of a credential goes on.
    static let parting: UnitSet = {
        var set = UnitSet()
        for unit in UInt8.min...UInt8.max where parts[Int(unit)] != 0 { set.insert(unit...unit) }
        return set
    }()

    /// 1 for what parts words, 2 for what may stand between a name and its value, 0 for what a recogniser has to see.
    private static let parts = PlainTable(
        (0...255).map { (unit: UInt8) -> UInt8 in
            switch unit {
            case 0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "]"), UInt8(ascii: "\\"):
                2
            case UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "~"), UInt8(ascii: "|"), UInt8(ascii: "="),
                UInt8(ascii: ">"), UInt8(ascii: "?"), UInt8(ascii: "/"), 0x80...TextUnits.ideograph:
                0
            // What a password of letters may go on with.
            case let unit where SecretRecogniser.mayGoOn(unit): 0
            default: UnitClass.table[Int(unit)] & (UnitClass.word | UnitClass.joint) == 0 ? 1 : 0
            }
        }
    )

    /// Whether a unit behind a space or a quotation mark may lead to a value.
    private static func assigns(_ unit: UInt8) -> Bool {
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
