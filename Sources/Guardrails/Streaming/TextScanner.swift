/// Finds the first thing in text, or where it cannot be told yet whether there is one.
///
/// All of it is a function of the units before and after a place; how they came does not enter.
@safe
struct TextScanner {
    /// What a scan came to.
    enum Outcome {
        /// Something was found.
        case found(Match)
        /// A candidate that starts here needs more text.
        case live(Int)
        /// There is nothing up to the end.
        case clear
    }

    let rules: OutputRules
    let prompt: PromptIndex
    /// Whether a letter or digit came already in the run of letters, digits and joints that we are in.
    var runHasWord = false

    private let numbers: NumberRecogniser
    private let addresses: AddressRecogniser
    private let secrets: SecretRecogniser
    private let secretRules: SecretRules
    private let identifiers: IdentifierRules
    private let looksForSecrets: Bool
    private let looksForPrompt: Bool
    private let looksForNames: Bool
    private let looksForRuns: Bool

    init(_ rules: OutputRules, prompt: PromptIndex) {
        self.rules = rules
        self.prompt = prompt
        numbers = NumberRecogniser(rules: rules)
        addresses = AddressRecogniser(rules: rules)
        secrets = SecretRecogniser(rules: rules)
        secretRules = rules.secrets
        identifiers = rules.identifiers
        looksForSecrets = rules.looksForSecrets
        looksForPrompt = rules.policy.promptLeak != nil && !prompt.isEmpty
        looksForNames = rules.looks(for: .dateTime)
        looksForRuns = rules.policy.encodedRuns != nil
    }

    /// Looks from a place on.
    ///
    /// `position` is moved to where the outcome is.
    @unsafe
    mutating func scan(_ units: UnsafeBufferPointer<UInt8>, from position: inout Int, isFinal: Bool) -> Outcome {
        var reader = unsafe UnitReader(units, isFinal: isFinal)
        let count = units.count
        let secretRules = secretRules
        return unsafe UnitClass.table.withUnsafeBufferPointer { table in
            // Sound: indices are below `count`, and the table has an entry for each unit.
            var previous = position > 0 ? unsafe table[Int(units[position - 1])] : 0
            while position < count {
                let unit = unsafe units[position]
                let kind = unsafe table[Int(unit)]
                if kind == 0 {
                    runHasWord = false
                    previous = 0
                    position += 1
                    continue
                }
                var isCandidate = false
                var startsWord = false
                if kind & UnitClass.word != 0 {
                    startsWord = previous & UnitClass.word == 0
                    isCandidate = startsWord
                    if !isCandidate, looksForSecrets {
                        let next = position + 1 < count ? unsafe units[position + 1] : 0
                        isCandidate =
                            secretRules.mayOpen(unit, next) || (next == 0 && !isFinal && secretRules.mayOpen(unit))
                    }
                    if !isCandidate, looksForPrompt { isCandidate = prompt.mayBeCanary(unit) }
                } else if kind & UnitClass.opening != 0 {
                    isCandidate = true
                }
                if isCandidate {
                    reader.begin(at: position)
                    let match =
                        kind & UnitClass.word != 0
                        ? word(&reader, position, kind, startsWord: startsWord) : symbol(&reader, position)
                    if reader.touchedEnd { return .live(position) }
                    if let match, rules.action(match.rule) != nil { return .found(match) }
                }
                step(kind)
                previous = kind
                position += 1
            }
            return .clear
        }
    }

    /// Goes past a unit.
    @inline(__always)
    mutating func step(_ kind: UInt8) {
        if kind & UnitClass.word != 0 { runHasWord = true } else if kind & UnitClass.joint == 0 { runHasWord = false }
    }

    // MARK: - Words

    private func word(_ reader: inout UnitReader, _ start: Int, _ kind: UInt8, startsWord: Bool) -> Match? {
        if looksForSecrets, secretRules.mayOpen(reader[start]),
            secretRules.mayOpen(reader[start], reader[start + 1]),
            let told = secretRules.told(&reader, at: start, startsWord: startsWord || isEscaped(reader, start)),
            rules.action(told.rule) != nil
        {
            return told
        }
        if looksForPrompt, let leak = leak(&reader, start, startsWord) { return leak }
        guard startsWord else { return nil }
        if looksForRuns, !runHasWord, let end = EncodedRun.end(&reader, from: start) {
            return Match(rules.encodedRun, start, end, tail: .units(EncodedRun.units))
        }
        if kind & UnitClass.digit != 0, let number = numbers.recognise(&reader, at: start) { return number }
        if kind & UnitClass.letter != 0, let named = named(&reader, start) { return named }
        return runHasWord ? nil : run(&reader, start)
    }

