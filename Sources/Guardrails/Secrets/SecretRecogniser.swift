import RegularExpressions

/// Secrets that need to be looked at with what stands around them.
struct SecretRecogniser {
    let rules: OutputRules
    private let secrets: SecretRules
    /// What a value may be made of.
    private let values: UnitBits

    init(rules: OutputRules) {
        self.rules = rules
        secrets = rules.secrets
        values = UnitBits(Self.values)
    }

    // MARK: - Settings

    /// `name = value`, where the name, `start` to `end`, was read already.
    func assignment(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Match? {
        guard end - start <= 64 else { return nil }
        var index = end
        var unit = reader[index]
        // What most words are followed by is looked at before the name, which costs more.
        guard Self.mayAssign(unit) else { return nil }
        if unit == 0x20, end - start == 3, reader.has("ENV", at: start) { return environment(&reader, after: end) }
        if index + 1 < reader.count, !Self.isSign(unit) {
            guard Self.mayAssign(reader[index + 1]) || reader[index + 1] == 0x09 else { return nil }
        }
        guard Self.mayBeAssigned(reader, end, unit) else { return nil }
        // The same of the value, which is shorter than a name most of the time.
        let isAuthorization = end - start >= 13 && reader.hasCaseless(Self.authorization, at: end - 13)
        guard isAuthorization || !isShort(reader, after: end) else { return nil }
        var name = name(&reader, start, end)
        name.isAuthorization = isAuthorization
        guard name.isTelling else { return unit == UInt8(ascii: ":") ? data(&reader, start, after: end + 1) : nil }
        if unit == UInt8(ascii: "]") {
            index += 1
            unit = reader[index]
        }
        var quotes = 0
        while quotes < 4, Self.isGap(unit) || unit == UInt8(ascii: "]") {
            quotes += 1
            index += 1
            unit = reader[index]
        }
        let sign = index
        while index < sign + 4, Self.isSign(reader[index]) { index += 1 }
        guard index > sign else { return nil }
        if index == sign + 1, reader[sign] == UInt8(ascii: ":"), let typed = Self.pastType(&reader, index) {
            index = typed
        }
        var spaces = 0
        while spaces < 6 {
            let unit = reader[index]
            guard
                UnitClass.isSpace(unit) || Self.isQuote(unit) || unit == UInt8(ascii: "\\") || unit == UInt8(ascii: "(")
            else { break }
            spaces += 1
            index += 1
        }
        return value(&reader, name, at: index)
    }

    /// Whether what a name is given is here already, and is too short to be a secret.
    private func isShort(_ reader: UnitReader, after end: Int) -> Bool {
        var index = end
        if reader.before(index + 1) == UInt8(ascii: "]") { index += 1 }
        var quotes = 0
        while quotes < 4, Self.isGap(reader.before(index + 1)) || reader.before(index + 1) == UInt8(ascii: "]") {
            quotes += 1
            index += 1
        }
        let sign = index
        while index < sign + 4, Self.isSign(reader.before(index + 1)) { index += 1 }
        guard index > sign else { return false }
        var spaces = 0
        while spaces < 6 {
            let unit = reader.before(index + 1)
            guard UnitClass.isSpace(unit) || Self.isGap(unit) || unit == UInt8(ascii: "(") else { break }
            spaces += 1
            index += 1
        }
        let value = index
        while index < value + 6, values.contains(reader.before(index + 1)) { index += 1 }
        // What comes next is there, so that nothing is said of what may go on.
        guard index < value + 6, index < reader.count else { return false }
        // `name: str = "value"`, `name: str="value"`, `name: Any? = "value"`
        let next = reader.before(index + 1)
        if index > value, reader.before(index) == UInt8(ascii: "=") || Self.isTypeSign(next) { return false }
        return next != 0x20 || index + 1 < reader.count && reader.before(index + 2) != UInt8(ascii: "=")
    }

    /// Where the quotation mark stands of `name: Type = "value"`; nil where no type stands after the colon.
    private static func pastType(_ reader: inout UnitReader, _ start: Int) -> Int? {
        var index = start
        if reader[index] == 0x20 { index += 1 }
        let type = index
        while index < type + 24, UnitClass.isWord(reader[index]) || isTypeSign(reader[index]) { index += 1 }
        guard index > type else { return nil }
        if reader[index] == 0x20 { index += 1 }
        guard reader[index] == UInt8(ascii: "=") else { return nil }
        index += 1
        if reader[index] == 0x20 { index += 1 }
        return isQuote(reader[index]) ? index : nil
    }

    private static func isTypeSign(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "&"), UInt8(ascii: "?"), UInt8(ascii: "."), UInt8(ascii: "<"), UInt8(ascii: ">"): true
        default: false
        }
    }

    private static func isGap(_ unit: UInt8) -> Bool {
        unit == 0x20 || unit == 0x09 || isQuote(unit) || unit == UInt8(ascii: "\\")
    }

    private struct Name {
        var rules: [Int] = []
        var isGeneric = false
        var isPassword = false
        var isAuthorization = false
        var isValue = false
        /// Whether no sign stands between it and what may be its value.
        var isLoose = false
        var isTelling: Bool { !rules.isEmpty || isGeneric || isAuthorization || isValue }
    }

    private func name(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Name {
        var found = Name()
        guard end - start > 1 else { return found }
        var isHarmless = false
        var first = UnitClass.lowercased(reader[start])
        for at in start..<end - 1 {
            let second = UnitClass.lowercased(reader[at + 1])
            defer { first = second }
            guard secrets.mayName(first, second),
                at + 2 >= end || secrets.mayName(first, second, UnitClass.lowercased(reader[at + 2]))
            else { continue }
            secrets.names(&reader, at: at, upTo: end, first: first) { name in
                switch name.kind {
                case .rule: found.rules.append(name.rule)
                case .generic: found.isGeneric = true
                case .password:
                    found.isGeneric = true
                    found.isPassword = true
                case .harmless: isHarmless = true
                }
            }
        }
        if !found.isGeneric, isPass(&reader, start, end) {
            found.isGeneric = true
            found.isPassword = true
        }
        if isHarmless {
            found.isGeneric = false
            found.isPassword = false
        }
        // `"name": "API_TOKEN", "value": "…"`, `variable "password" { default = "…" }`: the name stands before.
        if !found.isGeneric, isValue(&reader, start, end), Self.named.stand(before: start, in: reader),
            !Self.forgeries.stand(before: start, in: reader)
        {
            found.isGeneric = true
            found.isPassword = Self.namedPassword.stand(before: start, in: reader)
        }
        found.isValue =
            end - start == 5 && reader.hasCaseless(Self.valueWord, at: start)
            && Self.password.stand(before: start, in: reader)
        return found
    }

    /// `pass`, `db_pass`, `smtpPass`, but neither `compass` nor `bypass`.
    private func isPass(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        guard end - start >= 4, reader.hasCaseless(Self.pass, at: end - 4) else { return false }
        let before = reader.before(end - 4)
        return end - start == 4 || !UnitClass.isAlphanumeric(before)
            || UnitClass.isUpper(reader[end - 4]) && !UnitClass.isUpper(before)
    }

    private static let pass = Array("pass".utf8)

    private func isValue(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        end - start == 5 && reader.hasCaseless(Self.valueWord, at: start)
            || end - start == 7 && reader.hasCaseless(Self.defaultWord, at: start)
    }

    /// The names of ``SecretTable/generic`` where they end.
    private static let named = ended(SecretTable.generic + ["secret_key", "secretkey"])
    /// Tokens of forms, which are no secrets of anybody's.
    private static let forgeries = ended([
        "authenticity_token", "csrf_token", "csrftoken", "csrfmiddlewaretoken", "xsrf_token",
        "__requestverificationtoken",
    ])
    private static let namedPassword = ended(SecretTable.generic.filter { $0.hasPrefix("pass") || $0 == "pwd" })

    private static func ended(_ names: [String]) -> ContextWords {
        ContextWords(names.flatMap { ["\($0)\"", "\($0)'", "\($0)\n"] }.joined(separator: ","))
    }

    private static let defaultWord = Array("default".utf8)
    private static let password = ContextWords("password\" , password' , password\"")
    private static let kubernetes = ContextWords("kind: secret")
    private static let curl = ContextWords("curl")
    private static let authorization = Array("authorization".utf8)
    private static let valueWord = Array("value".utf8)

    /// `ENV name value` of a Dockerfile.
    private func environment(_ reader: inout UnitReader, after end: Int) -> Match? {
        let start = end + 1
        var index = start
        while index < start + 64, UnitClass.isWord(reader[index]) { index += 1 }
        guard index > start, reader[index] == 0x20 else { return nil }
        let name = name(&reader, start, index)
        return name.isTelling ? given(&reader, name, after: index) : nil
    }

    /// The value of a name that stands behind blanks, without a sign.
    private func given(_ reader: inout UnitReader, _ name: Name, after end: Int) -> Match? {
        var index = end
        while index < end + 4, reader[index] == 0x20 { index += 1 }
        if Self.isQuote(reader[index]) { index += 1 }
        // Another option is no value.
        return reader[index] == UInt8(ascii: "-") ? nil : value(&reader, name, at: index)
    }

    private func value(_ reader: inout UnitReader, _ name: Name, at place: Int) -> Match? {
        var start = place
        if name.isAuthorization {
            for scheme in Self.schemes where reader.hasCaseless(scheme, at: start) {
                start += scheme.count
                while start < place + 16, reader[start] == 0x20 { start += 1 }
                break
            }
        }
        var end = start
        while values.contains(reader[end]) { end += 1 }
        guard end - start >= 6 else { return nil }
        if DocumentedKeys.contains(&reader, start, end) { return nil }
        // A credential that tells itself goes by its own name.
        if secrets.mayOpen(reader[start], reader[start + 1]),
            let told = secrets.told(&reader, at: start, startsWord: true), rules.action(told.rule) != nil
        {
            return told
        }
        for index in name.rules {
            let rule = secrets.named[index]
            guard let last = rule.pattern.end(&reader, from: start),
                rules.action(OutputRules.firstSecret + rule.rule) != nil
            else { continue }
            let next = reader[last]
            if UnitClass.isWord(next) || next == UInt8(ascii: "-") || next == UInt8(ascii: "=") { continue }
            guard Entropy.bits(&reader, start, last) >= rule.entropy else { continue }
            let whole = joined(&reader, last)
            let tail: Match.Tail? = whole >= place + 200 ? .units(Self.values) : nil
            return Match(OutputRules.firstSecret + rule.rule, start, whole, tail: tail)
        }
        // Punctuation that ends a sentence is no part of a value.
        let whole = end
        while end > start, Self.trails(reader[end - 1]) { end -= 1 }
        let length = end - start
        // `abc...` says that something was left out.
        let isCut = whole - end > 1 && reader[end] == UInt8(ascii: ".")
        let tail: Match.Tail? = end >= place + 200 ? .units(Self.values) : nil
        if name.isAuthorization, length >= 8, !isStandIn(&reader, start, end),
            Entropy.bits(&reader, start, end) >= 2.75
        {
            return Match(secrets.index(.authorization), start, end, tail: tail)
        }
        if name.isValue, length >= 8 { return Match(secrets.index(.nuget), start, end, tail: tail) }
        guard name.isGeneric, !isCut, length >= (name.isPassword ? 8 : name.isLoose ? 16 : 12),
            isRandom(&reader, start, end, name)
        else { return nil }
        return Match(secrets.index(.generic), start, end, tail: tail)
    }

    /// Where a value ends of which a form fits the beginning: what is joined to it without a space is of the same secret.
    private func joined(_ reader: inout UnitReader, _ place: Int) -> Int {
        var end = place
        while Self.joins(reader[end]), UnitClass.isAlphanumeric(reader[end + 1]) {
            end += 2
            while UnitClass.isWord(reader[end]) || reader[end] == UInt8(ascii: "-") { end += 1 }
        }
        return end
    }

    private static func joins(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "~"): true
        default: false
        }
    }

    // MARK: - Values

    /// A value that what stands before it says to be one: `password v`, `IDENTIFIED BY 'v'`, `"token", "v"`,
    /// `the API key is v`, `**Secret key:** v`.
    ///
    /// All that tells it is behind it, so that no unit is asked for before a name was found.
    func led(_ reader: inout UnitReader, _ start: Int) -> Match? {
        let before = reader.before(start)
        guard
            before == 0x0A || Self.leads(before)
                || Self.isIdeograph(before == UInt8(ascii: ":") ? reader.before(start - 1) : before),
            let name = lead(&reader, start)
        else { return nil }
        return value(&reader, name, at: start)
    }

    /// Whether a value may go on behind letters with what no name has.
    @inline(__always)
    static func mayGoOn(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "!"), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "^"),
            UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    /// What may stand right before a value.
    @inline(__always)
    private static func leads(_ unit: UInt8) -> Bool {
        unit == 0x20 || isQuote(unit) || unit == 0x09 || unit == UInt8(ascii: "*") || unit == UInt8(ascii: "[")
    }

    /// Whether a unit is of a script that has no spaces between words.
    @inline(__always)
    private static func isIdeograph(_ unit: UInt8) -> Bool { unit >= 0x80 && unit <= TextUnits.ideograph }

    private func lead(_ reader: inout UnitReader, _ start: Int) -> Name? {
        var index = start
        var isQuoted = false
        var isBelow = false
        while index > start - 12 {
            let unit = reader.before(index)
            if unit == 0x0A {
                isBelow = true
            } else if Self.isQuote(unit) {
                isQuoted = true
            } else if !Self.leads(unit), unit != UInt8(ascii: "\\") {
                break
            }
            index -= 1
        }
        // `name: |-` on the line above
        if isBelow, reader.before(index) == UInt8(ascii: "-") { index -= 1 }
        let blank = index
        var hasSign = false
        var isListed = false
        while index > blank - 4 {
            let unit = reader.before(index)
            guard Self.isLeadingSign(unit) || unit == 0x20 && hasSign && Self.isSign(reader.before(index - 1)) else {
                break
            }
            if Self.isSign(unit) { hasSign = true }
            index -= 1
        }
        guard hasSign || index == blank && !isBelow else { return nil }
        if !hasSign, isQuoted, reader.before(index) == UInt8(ascii: ",") {
            index -= 1
            if reader.before(index) == 0x20 { index -= 1 }
            guard Self.isQuote(reader.before(index)) else { return nil }
            hasSign = true
            isListed = true
        }
        let sign = index
        while index > sign - 5,
            Self.leads(reader.before(index)) || hasSign && reader.before(index) == UInt8(ascii: "\\")
        {
            index -= 1
        }
        var word = Self.word(reader, before: index)
        if word.isEmpty {
            guard Self.isIdeograph(reader.before(index)), Self.eastern.stand(before: index, in: reader, reach: 8) else {
                return nil
            }
            return Name(isGeneric: true, isPassword: true)
        }
        if Self.isCopula(reader, word) || hasSign && Self.isType(reader, word) {
            // Between a verb and what it is said of there is a space, and before a type as well.
            guard reader.before(word.lowerBound) == 0x20 else { return nil }
            hasSign = true
            let verb = word.lowerBound - 1
            word = Self.word(reader, before: verb)
            if word.isEmpty { return nil }
            if Self.sentences.stand(before: verb, in: reader, reach: 40) {
                var name = name(&reader, word.lowerBound, word.upperBound)
                if !name.isTelling { name = Name(isGeneric: true, isPassword: true, isLoose: true) }
                return name
            }
        }
        var name = name(&reader, word.lowerBound, word.upperBound)
        name.isLoose = !hasSign || isListed
        guard reader.before(word.lowerBound) == 0x20 else {
            return (hasSign ? name.isTelling : name.isGeneric) ? name : nil
        }
        let first = Self.word(reader, before: word.lowerBound - 1)
        if !name.isGeneric {
            // `API key`, `IDENTIFIED BY`
            if Self.is(reader, word, "key"), Self.keys.contains(where: { Self.is(reader, first, $0) }) {
                name.isGeneric = true
            } else if Self.is(reader, word, "by"), Self.is(reader, first, "identified") {
                name.isGeneric = true
                name.isPassword = true
                name.isLoose = !isQuoted
            }
        }
        guard name.isGeneric || hasSign && name.isTelling else { return nil }
        // Whose it is, stands before what it is: `the Datadog API key`.
        if hasSign, !first.isEmpty {
            name.rules += self.name(&reader, first.lowerBound, first.upperBound).rules
            if reader.before(first.lowerBound) == 0x20 {
                let second = Self.word(reader, before: first.lowerBound - 1)
                if !second.isEmpty { name.rules += self.name(&reader, second.lowerBound, second.upperBound).rules }
            }
        }
        return name
    }

    private static func isLeadingSign(_ unit: UInt8) -> Bool {
        isSign(unit) || unit == UInt8(ascii: ".") || unit == UInt8(ascii: "+")
    }

    /// The name or word that ends before a place: where it begins and ends, as places of units.
    private static func word(_ reader: UnitReader, before end: Int) -> Range<Int> {
        var start = end
        while start > end - 48, start > 0 {
            let unit = reader.before(start)
            guard
                UnitClass.isAlphanumeric(unit) || unit == UInt8(ascii: "_") || unit == UInt8(ascii: "-")
                    || unit == UInt8(ascii: ".")
            else { break }
            start -= 1
        }
        return start..<max(start, end)
    }

    private static func `is`(_ reader: UnitReader, _ word: Range<Int>, _ literal: StaticString) -> Bool {
        guard word.count == literal.utf8CodeUnitCount else { return false }
        for (offset, place) in word.enumerated()
        where UnitClass.lowercased(reader.before(place + 1)) != (unsafe literal.utf8Start[offset]) { return false }
        return true
    }

    private static func isCopula(_ reader: UnitReader, _ word: Range<Int>) -> Bool {
        guard word.count <= 6 else { return false }
        return `is`(reader, word, "lautet") || `is`(reader, word, "is") || `is`(reader, word, "was")
            || `is`(reader, word, "ist")
            || `is`(reader, word, "es") || `is`(reader, word, "est")
    }

    private static func isType(_ reader: UnitReader, _ word: Range<Int>) -> Bool {
        `is`(reader, word, "string") || `is`(reader, word, "str") || `is`(reader, word, "text")
    }

    /// What says in a sentence that a password comes, with a few words between it and the verb.
    private static let sentences = ContextWords(
        "password, passphrase, passwort, kennwort, mot de passe, contraseña, senha"
    )
    /// The same in scripts without spaces, right before the value.
    private static let eastern = ContextWords("密码, 密码是, 密碼, 密碼是, パスワード, パスワードは, 비밀번호, 비밀번호는")

    /// What stands before `key` where that is a secret.
    private static let keys: [StaticString] = [
        "api", "secret", "access", "private", "encryption", "signing", "license", "master", "account", "subscription",
    ]

    /// The value of a member of a secret in Kubernetes' YAML, which is base64.
    private func data(_ reader: inout UnitReader, _ start: Int, after colon: Int) -> Match? {
        var index = colon
        while index < colon + 4, reader[index] == 0x20 || Self.isQuote(reader[index]) { index += 1 }
        guard index > colon else { return nil }
        let from = index
        while UnitClass.isAlphanumeric(reader[index]) || reader[index] == UInt8(ascii: "+")
            || reader[index] == UInt8(ascii: "/") || reader[index] == UInt8(ascii: "=")
        {
            index += 1
        }
        guard index - from >= 10, Self.kubernetes.stand(before: start, in: reader, reach: 190) else { return nil }
        let tail: Match.Tail? = index - from >= 180 ? .units(Self.values) : nil
        return Match(secrets.index(.kubernetes), from, index, tail: tail)
    }

    /// Whether a value looks as if a machine, or a careful person, had chosen it.
    private func isRandom(_ reader: inout UnitReader, _ start: Int, _ end: Int, _ name: Name) -> Bool {
        var digits = 0
        var letters = 0
        var dots = 0
        for index in start..<end {
            let unit = reader[index]
            if UnitClass.isDigit(unit) { digits += 1 } else if UnitClass.isLetter(unit) { letters += 1 }
            if unit == UInt8(ascii: ".") || unit == UInt8(ascii: "/") { dots += 1 }
            if unit == UInt8(ascii: "."), reader[index + 1] == unit { return false }
        }
        guard digits > 0, letters > 0, dots * 8 < end - start else { return false }
        let first = reader[start]
        if first == UInt8(ascii: "$") || first == UInt8(ascii: "%") || first == UInt8(ascii: "@") { return false }
        if reader[end] == UInt8(ascii: "(") || reader[end] == UInt8(ascii: "{") || reader[end] == UInt8(ascii: "[") {
            return false
        }
        guard Entropy.bits(&reader, start, end) >= (name.isPassword && end - start < 16 ? 2.9 : 3.5) else {
            return false
        }
        return !isReference(&reader, start, end) && !isMadeOfWords(&reader, start, end, name)
    }

    /// Whether a value says where the secret is, or stands in its place: a resource's name, a link, a member of an object
    /// in a program, `YOUR_…`.
    private func isReference(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        // The address of a token of Ethereum's is public; a key has more digits.
        if end - start == 42, reader.has("0x", at: start) { return true }
        if reader.has("arn:", at: start) || reader.hasCaseless(Self.your, at: start) || isInName(reader, start) {
            return true
        }
        var place = start
        while place < start + 12, UnitClass.isLetter(reader[place]) || reader[place] == UInt8(ascii: "+") { place += 1 }
        if place > start, reader.has("://", at: place) { return true }
        // `var.db_password_v2`, `process.env.KEY2`, `TokenKind.Identifier2`
        guard !Self.isQuote(reader.before(start)) else { return false }
        place = start
        while place < start + 32, UnitClass.isLetter(reader[place]) || reader[place] == UInt8(ascii: "_") { place += 1 }
        guard place >= start + 3, place < end - 1, reader[place] == UInt8(ascii: ".") else { return false }
        for index in place..<end where !UnitClass.isWord(reader[index]) && reader[index] != UInt8(ascii: ".") {
            return false
        }
        return true
    }

    /// Whether a place is within the name of one of AWS's resources, `arn:aws:secretsmanager:…`.
    private func isInName(_ reader: UnitReader, _ start: Int) -> Bool {
        var index = start
        while index > start - 120, values.contains(reader.before(index)) { index -= 1 }
        return index < start - 4 && reader.before(index + 1) == UInt8(ascii: "a")
            && reader.before(index + 2) == UInt8(ascii: "r") && reader.before(index + 3) == UInt8(ascii: "n")
            && reader.before(index + 4) == UInt8(ascii: ":")
    }

    /// Whether an authorization is a place for one: `$TOKEN`, `YOUR_TOKEN`.
    private func isStandIn(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        let first = reader[start]
        if first == UInt8(ascii: "$") || first == UInt8(ascii: "%") || reader.hasCaseless(Self.your, at: start) {
            return true
        }
        for index in start..<end where !UnitClass.isUpper(reader[index]) && reader[index] != UInt8(ascii: "_") {
            return false
        }
        return true
    }

    private static let your = Array("your".utf8)

    /// Whether a value is made of words and small numbers, such as the name of something: `my-release-postgresql-1`,
    /// `/run/secrets/db_1`.
    ///
    /// A password may be made of them, but for a path.
    private func isMadeOfWords(_ reader: inout UnitReader, _ start: Int, _ end: Int, _ name: Name) -> Bool {
        var parts = 0
        var words = 0
        var isPath = false
        var isConstant = false
        var hasLower = false
        var index = start
        while index < end {
            guard UnitClass.isAlphanumeric(reader[index]) else {
                if reader[index] == UInt8(ascii: "/") || reader[index] == UInt8(ascii: ":") { isPath = true }
                if reader[index] == UInt8(ascii: "_") { isConstant = true }
                index += 1
                continue
            }
            let part = index
            while index < end, UnitClass.isLetter(reader[index]) { index += 1 }
            let letters = index - part
            while index < end, UnitClass.isDigit(reader[index]) { index += 1 }
            guard index == end || !UnitClass.isAlphanumeric(reader[index]) else { return false }
            let digits = index - part - letters
            guard letters == 0 ? digits <= 12 : letters <= 16 && digits <= (letters < 3 ? 2 : 4) else { return false }
            var inner = 0
            var uppers = 0
            for place in part..<part + letters where UnitClass.isUpper(reader[place]) {
                uppers += 1
                if place > part { inner += 1 }
            }
            if uppers < letters { hasLower = true }
            // `SecretString`, `DOCKER_PASSWORD1`
            guard inner == 0 || inner == 1 && letters >= 8 || uppers == letters && !hasLower else { return false }
            parts += 1
            if letters >= 2 { words += 1 }
        }
        guard words * 2 >= parts else { return false }
        if !hasLower { return isConstant && parts > 1 && !isPath }
        if name.isLoose { return true }
        return name.isPassword ? isPath && parts > 2 : parts > 1
    }

    private static let schemes = ["bearer ", "basic ", "token ", "api-token ", "apikey ", "api-key ", "digest "].map {
        Array($0.utf8)
    }
    private static let values: UnitSet = {
        var set = UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A)
        for unit in "_.=+/~@!#$%^&*:-|".utf8 { set.insert(unit...unit) }
        return set
    }()

    private static func mayAssign(_ unit: UInt8) -> Bool {
        isSign(unit) || unit == 0x20 || isQuote(unit) || unit == UInt8(ascii: "]") || unit == UInt8(ascii: "\\")
            || unit == 0
    }

    /// Whether a sign follows behind spaces and quotation marks, or may follow in what has not come yet.
    private static func mayBeAssigned(_ reader: UnitReader, _ end: Int, _ unit: UInt8) -> Bool {
        var index = unit == UInt8(ascii: "]") ? end + 1 : end
        let last = min(index + 5, reader.count)
        while index < last {
            let unit = reader.before(index + 1)
            if isSign(unit) { return true }
            guard isGap(unit) || unit == UInt8(ascii: "]") else { return false }
            index += 1
        }
        // After four of them nothing else is passed over.
        return index == reader.count
    }

    private static func isSign(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ">"), UInt8(ascii: "|"), UInt8(ascii: "?"):
            true
        default: false
        }
    }

    private static func isQuote(_ unit: UInt8) -> Bool {
        unit == UInt8(ascii: "\"") || unit == UInt8(ascii: "'") || unit == UInt8(ascii: "`")
    }

    private static func trails(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "|"): true
        default: false
        }
    }

    // MARK: - Armour, commands, links

    /// `-----BEGIN … PRIVATE KEY-----` and enough of a key after it that it is one.
    func privateKey(_ reader: inout UnitReader, at start: Int) -> Match? {
        guard reader.has("-----BEGIN", at: start) else { return nil }
        var index = start + 10
        let label = index
        while index < label + 80, reader[index] != UInt8(ascii: "-") {
            let unit = reader[index]
            guard UnitClass.isAlphanumeric(unit) || unit == 0x20 || unit == UInt8(ascii: "_") else { return nil }
            index += 1
        }
        var isPrivate = false
        for place in label..<index where reader.has("PRIVATE KEY", at: place) { isPrivate = true }
        guard isPrivate, reader.has("-----", at: index) else { return nil }
        index += 5
        let body = index
        var isQuoted = false
        var run = 0
        var longest = 0
        var spaces = 0
        // Lines that are quoted may be indented as far as the program that they stand in.
        while index < body + 48 + (isQuoted ? min(spaces, 64) : 0) {
            let unit = reader[index]
            if UnitClass.isSpace(unit) { spaces += 1 }
            guard Armour.contains(unit) else { return nil }
            if Armour.isJoint(unit) { isQuoted = true }
            run = UnitClass.isAlphanumeric(unit) || unit == UInt8(ascii: "+") || unit == UInt8(ascii: "/") ? run + 1 : 0
            longest = max(longest, run)
            index += 1
        }
        // A text about keys quotes their first and last lines, too.
        guard !isQuoted || longest >= 16 else { return nil }
        return Match(secrets.index(.privateKey), start, index, tail: .armour)
    }

    /// `--password value`; `-p value`, `-a value` and `-w value` of the programs that take a password so; `-pvalue` of
    /// MySQL's.
    func option(_ reader: inout UnitReader, at start: Int) -> Match? {
        let letter = reader[start + 1]
        let before = reader.before(start)
        guard before != UInt8(ascii: "-"), !UnitClass.isWord(before) else { return nil }
        if letter == UInt8(ascii: "-") {
            guard UnitClass.isLetter(reader[start + 2]) else { return nil }
            var end = start + 3
            while end < start + 42, UnitClass.isWord(reader[end]) || reader[end] == UInt8(ascii: "-") { end += 1 }
            guard reader[end] == 0x20 else { return nil }
            let name = name(&reader, start + 2, end)
            return name.isTelling ? given(&reader, name, after: end) : nil
        }
        let programs: ContextWords
        var place = start + 2
        let isParted = reader[place] == 0x20
        switch letter {
        case UInt8(ascii: "p"): programs = isParted ? Self.logins : Self.databases
        case UInt8(ascii: "a") where isParted: programs = Self.caches
        case UInt8(ascii: "w") where isParted: programs = Self.directories
        default: return nil
        }
        if !isParted, Self.isQuote(reader[place]) { place += 1 }
        let name = Name(isGeneric: true, isPassword: true)
        guard let value = isParted ? given(&reader, name, after: place) : value(&reader, name, at: place),
            programs.stand(before: start, in: reader, reach: 190)
        else { return nil }
        return value
    }

    private static let logins = ContextWords(
        "docker login ,podman login ,buildah login ,skopeo login ,nerdctl login ,registry login ,oc login ,az login "
            + ",cf login ,sshpass ,mongo ,mongosh ,mongodump ,mongorestore ,mongoexport ,mongoimport "
    )
    private static let databases = ContextWords(
        "mysql ,mysqldump ,mysqladmin ,mysqlimport ,mariadb ,mariadb-dump ,sshpass "
    )
    private static let caches = ContextWords("redis-cli ")
    private static let directories = ContextWords("ldapsearch ,ldapadd ,ldapmodify ,ldapdelete ,ldapwhoami ")

    /// `-u name:password` and `--user name:password` of curl.
    func curlUser(_ reader: inout UnitReader, at start: Int) -> Match? {
        var index: Int
        if reader.has("-u", at: start) {
            index = start + 2
        } else if reader.has("--user", at: start) {
            index = start + 6
        } else {
            return nil
        }
        guard reader[index] == 0x20 || reader[index] == UInt8(ascii: "="),
            Self.curl.stand(before: start, in: reader, reach: 190)
        else { return nil }
        while index < start + 12, reader[index] == 0x20 || reader[index] == UInt8(ascii: "=") { index += 1 }
        while Self.isQuote(reader[index]), index < start + 14 { index += 1 }
        let from = index
        var colon: Int?
        while index < from + 120 {
            let unit = reader[index]
            if unit == 0x20 || unit == UInt8(ascii: "\n") || unit == UInt8(ascii: "\r") || unit == 0 { break }
            if Self.isQuote(unit) {
                if let colon { if index > colon + 2 { break } } else if reader[index + 1] != UInt8(ascii: ":") { break }
            }
            if unit == UInt8(ascii: "$") && (index == from || colon == index - 1 || colon == index - 2) { return nil }
            if unit == UInt8(ascii: "<") || unit == UInt8(ascii: "*") { return nil }
            if unit == UInt8(ascii: ":"), colon == nil { colon = index }
            index += 1
        }
        guard let colon, colon - from >= 1, index - colon > 4 else { return nil }
        var isPlaceholder = index - colon < 14
        for place in colon + 1..<index where UnitClass.isDigit(reader[place]) || !UnitClass.isLetter(reader[place]) {
            if !Self.isQuote(reader[place]) { isPlaceholder = false }
        }
        if reader[from] == UInt8(ascii: "{") && reader[from + 1] == UInt8(ascii: "{") { return nil }
        guard !isPlaceholder, Entropy.bits(&reader, colon + 1, index) >= 2 else { return nil }
        return Match(secrets.index(.curlUser), from, index)
    }

    /// `scheme://name:password@host`, where `body` is what comes after `//`.
    func urlCredentials(_ reader: inout UnitReader, body: Int) -> Match? {
        var index = body
        var colon: Int?
        while index < body + 160 {
            let unit = reader[index]
            if unit == UInt8(ascii: "@") { break }
            if unit == UInt8(ascii: ":"), colon == nil { colon = index }
            guard UnitClass.isAlphanumeric(unit) || Self.isAuthorityUnit(unit) else { return nil }
            if unit == UInt8(ascii: "$") || unit == UInt8(ascii: "{") { return nil }
            index += 1
        }
        guard reader[index] == UInt8(ascii: "@"), UnitClass.isAlphanumeric(reader[index + 1]) else { return nil }
        guard let colon else {
            // A token that stands for both: `https://token@host`.
            guard index - body >= 20, isRandom(&reader, body, index, Name(isGeneric: true)) else { return nil }
            return Match(secrets.index(.urlCredentials), body, index)
        }
        guard index - colon > 4, !isShown(&reader, colon + 1, index) else { return nil }
        guard Entropy.bits(&reader, colon + 1, index) >= 2 else { return nil }
        return Match(secrets.index(.urlCredentials), body, index)
    }

    /// Whether a password is one of those that manuals show.
    private func isShown(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        Self.shown.contains { $0.count == end - start && reader.hasCaseless($0, at: start) }
    }

    private static let shown = ["password", "passwd", "pass", "secret", "changeme", "example"].map { Array($0.utf8) }

    private static func isAuthorityUnit(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"),
            UInt8(ascii: "#"), UInt8(ascii: "^"), 0x26...0x2C, UInt8(ascii: "!"), UInt8(ascii: ";"),
            UInt8(ascii: "="), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}

