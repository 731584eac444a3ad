import RegularExpressions

/// What is a value that is a secret, and what only stands where one would.
extension SecretRecogniser {
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
    static func leads(_ unit: UInt8) -> Bool {
        unit == 0x20 || isQuote(unit) || unit == 0x09 || unit == UInt8(ascii: "*") || unit == UInt8(ascii: "[")
            || unit == TextUnits.other
    }

    /// Whether a unit is of a script that has no spaces between words.
    @inline(__always)
    static func isIdeograph(_ unit: UInt8) -> Bool {
        unit >= 0x80 && unit <= TextUnits.ideograph && !UnitClass.isForeign(unit)
    }

    func lead(_ reader: inout UnitReader, _ start: Int) -> Name? {
        var index = start
        var isQuoted = false
        var isBelow = false
        while index > start - 12 {
            let unit = reader.before(index)
            if unit == 0x0A {
                isBelow = true
            } else if Self.isQuote(unit) {
                isQuoted = true
            } else if Self.isLiteral(unit), isQuoted, Self.isQuote(reader.before(index + 1)),
                !UnitClass.isWord(reader.before(index - 1))
            {
                // `f"v"`, `N'v'`
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
        var isDashed = false
        if reader.before(index) == UInt8(ascii: "-") {
            // `name -> v`, `name <- v`, `name - v`
            if hasSign, reader.before(index + 1) == UInt8(ascii: ">") {
                index -= 1
            } else if !hasSign, reader.before(index - 1) == UInt8(ascii: "<") {
                index -= 2
                hasSign = true
            } else if !hasSign, !isQuoted, reader.before(index - 1) == 0x20 {
                index -= 1
                hasSign = true
                isDashed = true
            }
        }
        // `char name[] = "v"`
        if hasSign, reader.before(index) == 0x20, reader.before(index - 1) == UInt8(ascii: "]") { index -= 1 }
        if hasSign, reader.before(index) == UInt8(ascii: "]"), reader.before(index - 1) == UInt8(ascii: "[") {
            index -= 2
        }
        guard hasSign || index == blank && !isBelow else { return nil }
        if !hasSign, isQuoted, reader.before(index) == UInt8(ascii: ",") {
            index -= 1
            if reader.before(index) == 0x20 { index -= 1 }
            guard Self.isQuote(reader.before(index)) else { return nil }
            hasSign = true
            isListed = true
        }
        // `password (for now): v`, `[password] v`
        if reader.before(index) == UInt8(ascii: ")") { index = Self.beforeNote(reader, index) }
        if !hasSign, reader.before(index) == UInt8(ascii: "]") { index -= 1 }
        let sign = index
        // Values of several names stand below each other.
        while index > sign - (hasSign ? 32 : 5),
            Self.leads(reader.before(index)) || hasSign && reader.before(index) == UInt8(ascii: "\\")
        {
            index -= 1
        }
        var word = Self.word(reader, before: index)
        // Words of scripts whose units are not letters throughout.
        if word.isEmpty || UnitClass.isForeign(reader.before(index)) || Self.isIdeograph(reader.before(index)),
            Self.eastern.stand(before: index, in: reader, reach: 10, within: true)
        {
            return Name(isGeneric: true, isPassword: true)
        }
        if word.isEmpty { return nil }
        // `my password's v`
        if !hasSign, Self.is(reader, word, "s"), reader.before(word.lowerBound) == UInt8(ascii: "'") {
            word = Self.word(reader, before: word.lowerBound - 1)
            hasSign = true
        }
        if Self.isCopula(reader, word) || hasSign && Self.isType(reader, word) {
            // Between a verb and what it is said of there is a space, and before a type as well.
            guard reader.before(word.lowerBound) == 0x20 else { return nil }
            let isTo = Self.is(reader, word, "to")
            hasSign = !isTo
            let verb = word.lowerBound - 1
            word = Self.word(reader, before: verb)
            if word.isEmpty { return nil }
            if isTo {
                // `the password to v`, `the password was changed to v`
                let telling = self.name(&reader, word.lowerBound, word.upperBound)
                guard
                    telling.isPassword
                        || Self.changes.contains(where: { Self.is(reader, word, $0) })
                            && Self.sentences.stand(before: verb, in: reader, reach: 40)
                else { return nil }
                return Name(isGeneric: true, isPassword: true, isLoose: true)
            }
            if Self.sentences.stand(before: verb, in: reader, reach: 40) {
                var name = name(&reader, word.lowerBound, word.upperBound)
                if !name.isTelling { name = Self.unnamed }
                return name
            }
            if Self.keySentences.stand(before: verb, in: reader, reach: 24) {
                let telling = self.name(&reader, word.lowerBound, word.upperBound)
                return telling.isTelling ? telling : Name(isGeneric: true, isLoose: true)
            }
        }
        // `password 0 v` of routers says how it is written, and keys are numbered: `Key 1: v`.
        if !isDashed, word.count == 1, UnitClass.isDigit(reader.before(word.upperBound)),
            reader.before(word.lowerBound) == 0x20
        {
            word = Self.word(reader, before: word.lowerBound - 1)
        }
        var name = name(&reader, word.lowerBound, word.upperBound)
        if name.isBare, !hasSign || isListed || isDashed { return nil }
        name.isLoose = !hasSign || isListed || isDashed || name.isLoose
        if isDashed, !name.isPassword { return nil }
        guard reader.before(word.lowerBound) == 0x20 else {
            return (hasSign ? name.isTelling : name.isGeneric) ? name : nil
        }
        let first = Self.word(reader, before: word.lowerBound - 1)
        if !name.isGeneric {
            // `API key`, `IDENTIFIED BY`
            if Self.is(reader, word, "key"), Self.keys.contains(where: { Self.is(reader, first, $0) }) {
                name.isGeneric = true
            } else if Self.is(reader, word, "by"), Self.identified.stand(before: word.lowerBound, in: reader, reach: 48)
            {
                name.isGeneric = true
                name.isPassword = true
                name.isLoose = !isQuoted
            } else if hasSign, isPhrase(&reader, word, after: first) {
                name.isGeneric = true
                name.isPassword = true
            } else if hasSign, Self.is(reader, word, "key"), isVendor(&reader, first) {
                // `my OpenAI key is v`
                name.isGeneric = true
            } else if hasSign, reader.before(blank) == UInt8(ascii: ":"), !name.isTelling,
                isOfPassword(&reader, word)
            {
                // `password of the server: v`
                name = Self.unnamed
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

    /// Whether a word ends what a password is of: `password for the server`, `senha do banco`, `mot de passe du compte`.
    private func isOfPassword(_ reader: inout UnitReader, _ last: Range<Int>) -> Bool {
        var word = last
        for _ in 0..<4
        where reader.before(word.lowerBound) == 0x20 || reader.before(word.lowerBound) == UInt8(ascii: "'") {
            let previous = Self.word(reader, before: word.lowerBound - 1)
            if previous.isEmpty { return false }
            if Self.is(reader, previous, "passe") || name(&reader, previous.lowerBound, previous.upperBound).isPassword
            {
                // A word of what it is for, where one of what about it is said would be longer.
                return word.count <= 4
            }
            word = previous
        }
        return false
    }

    /// Names of two words: `mot de passe`, `palavra passe`, `mật khẩu`, `clé API`, `clave de acceso`.
    private func isPhrase(_ reader: inout UnitReader, _ word: Range<Int>, after first: Range<Int>) -> Bool {
        if Self.is(reader, word, "passe") { return Self.is(reader, first, "de") || Self.is(reader, first, "palavra") }
        if Self.is(reader, word, "api"), first.count == 3 { return Self.begins(reader, first, with: "cl") }
        if Self.is(reader, word, "acceso") { return Self.is(reader, first, "de") }
        if Self.is(reader, word, "sandi") { return Self.is(reader, first, "kata") }
        return word.count == 4 && first.count == 3 && Self.begins(reader, word, with: "kh")
            && Self.begins(reader, first, with: "m")
    }

    /// Whether a word names somebody whose keys have forms of their own.
    private func isVendor(_ reader: inout UnitReader, _ word: Range<Int>) -> Bool {
        !word.isEmpty && !name(&reader, word.lowerBound, word.upperBound).rules.isEmpty
    }

    private static let identified = ContextWords("identified")

    /// What a password is changed with.
    private static let changes: [StaticString] = ["set", "changed", "reset", "updated", "back", "now", "equal"]

    /// What marks a literal: `f"…"`, `b'…'`, `N'…'`.
    private static func isLiteral(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "f"), UInt8(ascii: "b"), UInt8(ascii: "r"), UInt8(ascii: "u"), UInt8(ascii: "N"),
            UInt8(ascii: "L"), UInt8(ascii: "@"), UInt8(ascii: "$"):
            true
        default: false
        }
    }

    /// Where what stands in parentheses before a place begins, and the space before it; the place where there is none.
    private static func beforeNote(_ reader: borrowing UnitReader, _ end: Int) -> Int {
        var index = end - 1
        while index > end - 24, reader.before(index) == 0x20 || UnitClass.isWord(reader.before(index)) { index -= 1 }
        guard reader.before(index) == UInt8(ascii: "("), reader.before(index - 1) == 0x20 else { return end }
        return index - 2
    }

    static func isLeadingSign(_ unit: UInt8) -> Bool {
        isSign(unit) || unit == UInt8(ascii: ".") || unit == UInt8(ascii: "+")
    }

    /// The name or word that ends before a place: where it begins and ends, as places of units.
    static func word(_ reader: borrowing UnitReader, before end: Int) -> Range<Int> {
        var start = end
        while start > end - 48, start > 0 {
            let unit = reader.before(start)
            guard
                UnitClass.isWord(unit) || unit == UInt8(ascii: "-") || unit == UInt8(ascii: ".")
            else { break }
            start -= 1
        }
        return start..<max(start, end)
    }

    static func `is`(_ reader: borrowing UnitReader, _ word: Range<Int>, _ literal: StaticString) -> Bool {
        guard word.count == literal.utf8CodeUnitCount else { return false }
        for (offset, place) in word.enumerated()
        where UnitClass.lowercased(reader.before(place + 1)) != (unsafe literal.utf8Start[offset]) { return false }
        return true
    }

    static func isCopula(_ reader: borrowing UnitReader, _ word: Range<Int>) -> Bool {
        guard word.count <= 6 else { return false }
        // `é`, `è`, `är`
        let last = reader.before(word.upperBound)
        if word.count <= 3, UnitClass.isForeign(reader.before(word.lowerBound + 1)) {
            return last == UInt8(ascii: "r") || UnitClass.isForeign(last)
        }
        return verbs.contains { `is`(reader, word, $0) }
    }

    /// What stands between what is told and its value.
    private static let verbs: [StaticString] = ["is", "was", "to", "lautet", "ist", "es", "est", "je", "er"]

    static func isType(_ reader: borrowing UnitReader, _ word: Range<Int>) -> Bool {
        `is`(reader, word, "string") || `is`(reader, word, "str") || `is`(reader, word, "text")
    }

    /// What says in a sentence that a password comes, with a few words between it and the verb.
    static let sentences = ContextWords(
        """
        password, passphrase, passwort, kennwort, mot de passe, contraseña, contrasena, senha, palavra-passe, hasło, \
        heslo, lösenord, lösenordet, wachtwoord, adgangskode, adgangskoden, passord, passordet, parola, root pw, пароль, токен, \
        كلمة المرور, كلمة السر
        """
    )
    /// What says in a sentence that a key comes: `the token for deployments is v`.
    static let keySentences = ContextWords("token, api key, access key, secret key, client secret")
    /// The same in scripts without spaces, right before the value.
    static let eastern = ContextWords(
        """
        密码, 密码是, 密码为, 密碼, 密碼是, 密碼為, 口令, 口令是, 密钥, 密鑰, 令牌, パスワード, パスワードは, パスワードが, トークン, 秘密鍵, \
        apiキー, 비밀번호, 비밀번호는, 패스워드, 비번, 암호, 암호는, api 키, पासवर्ड, \
        รหัสผ่าน
        """
    )

    /// What stands before `key` where that is a secret.
    static let keys: [StaticString] = [
        "api", "secret", "access", "private", "unseal", "recovery",
        "wpa", "wifi", "network", "hmac", "aes", "product", "activation", "webhook", "encryption", "signing", "license",
        "master",
        "account", "subscription",
    ]

    /// The value of a member of a secret in Kubernetes' YAML, which is base64.
    func data(_ reader: inout UnitReader, _ start: Int, after colon: Int) -> Match? {
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
    func isRandom(_ reader: inout UnitReader, _ start: Int, _ end: Int, _ name: Name) -> Bool {
        var digits = 0
        var letters = 0
        var dots = 0
        var signs = 0
        for index in start..<end {
            let unit = reader[index]
            if UnitClass.isDigit(unit) { digits += 1 } else if UnitClass.isLetter(unit) { letters += 1 }
            if Self.isPasswordSign(unit) { signs += 1 }
            if unit == UInt8(ascii: ".") || unit == UInt8(ascii: "/") { dots += 1 }
            if unit == UInt8(ascii: "."), reader[index + 1] == unit { return false }
        }
        let isQuoted = name.isPassword && !name.isLoose && (name.isHead || isQuoted(&reader, start, end))
        guard letters > 0, digits > 0 || isQuoted && signs > 0, dots * 8 < end - start else { return false }
        let first = reader[start]
        if first == UInt8(ascii: "$") || first == UInt8(ascii: "%") || first == UInt8(ascii: "@") { return false }
        if reader[end] == UInt8(ascii: "(") || reader[end] == UInt8(ascii: "{") || reader[end] == UInt8(ascii: "[") {
            return false
        }
        let isHex = (start..<end).allSatisfy { UnitClass.isHex(reader[$0]) }
        guard Entropy.bits(&reader, start, end) >= leastEntropy(name, end - start, isQuoted, isHex) else {
            return false
        }
        if name.isLoose, signs > 0 { return !isReference(&reader, start, end) }
        return !isReference(&reader, start, end) && !isMadeOfWords(&reader, start, end, name)
    }

    /// What people choose repeats itself more than what machines do, and so does what is shorter or of fewer characters.
    private func leastEntropy(_ name: Name, _ length: Int, _ isQuoted: Bool, _ isHex: Bool) -> Double {
        if isHex, length >= 20 { return 3 }
        if name.isPassword {
            if length < 16 { return isQuoted ? 2.2 : name.isLoose ? 2.75 : 2.5 }
            return name.isLoose ? 3.2 : 3
        }
        return length < 16 && !name.isLoose ? 3 : 3.5
    }

    /// Whether quotation marks stand around a value.
    func isQuoted(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        let quote = reader.before(start)
        guard Self.isQuote(quote) else { return false }
        if reader[end] == quote { return true }
        // `\"v\"`
        return reader[end] == UInt8(ascii: "\\") && reader[end + 1] == quote
    }

    /// What people add to a password that has to have a sign.
    @inline(__always)
    static func isPasswordSign(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "!"), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
            UInt8(ascii: "^"), UInt8(ascii: "&"), UInt8(ascii: "*"):
            true
        default: false
        }
    }

    /// Whether a value says where the secret is, or stands in its place: a resource's name, a link, a member of an object
    /// in a program, `YOUR_…`.
    func isReference(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        // The address of a token of Ethereum's is public; a key has more digits.
        if end - start == 42, reader.has("0x", at: start) { return true }
        if reader.has("env:", at: start) || reader.has("file:", at: start) || reader.has("ssm:", at: start) {
            return true
        }
        if reader.has("arn:", at: start) || reader.hasCaseless(Self.your, at: start) || isInName(reader, start) {
            return true
        }
        var place = start
        while place < start + 12, UnitClass.isLetter(reader[place]) || reader[place] == UInt8(ascii: "+") { place += 1 }
        if place > start, reader.has("://", at: place) { return true }
        // `var.db_password_v2`, `process.env.KEY2`, `TokenKind.Identifier2`
        let before = reader.before(start)
        guard before != UInt8(ascii: "\""), before != UInt8(ascii: "'") else { return false }
        place = start
        while place < start + 32, UnitClass.isLetter(reader[place]) || reader[place] == UInt8(ascii: "_") { place += 1 }
        guard place >= start + 3, place < end - 1, reader[place] == UInt8(ascii: ".") else { return false }
        for index in place..<end where !UnitClass.isWord(reader[index]) && reader[index] != UInt8(ascii: ".") {
            return false
        }
        return true
    }

    /// Whether a place is within the name of one of AWS's resources, `arn:aws:secretsmanager:…`.
    func isInName(_ reader: borrowing UnitReader, _ start: Int) -> Bool {
        var index = start
        while index > start - 120, values.contains(reader.before(index)) { index -= 1 }
        return index < start - 4 && reader.before(index + 1) == UInt8(ascii: "a")
            && reader.before(index + 2) == UInt8(ascii: "r") && reader.before(index + 3) == UInt8(ascii: "n")
            && reader.before(index + 4) == UInt8(ascii: ":")
    }

    /// Whether an authorization is a place for one: `$TOKEN`, `YOUR_TOKEN`.
    func isStandIn(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        let first = reader[start]
        if first == UInt8(ascii: "$") || first == UInt8(ascii: "%") || reader.hasCaseless(Self.your, at: start) {
            return true
        }
        for index in start..<end where !UnitClass.isUpper(reader[index]) && reader[index] != UInt8(ascii: "_") {
            return false
        }
        return true
    }

    static let your = Array("your".utf8)

    /// Whether a value is made of words and small numbers, such as the name of something: `my-release-postgresql-1`,
    /// `/run/secrets/db_1`.
    ///
    /// A password may be made of them, but for a path.
    func isMadeOfWords(_ reader: inout UnitReader, _ start: Int, _ end: Int, _ name: Name) -> Bool {
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
            guard inner == 0 || inner == 1 && letters >= 8 || uppers == letters && (!hasLower || letters <= 4) else {
                return false
            }
            parts += 1
            if letters >= 2 { words += 1 }
        }
        guard words * 2 >= parts else { return false }
        if !hasLower {
            return isConstant && parts > 1 && !isPath
                || parts == 1 && end - start <= 18 && isSpelled(&reader, start, end)
        }
        if name.isLoose { return true }
        return name.isPassword ? isPath && parts > 2 : parts > 1
    }

    /// Whether a value is one word with a digit or two behind it.
    private func isSpelled(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        for place in start..<end - 2 where !UnitClass.isLetter(reader[place]) { return false }
        return true
    }

    static let schemes = [
        "bearer ", "basic ", "token ", "api-token ", "apikey ", "api-key ", "digest ", "ssws ", "splunk ", "geniekey ",
        "jwt ",
    ].map {
        Array($0.utf8)
    }
    static let values: UnitSet = {
        var set = UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A)
        for unit in "_.=+/~@!#$%^&*:-|".utf8 { set.insert(unit...unit) }
        return set
    }()
    static let valueBits = UnitBits(values)

