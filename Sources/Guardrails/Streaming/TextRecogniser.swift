import RegularExpressions

/// What can start at a place in text: all recognisers, in the order in which they are asked.
///
/// It is shared by the pieces of a stream and never changed.
final class TextRecogniser: Sendable {
    let rules: OutputRules
    let prompt: PromptIndex
    /// The hosts that may be linked to beside those that the policy allows.
    private let hosts: Set<String>

    private let numbers: NumberRecogniser
    private let addresses: AddressRecogniser
    private let secrets: SecretRecogniser
    let secretRules: SecretRules
    private let identifiers: IdentifierRules
    let looksForSecrets: Bool
    let looksForPrompt: Bool
    private let looksForDates: Bool
    /// What tells names; nil where none are looked for.
    let names: NameTagger?
    private let looksForRuns: Bool
    private let kinds = UnitClass.kinds

    init(_ rules: OutputRules, prompt: PromptIndex, hosts: Set<String>) {
        self.rules = rules
        self.hosts = hosts
        self.prompt = prompt
        numbers = NumberRecogniser(rules: rules)
        addresses = AddressRecogniser(rules: rules)
        secrets = SecretRecogniser(rules: rules)
        secretRules = rules.secrets
        identifiers = rules.identifiers
        looksForSecrets = rules.looksForSecrets
        looksForPrompt = (rules.policy.promptLeak ?? rules.policy.canaryLeak) != nil && !prompt.isEmpty
        looksForDates = rules.looks(for: .dateTime)
        names = rules.names
        looksForRuns = rules.policy.encodedRuns != nil
    }

    // MARK: - Words

    /// The thing that starts with a word's first unit, or within a word; `inRun` says whether a letter or digit came
    /// already in its run.
    func word(
        _ reader: inout UnitReader,
        _ start: Int,
        _ kind: UInt8,
        startsWord: Bool,
        inRun: Bool,
        mayBeName: Bool
    ) -> Match? {
        if looksForSecrets, secretRules.mayOpen(reader[start]),
            secretRules.mayOpen(reader[start], reader[start + 1]),
            secretRules.mayOpen(reader[start], reader[start + 1], reader[start + 2]),
            let told = secretRules.told(&reader, at: start, startsWord: startsWord || isEscaped(reader, start)),
            rules.action(told.rule) != nil
        {
            return told
        }
        if looksForPrompt, let leak = leak(&reader, start, startsWord, inRun) { return leak }
        guard startsWord else { return nil }
        if looksForRuns, !inRun, let end = EncodedRun.end(&reader, from: start) {
            return Match(rules.encodedRun, start, end, tail: .units(EncodedRun.units))
        }
        if kind & UnitClass.digit != 0, let number = numbers.recognise(&reader, at: start) { return number }
        if kind & UnitClass.letter != 0, let named = named(&reader, start) { return named }
        if !inRun, let run = run(&reader, start) { return run }
        return mayBeName ? names.flatMap { name(&reader, start, $0) } : nil
    }

    /// A name, which ends before whatever else begins within it.
    private func name(_ reader: inout UnitReader, _ start: Int, _ tagger: NameTagger) -> Match? {
        let name = tagger.name(
            &reader,
            at: start,
            isWanted: { kind in kind.entity.map { rules.looks(for: $0) } ?? false },
            isOther: begins
        )
        return name.flatMap { name in name.kind.entity.map { Match($0, start, name.end) } }
    }

    /// Whether something that is no name begins at a word or right before it, or may, further than can be seen: taken into a
    /// name, its rest would go out.
    private func begins(_ reader: inout UnitReader, at place: Int) -> Bool {
        reader.touchedLimit = false
        var back = place
        var inRun = true
        while !NameWord.isPart(reader.before(back)), back > 0 {
            let unit = reader.before(back)
            back -= 1
            if UnitClass.table[Int(unit)] & UnitClass.joint == 0 { inRun = false }
            if unit == UInt8(ascii: "-"), symbol(&reader, back, inRun: false) != nil { return true }
        }
        let kind = UnitClass.table[Int(reader[place])]
        let match = word(&reader, place, kind, startsWord: true, inRun: inRun, mayBeName: false)
        return reader.touchedLimit || match.map { rules.action($0.rule) != nil } ?? false
    }

