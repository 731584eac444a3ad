/// Words of prose, in which nothing that is looked for can begin: most of any text is passed over by them.
@safe
struct PlainWord {
    private let secrets: SecretRules?
    /// What may follow a word, by unit.
    private let parts: [UInt8]

    /// `secrets` are the rules of secrets, where they are looked for.
    init(_ secrets: SecretRules?) {
        self.secrets = secrets
        parts = Self.parts
    }

    /// Where a word ends that begins at a place with a letter; nil where a recogniser has to be asked.
    ///
    /// Each condition stands for what a recogniser would find out, with the same units: it never asks for one that did not
    /// come yet.
    @unsafe
    func end(_ units: UnsafeBufferPointer<UInt8>, _ table: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        let count = units.count
        // Sound: indices are tested, and the table has an entry for each unit.
        var index = start
        while index + 2 < count {
            let unit = unsafe units[index]
            if unsafe table[Int(unit)] & UnitClass.letter == 0 { break }
            if let secrets, unsafe secrets.mayOpen(unit, units[index + 1], units[index + 2]) { return nil }
            index += 1
        }
        // Longer ones may be keys, and what follows tells whether a name is given a value.
        guard index + 2 < count, index - start < 36 else { return nil }
        let (next, after) = unsafe (units[index], units[index + 1])
        let part = parts[Int(next)]
        guard part != 0, part != 2 || !Self.assigns(after) else { return nil }
        // Tokens of letters and digits may go on after a capital.
        guard unsafe !UnitClass.isUpper(units[index - 1]) else { return nil }
        guard unsafe UnitClass.isUpper(units[start]), index - start > 2 else { return index }
        let three = unsafe (UInt32(units[start]) << 16 | UInt32(units[start + 1]) << 8 | UInt32(units[start + 2]))
        return Self.begins(aDate: three | 0x20_2020) ? nil : index
    }

    /// Whether a word of prose that begins at a place goes on to the end of what is there.
    ///
    /// Of such a word every recogniser asks for the unit that did not come yet.
    @unsafe
    func isOpen(_ units: UnsafeBufferPointer<UInt8>, _ table: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
        let count = units.count
        guard count - start < 36 else { return false }
        // Sound: as above.
        var index = start
        while index < count {
            let unit = unsafe units[index]
            if unsafe table[Int(unit)] & UnitClass.letter == 0 { return false }
            if index + 2 < count, let secrets, unsafe secrets.mayOpen(unit, units[index + 1], units[index + 2]) {
                return false
            }
            index += 1
        }
        return count - start > 2
    }

    /// The same where names are looked for, which begin with few words in small letters.
    @inline(never)
    @unsafe
    func end(
        _ units: UnsafeBufferPointer<UInt8>,
        _ table: UnsafeBufferPointer<UInt8>,
        from start: Int,
        names: NameTagger
    ) -> Int? {
        // Sound: as above.
        guard let end = unsafe end(units, table, from: start), unsafe !names.mayOpen(units, start..<end) else {
            return nil
        }
        return end
    }

    /// 1 for what parts words, 2 for what may stand between a name and its value, 0 for what a recogniser has to see.
    private static let parts: [UInt8] = (0...255).map { (unit: UInt8) -> UInt8 in
        switch unit {
        case 0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "]"), UInt8(ascii: "\\"): 2
        case UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "~"), UInt8(ascii: "|"), UInt8(ascii: "="),
            UInt8(ascii: ">"), UInt8(ascii: "?"), UInt8(ascii: "/"), 0x80...TextUnits.ideograph:
            0
        // What a password of letters may go on with.
        case let unit where SecretRecogniser.mayGoOn(unit): 0
        default: UnitClass.table[Int(unit)] & (UnitClass.word | UnitClass.joint) == 0 ? 1 : 0
        }
    }

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