    static func mayAssign(_ unit: UInt8) -> Bool {
        isSign(unit) || unit == 0x20 || isQuote(unit) || unit == UInt8(ascii: "]") || unit == UInt8(ascii: "\\")
            || unit == 0
    }

    /// Whether a sign follows behind spaces and quotation marks, or may follow in what has not come yet.
    static func mayBeAssigned(_ reader: borrowing UnitReader, _ end: Int, _ unit: UInt8) -> Bool {
        var index = unit == UInt8(ascii: "]") ? end + 1 : end
        let last = min(index + (unit == 0x20 ? widest + 1 : 5), reader.count)
        while index < last {
            let unit = reader.before(index + 1)
            if isSign(unit) { return true }
            guard isGap(unit) || unit == UInt8(ascii: "]") else { return false }
            index += 1
        }
        // After four of them nothing else is passed over.
        return index == reader.count
    }

    static func isSign(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ">"), UInt8(ascii: "|"), UInt8(ascii: "?"):
            true
        default: false
        }
    }

    static func isQuote(_ unit: UInt8) -> Bool {
        unit == UInt8(ascii: "\"") || unit == UInt8(ascii: "'") || unit == UInt8(ascii: "`")
    }

    static func trails(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "*"), UInt8(ascii: "|"): true
        default: false
        }
    }
}