    /// Whether the letter belongs to an escape that was not undone: `\n`, `\t`, `\r`.
    private func isEscaped(_ reader: UnitReader, _ start: Int) -> Bool {
        let letter = reader.before(start)
        return reader.before(start - 1) == UInt8(ascii: "\\")
            && (letter == UInt8(ascii: "n") || letter == UInt8(ascii: "t") || letter == UInt8(ascii: "r"))
    }

    /// Tokens that begin with letters: bank accounts, numbers of states, names of months.
    private func named(_ reader: inout UnitReader, _ start: Int) -> Match? {
        var letters = start + 1
        while letters < start + 7, UnitClass.isLetter(reader[letters]) { letters += 1 }
        let run = letters - start
        if run < 7 {
            let next = reader[letters]
            if run == 2, UnitClass.isDigit(next), let iban = addresses.iban(&reader, at: start) { return iban }
            if UnitClass.isDigit(next) || (UnitClass.isUpper(reader[letters - 1]) && isSpaced(&reader, letters)),
                let identifier = identifiers.letters(&reader, at: start, run: run, for: rules)
            {
                return identifier
            }
        }
        return looksForNames ? DateRecogniser.namedEnd(&reader, from: start).map { Match(.dateTime, start, $0) } : nil
    }

    /// Whether a token that begins with letters may go on after a space or a hyphen.
    @inline(__always)
    private func isSpaced(_ reader: inout UnitReader, _ end: Int) -> Bool {
        let next = reader[end]
        guard next == 0x20 || next == UInt8(ascii: "-") else { return false }
        let after = reader[end + 1]
        return UnitClass.isDigit(after) || UnitClass.isUpper(after)
    }

    /// What is read from the beginning of a run of letters, digits and joints.
    private func run(_ reader: inout UnitReader, _ start: Int) -> Match? {
        var index = start
        var hasDot = false
        var token: Int?
        var hasDigit = false
        while index < start + 72 {
            let unit = reader[index]
            if UnitClass.isAlphanumeric(unit) {
                if unit < 0x40 { hasDigit = true }
            } else if unit == UInt8(ascii: ".") {
                hasDot = true
                token = token ?? index
            } else if unit == UInt8(ascii: "_") || unit == UInt8(ascii: "-") || unit == UInt8(ascii: "+")
                || unit == UInt8(ascii: "%") || unit == TextUnits.letter
            {
                token = token ?? index
            } else {
                break
            }
            index += 1
        }
        let end = index
        let terminator = reader[end]
        if terminator == UInt8(ascii: "@"), let email = addresses.email(&reader, start, at: end) { return email }
        if terminator == UInt8(ascii: ":"), token == nil {
            if reader[end + 1] == UInt8(ascii: "/"), reader[end + 2] == UInt8(ascii: "/") {
                if looksForSecrets, let secret = secrets.urlCredentials(&reader, body: end + 3) { return secret }
                if let link = addresses.link(&reader, start, body: end + 3) { return link }
                return nil
            }
            if end - start <= 4, rules.looks(for: .ipAddress), let address = numbers.addressOfSix(&reader, at: start) {
                return address
            }
        }
        let after = token ?? end
        if Self.mayBeMixed(after - start, reader[after], hasDigit),
            let mixed = identifiers.mixed(&reader, at: start, for: rules)
        {
            return mixed
        }
        if hasDot, reader.hasCaseless([0x77, 0x77, 0x77, 0x2E], at: start),
            let link = addresses.link(&reader, start, body: start)
        {
            return link
        }
        if looksForSecrets {
            if end - start >= 36 || terminator == UInt8(ascii: "~") || terminator == UInt8(ascii: "|")
                || (terminator == UInt8(ascii: ":") && hasDigit),
                let secret = secretRules.toldByForm(&reader, at: start), rules.action(secret.rule) != nil
            {
                return secret
            }
            if let secret = secrets.assignment(&reader, start, end), rules.action(secret.rule) != nil { return secret }
        }
        return hasDot ? addresses.host(&reader, start) : nil
    }