    /// Whether the letter belongs to an escape that was not undone: `\n`, `\t`, `\r`.
    private func isEscaped(_ reader: borrowing UnitReader, _ start: Int) -> Bool {
        let letter = reader.before(start)
        return reader.before(start - 1) == UInt8(ascii: "\\")
            && (letter == UInt8(ascii: "n") || letter == UInt8(ascii: "t") || letter == UInt8(ascii: "r"))
    }

    /// Tokens that begin with letters: bank accounts, numbers of states, names of months.
    private func named(_ reader: inout UnitReader, _ start: Int) -> Match? {
        var letters = start + 1
        while letters < start + 7, UnitClass.isLetter(reader[letters]) { letters += 1 }
        let run = letters - start
        if reader.touchedEnd { return nil }
        if run < 7 {
            let next = reader[letters]
            if run == 2, UnitClass.isDigit(next), let iban = addresses.iban(&reader, at: start) { return iban }
            if UnitClass.isDigit(next) || (UnitClass.isUpper(reader[letters - 1]) && isSpaced(&reader, letters)),
                let identifier = identifiers.letters(&reader, at: start, run: run, for: rules)
            {
                return identifier
            }
        }
        return looksForDates ? DateRecogniser.namedEnd(&reader, from: start).map { Match(.dateTime, start, $0) } : nil
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
        var seen: UInt8 = 0
        var hasDot = false
        var token: Int?
        let parts = UnitClass.word | UnitClass.joint
        while index < start &+ 72 {
            let unit = reader[index]
            let kind = kinds[Int(unit)]
            guard kind & parts != 0 else { break }
            seen |= kind
            if kind & UnitClass.alphanumeric == 0 {
                if unit == UInt8(ascii: ".") { hasDot = true }
                token = token ?? index
            }
            index &+= 1
        }
        let hasDigit = seen & UnitClass.digit != 0
        let end = index
        let terminator = reader[end]
        // Whatever is said of a text that has not come yet does not count.
        if reader.touchedEnd { return nil }
        if terminator == UInt8(ascii: "@"), let email = addresses.email(&reader, start, at: end) { return email }
        if terminator == UInt8(ascii: "'"), rules.looks(for: .emailAddress),
            let email = addresses.nameOfMail(&reader, start, apostrophe: end)
        {
            return email
        }
        // `mongodb+srv://`, `postgresql+psycopg://`
        if terminator == UInt8(ascii: ":"), token == nil || reader[token ?? end] == UInt8(ascii: "+") {
            if reader[end + 1] == UInt8(ascii: "/"), reader[end + 2] == UInt8(ascii: "/") {
                if looksForSecrets, let secret = secrets.urlCredentials(&reader, body: end + 3) { return secret }
                return addresses.link(&reader, start, body: end + 3).flatMap {
                    withoutSecret($0, &reader, body: end + 3)
                }
            }
            if end - start <= 4, rules.looks(for: .ipAddress), let address = numbers.addressOfSix(&reader, at: start) {
                return address
            }
        }
        let after = token ?? end
        if Self.mayBeMixed(after - start, reader[after], hasDigit),
            let mixed = identifiers.mixed(&reader, at: start, for: rules)
        {
            // Some keys are UUIDs, which only what stands before them tells.
            if looksForSecrets, let secret = secrets.led(&reader, start), rules.action(secret.rule) != nil {
                return secret
            }
            return mixed
        }
        if hasDot, let links = rules.links, let link = links.named(&reader, at: start, rule: rules.link, vouched: hosts)
        {
            return link
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
            if hasDigit && end - start >= 8 || SecretRecogniser.mayGoOn(terminator),
                let secret = secrets.led(&reader, start) ?? secrets.placed(&reader, start),
                rules.action(secret.rule) != nil
            {
                return secret
            }
        }
        return hasDot ? addresses.host(&reader, start) : nil
    }