/// Keys that the manuals of AWS show, which are nobody's.
enum DocumentedKeys {
    static func contains(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        var end = end
        while end > start, reader[end - 1] == UInt8(ascii: ".") { end -= 1 }
        if end - start == 20 {
            guard reader.has("EXAMPLE", at: end - 7) else { return false }
            return reader.has("AKIA", at: start) || reader.has("ASIA", at: start)
        }
        guard end - start == 40 || end - start == 41, reader.has("EXAMPLEKEY", at: end - 10) else { return false }
        return secrets.contains { $0.count == end - start && reader.has($0, at: start) }
    }

    private static let secrets = [
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY",
        "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
    ].map { Array($0.utf8) }
}

/// What may stand in an armoured key: base64, headers, line ends, also written as `\n`, and what quotes its lines in
/// programs, mails, links and markup.
enum Armour {
    @inline(__always)
    static func contains(_ unit: UInt8) -> Bool {
        if UnitClass.isAlphanumeric(unit) || UnitClass.isSpace(unit) { return true }
        switch unit {
        case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ","),
            UInt8(ascii: "\\"), UInt8(ascii: "."), UInt8(ascii: "-"):
            return true
        default: return isJoint(unit)
        }
    }

    /// `"…" +`, `> …`, `%0A`, `&#10;`.
    @inline(__always)
    static func isJoint(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ">"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "#"), UInt8(ascii: ";"):
            true
        default: false
        }
    }
}