    /// Whether letters and digits, and the unit after them, may begin a UUID, an address of hardware or one of a crypto
    /// currency.
    @inline(__always)
    private static func mayBeMixed(_ length: Int, _ after: UInt8, _ hasDigit: Bool) -> Bool {
        switch length {
        case 2: after == UInt8(ascii: ":") || after == UInt8(ascii: "-")
        case 4: after == UInt8(ascii: ".")
        case 8: after == UInt8(ascii: "-")
        default: hasDigit && length >= 14
        }
    }

    // MARK: - What the request must not get back

    private func leak(_ reader: inout UnitReader, _ start: Int, _ startsWord: Bool) -> Match? {
        if prompt.mayBeCanary(reader[start]), let end = prompt.canary(&reader, at: start) {
            return Match(rules.canary, start, end)
        }
        guard startsWord else { return nil }
        if let end = prompt.overlap(&reader, at: start) { return Match(rules.overlap, start, end) }
        guard !runHasWord else { return nil }
        var token: [UInt8] = []
        while token.count < TextUnits.holdBack - 4, EncodedRun.units.contains(reader[start + token.count]) {
            token.append(reader[start + token.count])
        }
        guard token.count >= 32, EncodedRun.decodings(of: token).contains(where: prompt.isIn) else { return nil }
        return Match(rules.overlap, start, start + token.count, tail: .units(EncodedRun.units))
    }

    // MARK: - Symbols

    private func symbol(_ reader: inout UnitReader, _ start: Int) -> Match? {
        switch reader[start] {
        case UInt8(ascii: "+"), UInt8(ascii: "("):
            let next = reader[start + 1]
            guard UnitClass.isDigit(next) || next == UInt8(ascii: "("), !UnitClass.isWord(reader.before(start)) else {
                return nil
            }
            return numbers.recognise(&reader, at: start)
        case UInt8(ascii: "-"):
            guard looksForSecrets else { return nil }
            if let key = secrets.privateKey(&reader, at: start) { return key }
            return secrets.curlUser(&reader, at: start)
        case UInt8(ascii: ":"):
            guard reader[start + 1] == UInt8(ascii: ":"), rules.looks(for: .ipAddress),
                !UnitClass.isWord(reader.before(start)), reader.before(start) != UInt8(ascii: ":")
            else { return nil }
            return numbers.addressOfSix(&reader, at: start)
        case UInt8(ascii: "]"), UInt8(ascii: "<"):
            return rules.links?.recognise(&reader, at: start, rule: rules.link)
        case UInt8(ascii: "~"), UInt8(ascii: "_"):
            return looksForSecrets && !runHasWord ? secretRules.toldByForm(&reader, at: start) : nil
        default: return nil
        }
    }
}

/// Text that stands for other text: base64 and hexadecimal.
enum EncodedRun {
    static let units: UnitSet = {
        var set = UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A)
        for unit in "+/=_-".utf8 { set.insert(unit...unit) }
        return set
    }()

    /// Where a run has become longer than may be: letters and digits of both kinds, without a word's hyphens.
    static func end(_ reader: inout UnitReader, from start: Int) -> Int? {
        var index = start
        var kinds: UInt8 = 0
        while index <= start + OutputPolicy.longestEncodedRun {
            let unit = reader[index]
            guard units.contains(unit), unit != UInt8(ascii: "-") || index > start else { return nil }
            kinds |= UnitClass.isDigit(unit) ? 1 : UnitClass.isLetter(unit) ? 2 : 0
            index += 1
        }
        return kinds == 3 ? index : nil
    }

    /// What a run may stand for.
    static func decodings(of run: [UInt8]) -> [[UInt8]] {
        var decodings: [[UInt8]] = []
        if run.allSatisfy(UnitClass.isHex) {
            decodings.append(
                stride(from: 0, to: run.count - 1, by: 2).map { nibble(run[$0]) << 4 | nibble(run[$0 + 1]) }
            )
        }
        var bits: UInt32 = 0
        var count = 0
        var bytes: [UInt8] = []
        for unit in run {
            guard let value = sextet(unit) else { break }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        decodings.append(bytes)
        return decodings
    }

    private static func nibble(_ unit: UInt8) -> UInt8 {
        UnitClass.isDigit(unit) ? unit - 0x30 : (unit | 0x20) - 0x61 + 10
    }

    private static func sextet(_ unit: UInt8) -> UInt8? {
        switch unit {
        case 0x41...0x5A: unit - 0x41
        case 0x61...0x7A: unit - 0x61 + 26
        case 0x30...0x39: unit - 0x30 + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
