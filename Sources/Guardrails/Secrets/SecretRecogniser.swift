import RegularExpressions

/// Secrets that need to be looked at with what stands around them.
struct SecretRecogniser {
    let rules: OutputRules
    let secrets: SecretRules
    /// What a value may be made of.
    let values: UnitBits

    init(rules: OutputRules) {
        self.rules = rules
        secrets = rules.secrets
        values = Self.valueBits
    }

    /// `name = value`, where the name, `start` to `end`, was read already.
    func assignment(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Match? {
        guard end - start <= 64 else { return nil }
        var index = end
        var unit = reader[index]
        if unit == UInt8(ascii: "&") { return marked(&reader, start, end) }
        // What most words are followed by is looked at before the name, which costs more.
        guard Self.mayAssign(unit) else { return nil }
        if unit == 0x20, end - start == 3, reader.has("ENV", at: start) { return environment(&reader, after: end) }
        if index + 1 < reader.count, !Self.isSign(unit) {
            guard Self.mayAssign(reader[index + 1]) || reader[index + 1] == 0x09 else { return nil }
        }
        guard Self.mayBeAssigned(reader, end, unit) else { return nil }
        if end - start >= 6, end - start <= 15, let told = toldByKind(&reader, start, end) { return told }
        // The same of the value, which is shorter than a name most of the time.
        let isAuthorization = end - start >= 13 && reader.hasCaseless(Self.authorization, at: end - 13)
        guard isAuthorization || !isShort(reader, after: end) else { return nil }
        var name = name(&reader, start, end)
        name.isAuthorization = isAuthorization
        guard name.isTelling else { return untold(&reader, start, end) }
        if unit == UInt8(ascii: "]") {
            index += 1
            unit = reader[index]
        }
        var quotes = 0
        while quotes < (unit == 0x20 ? Self.widest : 4), Self.isGap(unit) || unit == UInt8(ascii: "]") {
            quotes += 1
            index += 1
            unit = reader[index]
        }
        let sign = index
        while index < sign + 4, Self.isSign(reader[index]) { index += 1 }
        guard index > sign else { return nil }
        if reader.has("<![CDATA[", at: index) { index += 9 }
        if index == sign + 1, reader[sign] == UInt8(ascii: ":"), let typed = Self.pastType(&reader, index) {
            index = typed
        }
        var spaces = 0
        while spaces < (reader[index] == 0x20 ? Self.widest : 6) {
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
    func isShort(_ reader: borrowing UnitReader, after end: Int) -> Bool {
        var index = end
        if reader.before(index + 1) == UInt8(ascii: "]") { index += 1 }
        var quotes = 0
        while quotes < (reader.before(index + 1) == 0x20 ? Self.widest : 4),
            Self.isGap(reader.before(index + 1)) || reader.before(index + 1) == UInt8(ascii: "]")
        {
            quotes += 1
            index += 1
        }
        let sign = index
        while index < sign + 4, Self.isSign(reader.before(index + 1)) { index += 1 }
        guard index > sign else { return false }
        var spaces = 0
        while spaces < (reader.before(index + 1) == 0x20 ? Self.widest : 6) {
            let unit = reader.before(index + 1)
            guard UnitClass.isSpace(unit) || Self.isGap(unit) || unit == UInt8(ascii: "(") else { break }
            spaces += 1
            index += 1
        }
        let value = index
        while index < value + 6, values.contains(reader.before(index + 1)) { index += 1 }
        // What comes next is there, so that nothing is said of what may go on.
        guard index < value + 6, index < reader.count else { return false }
        // `<![CDATA[`
        if index == value, reader.before(index + 1) == UInt8(ascii: "<") { return false }
        // `name: str = "value"`, `name: str="value"`, `name: Any? = "value"`
        let next = reader.before(index + 1)
        if index > value, reader.before(index) == UInt8(ascii: "=") || Self.isTypeSign(next) { return false }
        return next != 0x20 || index + 1 < reader.count && reader.before(index + 2) != UInt8(ascii: "=")
    }

    /// How far apart names and values stand where several are set below each other.
    static let widest = 24

    /// A name between signs of HTML or XML that are written as entities: `&lt;password&gt;v`.
    private func marked(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Match? {
        guard reader.has("&gt;", at: end) else { return nil }
        let name = name(&reader, start, end)
        return name.isTelling ? value(&reader, name, at: end + 4) : nil
    }

    /// What has a form of its own behind a name of its own: a key of PuTTY's, the words that a wallet is restored from.
    private func toldByKind(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Match? {
        switch end - start {
        case 13 where reader[end] == UInt8(ascii: ":") && reader.hasCaseless(Self.privateLines, at: start):
            return puttyKey(&reader, end + 1)
        case 6 where reader.hasCaseless(Self.phrase, at: start):
            return Self.wallets.stand(before: start, in: reader, reach: 12) ? mnemonic(&reader, end) : nil
        case 8...15 where reader.hasCaseless(Self.mnemonicWord, at: end - 8): return mnemonic(&reader, end)
        default: return nil
        }
    }

    static let phrase = Array("phrase".utf8)
    static let mnemonicWord = Array("mnemonic".utf8)
    static let wallets = ContextWords("seed, seed_, recovery, recovery_, secret, mnemonic, backup")

    /// What is given to a name that says nothing of itself.
    private func untold(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Match? {
        switch reader[end] {
        case UInt8(ascii: ":"): return data(&reader, start, after: end + 1)
        case UInt8(ascii: "="):
            return session(&reader, start, end) ?? sharedAccess(&reader, start, end)
        case UInt8(ascii: "\""):
            return end - start == 1 ? jsonWebKey(&reader, start) : nil
        default: return nil
        }
    }

    /// Where the quotation mark stands of `name: Type = "value"`; nil where no type stands after the colon.
    static func pastType(_ reader: inout UnitReader, _ start: Int) -> Int? {
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

    static func isTypeSign(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "&"), UInt8(ascii: "?"), UInt8(ascii: "."), UInt8(ascii: "<"), UInt8(ascii: ">"): true
        default: false
        }
    }

    static func isGap(_ unit: UInt8) -> Bool {
        unit == 0x20 || unit == 0x09 || isQuote(unit) || unit == UInt8(ascii: "\\")
    }

    /// What a name says of its value.
    struct Name {
        var rules: [Int] = []
        /// What holds of it, a bit each: it is copied often.
        private var traits: UInt8 = 0

        init(isGeneric: Bool = false, isPassword: Bool = false, isLoose: Bool = false, isHead: Bool = false) {
            self.isGeneric = isGeneric
            self.isPassword = isPassword
            self.isLoose = isLoose
            self.isHead = isHead
        }

        var isGeneric: Bool {
            get { self[0] }
            set { self[0] = newValue }
        }
        var isPassword: Bool {
            get { self[1] }
            set { self[1] = newValue }
        }
        var isAuthorization: Bool {
            get { self[2] }
            set { self[2] = newValue }
        }
        var isValue: Bool {
            get { self[3] }
            set { self[3] = newValue }
        }
        /// Whether no sign stands between it and what may be its value.
        var isLoose: Bool {
            get { self[4] }
            set { self[4] = newValue }
        }
        /// Whether it stands at the head of the column that the value is in.
        var isHead: Bool {
            get { self[5] }
            set { self[5] = newValue }
        }
        /// Whether it is `key` and nothing else, as most that are called so are no secrets.
        var isBare: Bool {
            get { self[6] }
            set { self[6] = newValue }
        }
        var isTelling: Bool { !rules.isEmpty || isGeneric || isAuthorization || isValue }

        private subscript(_ bit: UInt8) -> Bool {
            get { traits >> bit & 1 != 0 }
            set { traits = newValue ? traits | 1 << bit : traits & ~(1 << bit) }
        }
    }

    func name(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Name {
        var found = Name()
        guard end - start > 1 else { return found }
        var isHarmless = false
        var second = UnitClass.lowercased(reader[start])
        var third = UnitClass.lowercased(reader[start + 1])
        for at in start..<end - 1 {
            let first = second
            second = third
            third = at + 2 < end ? UnitClass.lowercased(reader[at + 2]) : 0
            guard secrets.mayName(first, second), third == 0 || secrets.mayName(first, second, third) else { continue }
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
        // `OPENAI_KEY`
        if !found.isGeneric, !found.rules.isEmpty, Self.ends(reader, start..<end, with: "key") {
            found.isGeneric = true
        }
        if !found.isGeneric, end - start == 3, reader.hasCaseless(Self.keyWord, at: start), isAlone(reader, start) {
            found.isGeneric = true
            found.isBare = true
        }
        // They mean a key, a clef or a word as well.
        if found.isGeneric,
            Self.ends(reader, start..<end, with: "clave") || Self.ends(reader, start..<end, with: "parola")
        {
            found.isLoose = true
        }
        if isHarmless {
            found.isGeneric = false
            found.isPassword = false
        }
        // `"name": "API_TOKEN", "value": "…"`, `variable "password" { default = "…" }`: the name stands before.
        if !found.isGeneric, isValue(&reader, start, end), Self.named.stand(before: start, in: reader, within: true),
            !Self.forgeries.stand(before: start, in: reader)
        {
            found.isGeneric = true
            found.isPassword = Self.namedPassword.stand(before: start, in: reader, within: true)
        }
        found.isValue =
            end - start == 5 && reader.hasCaseless(Self.valueWord, at: start)
            && Self.password.stand(before: start, in: reader)
        return found
    }

    /// Whether no word stands before a name that says which one it is, as in `the primary key`.
    private func isAlone(_ reader: borrowing UnitReader, _ start: Int) -> Bool {
        guard reader.before(start) == 0x20 else { return true }
        let word = Self.word(reader, before: start - 1)
        return !UnitClass.isWord(reader.before(start - 1)) || Self.setters.contains { Self.is(reader, word, $0) }
    }

    /// What stands before a name that is set.
    private static let setters: [StaticString] = ["export", "set", "setx", "env", "-e", "--env", "let", "const", "var"]

    /// `pass`, `db_pass`, `smtpPass`, but neither `compass` nor `bypass`; the same of `pw` and `mdp`.
    func isPass(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        for word in Self.short where end - start >= word.count && reader.hasCaseless(word, at: end - word.count) {
            let before = reader.before(end - word.count)
            return end - start == word.count || !UnitClass.isAlphanumeric(before)
                || UnitClass.isUpper(reader[end - word.count]) && !UnitClass.isUpper(before)
        }
        return false
    }

    /// Names that count where they stand on their own only.
    static let short = ["pass", "pw", "mdp"].map { Array($0.utf8) }

    func isValue(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        end - start == 5 && reader.hasCaseless(Self.valueWord, at: start)
            || end - start == 7 && reader.hasCaseless(Self.defaultWord, at: start)
            || end - start == 6 && reader.hasCaseless(Self.stringWord, at: start)
    }

    /// The names of ``SecretTable/generic`` where they end.
    static let named = ended(SecretTable.generic + ["secret_key", "secretkey"])
    /// Tokens of forms, which are no secrets of anybody's.
    static let forgeries = ended([
        "authenticity_token", "csrf_token", "csrftoken", "csrfmiddlewaretoken", "xsrf_token",
        "__requestverificationtoken",
    ])
    static let namedPassword = ended(SecretTable.generic.filter { $0.hasPrefix("pass") || $0 == "pwd" })

    static func ended(_ names: [String]) -> ContextWords {
        ContextWords(names.flatMap { ["\($0)\"", "\($0)'", "\($0)\n", "\($0)</key>"] }.joined(separator: ","))
    }

    static let keyWord = Array("key".utf8)
    static let defaultWord = Array("default".utf8)
    static let stringWord = Array("string".utf8)
    static let privateLines = Array("private-lines".utf8)
    static let password = ContextWords("password\" , password' , password\"")
    static let kubernetes = ContextWords("kind: secret")
    static let curl = ContextWords("curl")
    static let authorization = Array("authorization".utf8)
    static let valueWord = Array("value".utf8)

    /// `ENV name value` of a Dockerfile.
    func environment(_ reader: inout UnitReader, after end: Int) -> Match? {
        let start = end + 1
        var index = start
        while index < start + 64, UnitClass.isWord(reader[index]) { index += 1 }
        guard index > start, reader[index] == 0x20 else { return nil }
        let name = name(&reader, start, index)
        return name.isTelling ? given(&reader, name, after: index) : nil
    }

    /// The value of a name that stands behind blanks, without a sign.
    func given(_ reader: inout UnitReader, _ name: Name, after end: Int) -> Match? {
        var index = end
        while index < end + 4, reader[index] == 0x20 { index += 1 }
        if Self.isQuote(reader[index]) { index += 1 }
        // Another option is no value.
        return reader[index] == UInt8(ascii: "-") ? nil : value(&reader, name, at: index)
    }

    func value(_ reader: inout UnitReader, _ name: Name, at place: Int) -> Match? {
        var start = place
        if name.isAuthorization {
            for scheme in Self.schemes where reader.hasCaseless(scheme, at: start) {
                start += scheme.count
                while start < place + 16, reader[start] == 0x20 { start += 1 }
                break
            }
            // The name of something in a program, or of how a request is signed.
            if start == place, reader.has("AWS4-", at: start) || isIdentifier(&reader, start) { return nil }
        }
        // What is no key is told of by its beginning.
        if name.isBare {
            for place in start..<start + 24 where !Self.isKeyUnit(reader[place]) { return nil }
        }
        var end = start
        while values.contains(reader[end]) {
            // A value within markup that was escaped.
            if reader[end] == UInt8(ascii: "&"), reader.has("&lt;", at: end) || reader.has("&quot;", at: end) { break }
            end += 1
        }
        guard end - start >= 6 else { return nil }
        if DocumentedKeys.contains(&reader, start, end) { return nil }
        // `((name))` stands for what a pipeline puts there.
        if reader.before(start) == UInt8(ascii: "("), reader.before(start - 1) == UInt8(ascii: "(") { return nil }
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
        let isQuoted = isQuoted(&reader, start, end)
        while !isQuoted, end > start, Self.trails(reader[end - 1]) { end -= 1 }
        let length = end - start
        // `abc...` says that something was left out.
        let isCut = whole - end > 1 && reader[end] == UInt8(ascii: ".") || reader.has("...", at: whole - 3)
        let tail: Match.Tail? = end >= place + 200 ? .units(Self.values) : nil
        if name.isAuthorization, length >= 8, !isStandIn(&reader, start, end),
            Entropy.bits(&reader, start, end) >= 2.75
        {
            return Match(secrets.index(.authorization), start, end, tail: tail)
        }
        if name.isValue, length >= 8 { return Match(secrets.index(.nuget), start, end, tail: tail) }
        guard name.isGeneric, !isCut, length >= leastLength(name, isQuoted), isRandom(&reader, start, end, name),
            !isStandingIn(&reader, start, end, name),
            !name.isBare || isDense(&reader, start, end, mayBeHex: isOfSetting(reader, start))
        else { return nil }
        return Match(secrets.index(.generic), start, end, tail: tail)
    }

    /// Whether what a place begins with is written as names in programs are: `_basic_auth_str`, `self.token`.
    private func isIdentifier(_ reader: inout UnitReader, _ start: Int) -> Bool {
        var index = start
        var hasDigit = false
        while UnitClass.isWord(reader[index]) || reader[index] == UInt8(ascii: ".") {
            if UnitClass.isDigit(reader[index]) { hasDigit = true }
            index += 1
        }
        if reader[index] == UInt8(ascii: "(") { return true }
        if hasDigit { return false }
        return !values.contains(reader[index])
    }

    /// Whether a value is such that only a key is, whatever its name: in hexadecimal where that may be, or of letters of
    /// both cases and digits that change more often than those of names in programs do.
    func isDense(_ reader: inout UnitReader, _ start: Int, _ end: Int, mayBeHex: Bool) -> Bool {
        var seen: UInt8 = 0
        var last: UInt8 = 0
        var changes = 0
        var hex = 0
        for place in start..<end {
            let unit = reader[place]
            if UnitClass.isHex(unit) { hex += 1 }
            let kind = UnitClass.table[Int(unit)] & UnitClass.alphanumeric
            if kind == 0 {
                switch unit {
                case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    break
                default: return false
                }
            }
            seen |= kind
            if kind != last, kind != 0 {
                changes += 1
                last = kind
            }
        }
        let length = end - start
        if hex == length { return mayBeHex && length >= 32 && length % 16 == 0 }
        return length >= 16 && seen == UnitClass.alphanumeric && changes * 5 >= length * 2
            && Entropy.bits(&reader, start, end) >= 3.5
    }

    private static func isKeyUnit(_ unit: UInt8) -> Bool {
        UnitClass.isAlphanumeric(unit) || unit == UInt8(ascii: "+") || unit == UInt8(ascii: "/")
            || unit == UInt8(ascii: "_") || unit == UInt8(ascii: "-")
    }

    /// Whether the name before a value ends in capitals, as those of settings do.
    private func isOfSetting(_ reader: borrowing UnitReader, _ start: Int) -> Bool {
        var index = start
        while index > start - 6, !UnitClass.isWord(reader.before(index)) { index -= 1 }
        return UnitClass.isUpper(reader.before(index))
    }

    /// How long a value has to be at least.
    private func leastLength(_ name: Name, _ isQuoted: Bool) -> Int {
        if name.isBare { return 24 }
        if name.isPassword { return isQuoted && !name.isLoose ? 6 : 8 }
        return name.isLoose ? 16 : isQuoted ? 10 : 12
    }

    /// Whether a password is what stands in the place of one: the name of a variable, as `password1` and
    /// `passwordField1` are, rules for it, as `required|min:8`, or one that manuals show.
    private func isStandingIn(_ reader: inout UnitReader, _ start: Int, _ end: Int, _ name: Name) -> Bool {
        guard name.isPassword else { return false }
        for place in start..<end where reader[place] == UInt8(ascii: "|") { return true }
        if reader.hasCaseless(Self.require, at: start) || reader.hasCaseless(Self.minimum, at: start) { return true }
        let isIdentifier =
            reader[end] == UInt8(ascii: ",") || reader[end] == UInt8(ascii: ")") || reader[end] == UInt8(ascii: ";")
        return isIdentifier && !Self.isQuote(reader.before(start)) && reader.hasCaseless(Self.passwordWord, at: start)
    }

    private static let require = Array("require".utf8)
    private static let minimum = Array("min:".utf8)
    private static let passwordWord = Array("password".utf8)

    /// Where a value ends of which a form fits the beginning: what is joined to it without a space is of the same secret.
    func joined(_ reader: inout UnitReader, _ place: Int) -> Int {
        var end = place
        while Self.joins(reader[end]), UnitClass.isAlphanumeric(reader[end + 1]) {
            end += 2
            while UnitClass.isWord(reader[end]) || reader[end] == UInt8(ascii: "-") { end += 1 }
        }
        return end
    }

    static func joins(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