    /// A link up to the first secret that tells itself, which is found as what it is; nil where that begins it.
    private func withoutSecret(_ link: Match, _ reader: inout UnitReader, body: Int) -> Match? {
        // What is said of a link that may go on does not count.
        guard looksForSecrets, !reader.touchedEnd else { return link }
        var link = link
        var second = reader[body]
        var third = reader[body + 1]
        for place in body..<link.end {
            let first = second
            second = third
            third = reader[place + 2]
            guard secretRules.mayOpen(first, second, third) else { continue }
            let startsWord = !UnitClass.isWord(reader.before(place))
            guard let told = secretRules.told(&reader, at: place, startsWord: startsWord),
                rules.action(told.rule) != nil
            else { continue }
            if place < body + 3 { return nil }
            link.end = place
            link.tail = nil
            break
        }
        return link
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

    private func leak(_ reader: inout UnitReader, _ start: Int, _ startsWord: Bool, _ inRun: Bool) -> Match? {
        if prompt.mayBeCanary(reader[start]), let end = prompt.canary(&reader, at: start) {
            return Match(rules.canary, start, end)
        }
        guard startsWord else { return nil }
        if let end = prompt.overlap(&reader, at: start) { return Match(rules.overlap, start, end) }
        guard !inRun else { return nil }
        var token: [UInt8] = []
        while token.count < TextUnits.holdBack - 4, EncodedRun.units.contains(reader[start + token.count]) {
            token.append(reader[start + token.count])
        }
        guard token.count >= 32, EncodedRun.decodings(of: token).contains(where: prompt.isIn) else { return nil }
        return Match(rules.overlap, start, start + token.count, tail: .units(EncodedRun.units))
    }

    // MARK: - Symbols

    /// Whether a hyphen stands in a line of them, far enough from where it ends that nothing begins with it.
    private func isInLine(_ reader: borrowing UnitReader, _ start: Int) -> Bool {
        reader.before(start + 2) == UInt8(ascii: "-") && reader.before(start + 3) == UInt8(ascii: "-")
            && reader.before(start + 6) == UInt8(ascii: "-")
    }

    /// The thing that starts with a symbol.
    func symbol(_ reader: inout UnitReader, _ start: Int, inRun: Bool) -> Match? {
        switch reader[start] {
        case UInt8(ascii: "+"), UInt8(ascii: "("):
            let next = reader[start + 1]
            guard UnitClass.isDigit(next) || next == UInt8(ascii: "("), !UnitClass.isWord(reader.before(start)) else {
                return nil
            }
            return numbers.recognise(&reader, at: start)
        case UInt8(ascii: "-"):
            guard looksForSecrets, !isInLine(reader, start) else { return nil }
            if let key = secrets.privateKey(&reader, at: start) { return key }
            if let user = secrets.curlUser(&reader, at: start) { return user }
            return secrets.option(&reader, at: start)
        case UInt8(ascii: ":"):
            if let link = rules.links?.bare(&reader, colon: start, rule: rules.link, vouched: hosts) { return link }
            guard reader[start + 1] == UInt8(ascii: ":"), rules.looks(for: .ipAddress),
                !UnitClass.isWord(reader.before(start)), reader.before(start) != UInt8(ascii: ":")
            else { return nil }
            return numbers.addressOfSix(&reader, at: start)
        case UInt8(ascii: "]"), UInt8(ascii: "<"):
            return rules.links?.recognise(&reader, at: start, rule: rules.link, vouched: hosts)
        case UInt8(ascii: "~"), UInt8(ascii: "_"):
            return looksForSecrets && !inRun ? secretRules.toldByForm(&reader, at: start) : nil
        default: return nil
        }
    }
}
