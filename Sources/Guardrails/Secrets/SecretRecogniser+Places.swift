import RegularExpressions

/// Secrets that stand where a command, a call, a statement or a line of a file has one, without a name before them.
extension SecretRecogniser {
    /// A value in the place of a secret: `vault login v`, `("ann", "v")`, `VALUES (1, 'v')`, `host:5432:db:ann:v`.
    ///
    /// All that tells it is behind it, as for ``led(_:_:)``.
    func placed(_ reader: inout UnitReader, _ start: Int) -> Match? {
        switch reader.before(start) {
        case 0x20: afterSpace(&reader, start) ?? cell(&reader, start)
        case let quote where Self.isQuote(quote): quoted(&reader, start) ?? cell(&reader, start)
        case UInt8(ascii: ":"): afterColon(&reader, start)
        case UInt8(ascii: "/"): afterSlash(&reader, start) ?? cryptHash(&reader, start)
        case UInt8(ascii: "$"), UInt8(ascii: "."): cryptHash(&reader, start)
        case UInt8(ascii: ","): afterComma(&reader, start) ?? cell(&reader, start)
        case UInt8(ascii: "}"): directoryHash(&reader, start)
        case UInt8(ascii: ";"), UInt8(ascii: "|"), 0x09, 0x0A: cell(&reader, start)
        case UInt8(ascii: "*"): databaseHash(&reader, start) ?? cell(&reader, start)
        default: nil
        }
    }

    /// What a value in such a place has to be: nothing says that it is a password but the place.
    static let unnamed = Name(isGeneric: true, isPassword: true, isLoose: true)

    /// How far back the line that a place is on is looked at.
    static let line = 150

    /// Where the command begins that a place is in, as far as it is looked at.
    static func command(_ reader: borrowing UnitReader, _ start: Int) -> Int {
        var index = start
        while index > start - line, index > 0 {
            switch reader.before(index) {
            case 0x0A, 0x0D, UInt8(ascii: "|"), UInt8(ascii: ";"): return index
            default: index -= 1
            }
        }
        return index
    }

    // MARK: - After a space

    private func afterSpace(_ reader: inout UnitReader, _ start: Int) -> Match? {
        if let bearer = bearer(&reader, start) { return bearer }
        let before = Self.word(reader, before: start - 1)
        // `credentials: ann / v`
        if before.isEmpty, reader.before(start - 1) == UInt8(ascii: "/"), reader.before(start - 2) == 0x20 {
            guard Self.logins.stand(before: start - 2, in: reader, reach: 40) else { return nil }
            return value(&reader, Self.unnamed, at: start)
        }
        if Self.is(reader, before, "rp"), reader.before(before.lowerBound) == UInt8(ascii: "/") {
            return Self.tasks.stand(before: before.lowerBound, in: reader, reach: Self.line)
                ? value(&reader, Self.unnamed, at: start) : nil
        }
        if Self.is(reader, before, "-u") { return share(&reader, start) }
        if Self.is(reader, before, "-hashes") { return hashes(&reader, start) }
        if Self.is(reader, before, "use") || Self.is(reader, before, "enter") || Self.is(reader, before, "type") {
            return use(&reader, start)
        }
        if Self.commands.stand(before: start, in: reader, reach: Self.line),
            Self.commands.stand(before: start, in: reader, reach: start - Self.command(reader, start))
        {
            return value(&reader, Self.unnamed, at: start)
        }
        if Self.is(reader, before, "echo") { return echoed(&reader, start) }
        return nil
    }

    /// What stands at the beginning of a command whose arguments may be a secret.
    private static let commands = ContextWords(
        """
        vault login, vault unseal, operator unseal, vault token revoke, vault token renew, vault token lookup, net use, \
        net user, rabbitmqctl add_user, rabbitmqctl change_password, htpasswd -b, htpasswd -cb, htpasswd -bc, \
        htpasswd -bb, htpasswd -nb, redis-cli auth, enable secret, snmp-server community, wpa-psk ascii, unseal key, convertto-securestring
        """
    )

    /// `smbclient //srv/share -U ann%v`.
    private func share(_ reader: inout UnitReader, _ start: Int) -> Match? {
        guard Self.shares.stand(before: start, in: reader, reach: Self.line) else { return nil }
        var index = start
        while index < start + 40, UnitClass.isWord(reader[index]) || Self.isNamePart(reader[index]) { index += 1 }
        guard index > start, reader[index] == UInt8(ascii: "%") else { return nil }
        return value(&reader, Self.unnamed, at: index + 1)
    }

    private static let tasks = ContextWords("schtasks")
    private static let shares = ContextWords("smbclient, rpcclient, smbget, smbmap, net rpc, smbcacls")

    /// What says that a name and a password come.
    static let logins = ContextWords(
        "credentials, creds, login, logins, log in, logon, zugangsdaten, credenciales, identifiants, credenziali"
    )

    /// `Authorization: Bearer v` wherever it stands, `"Authorization", "Basic v"`.
    private func bearer(_ reader: inout UnitReader, _ start: Int) -> Match? {
        let scheme = Self.word(reader, before: start - 1)
        guard (4...8).contains(scheme.count), Self.headers.contains(where: { Self.is(reader, scheme, $0) }) else {
            return nil
        }
        let isBearer = Self.is(reader, scheme, "bearer")
        let isNamed = Self.headerNames.stand(before: scheme.lowerBound, in: reader, reach: 24)
        guard isBearer || isNamed else { return nil }
        var end = start
        while values.contains(reader[end]) || reader[end] == UInt8(ascii: "-") { end += 1 }
        let tail: Match.Tail? = end >= start + 200 ? .units(Self.values) : nil
        while end > start, Self.trails(reader[end - 1]) { end -= 1 }
        guard end - start >= (isNamed ? 8 : 20), hasDigit(&reader, start, end), !isStandIn(&reader, start, end),
            isNamed || isRandom(&reader, start, end, Name(isGeneric: true)),
            Entropy.bits(&reader, start, end) >= 2.75
        else { return nil }
        return Match(secrets.index(.authorization), start, end, tail: tail)
    }

    private static let headers: [StaticString] = [
        "bearer", "basic", "token", "apikey", "ssws", "splunk", "geniekey", "jwt",
    ]
    private static let headerNames = ContextWords("authorization, proxy-authorization, authorization\"")

    func hasDigit(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        for place in start..<end where UnitClass.isDigit(reader[place]) { return true }
        return false
    }

    /// `use v as the password`.
    private func use(_ reader: inout UnitReader, _ start: Int) -> Match? {
        guard let value = value(&reader, Self.unnamed, at: start) else { return nil }
        var index = value.end
        guard reader.has(" as ", at: index) else { return nil }
        index += 4
        // `as the new password`
        for _ in 0..<3 {
            let word = index
            while index < word + 12, UnitClass.isLetter(reader[index]) { index += 1 }
            let name = name(&reader, word, index)
            if name.isPassword { return value }
            guard reader[index] == 0x20 else { return nil }
            index += 1
        }
        return nil
    }

    /// `echo v | docker login --password-stdin`, `echo 'ann:v' | chpasswd`.
    private func echoed(_ reader: inout UnitReader, _ start: Int) -> Match? {
        guard let value = value(&reader, Self.unnamed, at: start), isPiped(&reader, value.end) else { return nil }
        return value
    }

    /// Whether what ends at a place is given to a program that takes a password so.
    private func isPiped(_ reader: inout UnitReader, _ end: Int) -> Bool {
        var index = end
        if Self.isQuote(reader[index]) { index += 1 }
        guard reader.has(" | ", at: index) else { return false }
        index += 3
        let last = index + 60
        while index < last {
            let unit = reader[index]
            if unit == 0x0A || unit == UInt8(ascii: "|") || unit == 0 { return false }
            if unit == UInt8(ascii: "c"), reader.has("chpasswd", at: index) { return true }
            if unit == UInt8(ascii: "-") {
                if reader.has("-stdin", at: index) { return true }
                if reader.has("-S ", at: index), reader.before(index) == 0x20 { return true }
            }
            index += 1
        }
        return false
    }

    // MARK: - After a quotation mark

    private func quoted(_ reader: inout UnitReader, _ start: Int) -> Match? {
        var index = start - 1
        if UnitClass.isLetter(reader.before(index)), !UnitClass.isWord(reader.before(index - 1)) { index -= 1 }
        let gap = index
        while index > gap - 2, reader.before(index) == 0x20 { index -= 1 }
        switch reader.before(index) {
        case UInt8(ascii: "("): return argument(&reader, start, before: index - 1)
        case UInt8(ascii: ","): return listed(&reader, start, before: index)
        case let sign where index < gap || sign == UInt8(ascii: "|") || sign == UInt8(ascii: "?"):
            if sign == UInt8(ascii: "|") || sign == UInt8(ascii: "?") {
                return otherwise(&reader, start, before: index)
            }
            return Self.plainTexts.stand(before: index, in: reader, reach: 24)
                ? value(&reader, Self.unnamed, at: start) : nil
        default: return nil
        }
    }

    private static let plainTexts = ContextWords("convertto-securestring, -asplaintext, -string")

    /// `setPassword("v")`, `.password("v")`, `PASSWORD('v')`, `password.equals("v")`.
    private func argument(_ reader: inout UnitReader, _ start: Int, before end: Int) -> Match? {
        var word = Self.word(reader, before: end)
        if Self.ends(reader, word, with: ".equals") { word = word.lowerBound..<word.upperBound - 7 }
        var first = word.upperBound
        while first > word.lowerBound, reader.before(first) != UInt8(ascii: ".") { first -= 1 }
        let last = first..<word.upperBound
        guard last.count >= 3 else { return nil }
        var name = name(&reader, last.lowerBound, last.upperBound)
        guard name.isTelling else { return nil }
        let isSetter = Self.begins(reader, last, with: "set") || Self.begins(reader, last, with: "with")
        guard isSetter || Self.members.contains(where: { Self.is(reader, last, $0) }) else { return nil }
        name.isLoose = !isSetter && !name.isPassword
        return value(&reader, name, at: start)
    }

    private static let members: [StaticString] = [
        "password", "passwd", "pwd", "passphrase", "secret", "token", "apikey", "api_key", "accesstoken",
        "access_token",
        "clientsecret", "client_secret", "secretkey", "secret_key", "convertto-securestring",
    ]

    /// `login("ann", "v")`, `auth=("ann", "v")`, `INSERT INTO t (name, password) VALUES ('ann', 'v')`.
    private func listed(_ reader: inout UnitReader, _ start: Int, before comma: Int) -> Match? {
        var index = comma
        var commas = 0
        var quote: UInt8 = 0
        while index > start - 120, index > 0 {
            let unit = reader.before(index)
            if unit == 0x0A { return nil }
            if quote != 0 {
                if unit == quote { quote = 0 }
            } else if Self.isQuote(unit) {
                quote = unit
            } else if unit == UInt8(ascii: ",") {
                commas += 1
            } else if unit == UInt8(ascii: "(") || unit == UInt8(ascii: "[") {
                break
            } else if unit == UInt8(ascii: ")") || unit == UInt8(ascii: ";") {
                return nil
            }
            index -= 1
        }
        let isArray = reader.before(index) == UInt8(ascii: "[")
        guard isArray || reader.before(index) == UInt8(ascii: "("), commas > 0 else { return nil }
        index -= 1
        let gap = index
        while index > gap - 3, reader.before(index) == 0x20 { index -= 1 }
        // `auth=("ann", "v")`, `"auth": ["ann", "v"]`
        let sign = reader.before(index)
        if sign == UInt8(ascii: "=") || isArray && sign == UInt8(ascii: ":") {
            index -= 1
            if reader.before(index) == 0x20 || Self.isQuote(reader.before(index)) { index -= 1 }
        } else if isArray {
            return nil
        }
        let word = Self.word(reader, before: index)
        if Self.is(reader, word, "values") {
            return column(&reader, start, before: word.lowerBound, number: commas)
        }
        guard Self.calls.contains(where: { Self.ends(reader, word, with: $0) }) else { return nil }
        return value(&reader, Self.unnamed, at: start)
    }

    /// What calls end with that take a name and a password.
    private static let calls: [StaticString] = [
        "login", "auth", "authenticate", "credential", "credentials", "pscredential", "connect", "getconnection", "pdo",
        "signin", "sign_in", "passwordtoken", "passwordauthentication", "auth_password",
        "pgp_sym_encrypt", "pgp_sym_decrypt", "aes_encrypt", "aes_decrypt",
    ]

    /// The value of a column whose name stands before `VALUES`.
    private func column(_ reader: inout UnitReader, _ start: Int, before end: Int, number: Int) -> Match? {
        var index = end
        while index > end - 3, UnitClass.isSpace(reader.before(index)) { index -= 1 }
        guard reader.before(index) == UInt8(ascii: ")") else { return nil }
        index -= 1
        var names: [Range<Int>] = []
        var last = index
        while index > start - 180, index > 0 {
            let unit = reader.before(index)
            if unit == UInt8(ascii: ",") || unit == UInt8(ascii: "(") {
                names.append(index..<last)
                last = index - 1
            }
            if unit == UInt8(ascii: "(") { break }
            index -= 1
        }
        guard reader.before(index) == UInt8(ascii: "("), number < names.count else { return nil }
        let range = names[names.count - 1 - number]
        // Places before a candidate are looked at as what stands before others.
        var from = range.upperBound
        while from > range.lowerBound, !UnitClass.isWord(reader.before(from)) { from -= 1 }
        let name = name(&reader, Self.word(reader, before: from).lowerBound, from)
        return name.isTelling ? value(&reader, name, at: start) : nil
    }

    /// `password: process.env.P || "v"`, `password = args.password ?? 'v'`.
    private func otherwise(_ reader: inout UnitReader, _ start: Int, before sign: Int) -> Match? {
        let unit = reader.before(sign)
        guard reader.before(sign - 1) == unit else { return nil }
        var index = sign - 2
        if reader.before(index) == 0x20 { index -= 1 }
        let first = Self.word(reader, before: index)
        guard !first.isEmpty else { return nil }
        index = first.lowerBound
        if reader.before(index) == 0x20 { index -= 1 }
        guard reader.before(index) == UInt8(ascii: ":") || reader.before(index) == UInt8(ascii: "=") else { return nil }
        index -= 1
        while index > first.lowerBound - 6, reader.before(index) == 0x20 || Self.isQuote(reader.before(index)) {
            index -= 1
        }
        let word = Self.word(reader, before: index)
        let name = name(&reader, word.lowerBound, word.upperBound)
        return name.isTelling ? value(&reader, name, at: start) : nil
    }

    // MARK: - After other signs

    /// `host:5432:db:ann:v` of a file of PostgreSQL's, `creds: ann:v`, `echo 'ann:v' | chpasswd`, `-a ann:v`.
    private func afterColon(_ reader: inout UnitReader, _ start: Int) -> Match? {
        if let hashes = hashes(&reader, start) { return hashes }
        let user = Self.word(reader, before: start - 1)
        if user.isEmpty {
            // `/user:ann /pass:v` is told by its name; `*` stands for any user.
            return reader.before(start - 1) == UInt8(ascii: "*")
                ? databasePassword(&reader, start, user: start - 2) : nil
        }
        if reader.before(user.lowerBound) == UInt8(ascii: ":") {
            return databasePassword(&reader, start, user: user.lowerBound)
        }
        if user.count == 1 || Self.is(reader, user, "rp") {
            // `xfreerdp /p:v`
            guard reader.before(user.lowerBound) == UInt8(ascii: "/"), Self.is(reader, user, "p"),
                Self.desktops.stand(before: user.lowerBound, in: reader, reach: Self.line)
            else { return nil }
            return value(&reader, Self.unnamed, at: start)
        }
        var index = user.lowerBound
        if reader.before(index) == UInt8(ascii: "/") {
            // `smbexec corp/ann:v@host`
            index = Self.word(reader, before: index - 1).lowerBound
        }
        if Self.isQuote(reader.before(index)) {
            index -= 1
            // `btoa('ann:v')`
            if reader.before(index) == UInt8(ascii: "(") {
                let word = Self.word(reader, before: index - 1)
                let encodes = Self.encoders.contains { Self.ends(reader, word, with: $0) }
                return encodes ? value(&reader, Self.unnamed, at: start) : nil
            }
            if Self.changers.stand(before: index, in: reader, reach: 14) {
                return value(&reader, Self.unnamed, at: start)
            }
        }
        guard UnitClass.isSpace(reader.before(index)) else { return nil }
        let option = Self.word(reader, before: index - 1)
        if Self.userOptions.contains(where: { Self.is(reader, option, $0) })
            || Self.loginWords.contains(where: { Self.is(reader, option, $0) })
            || Self.isSign(reader.before(index - 1))
                && Self.loginWords.contains(where: { Self.is(reader, Self.word(reader, before: index - 2), $0) })
        {
            return value(&reader, Self.unnamed, at: start)
        }
        if Self.is(reader, option, "echo") { return echoed(&reader, start) }
        guard Self.remotes.stand(before: index, in: reader, reach: 40) else { return nil }
        return upToHost(&reader, start)
    }

    private static let userOptions: [StaticString] = ["-a", "--user", "-u", "--proxy-user", "--auth", "--credentials"]
    private static let loginWords: [StaticString] = ["creds", "credentials", "login", "logins", "zugangsdaten"]
    private static let encoders: [StaticString] = ["btoa", "b64encode", "base64_encode", "encode64", "basic"]
    private static let changers = ContextWords("chpasswd <<<")
    private static let desktops = ContextWords("xfreerdp, wfreerdp, mstsc, freerdp")
    private static let remotes = ContextWords(
        "impacket-psexec, psexec.py, smbexec.py, wmiexec.py, secretsdump.py, impacket-secretsdump, impacket-wmiexec, "
            + "impacket-smbexec, impacket-smbclient, smbclient.py, mssqlclient.py, getuserspns.py, getnpusers.py"
    )

    /// `host:port:database:user:password`, where the user ends at a colon before `user`.
    private func databasePassword(_ reader: inout UnitReader, _ start: Int, user: Int) -> Match? {
        guard reader.before(user) == UInt8(ascii: ":") else { return nil }
        var index = user - 1
        // The database.
        let database = index
        while index > database - 40, UnitClass.isWord(reader.before(index)) || Self.isNamePart(reader.before(index)) {
            index -= 1
        }
        guard index < database, reader.before(index) == UInt8(ascii: ":") else { return nil }
        index -= 1
        // The port.
        let port = index
        while index > port - 6, UnitClass.isDigit(reader.before(index)) { index -= 1 }
        if index == port, reader.before(index) == UInt8(ascii: "*") { index -= 1 }
        guard index < port, port - index == 1 || port - index >= 4, reader.before(index) == UInt8(ascii: ":") else {
            return nil
        }
        index -= 1
        let host = index
        while index > host - 64, UnitClass.isWord(reader.before(index)) || Self.isNamePart(reader.before(index)) {
            index -= 1
        }
        guard index < host, index == 0 || UnitClass.isSpace(reader.before(index)) || Self.isQuote(reader.before(index))
        else { return nil }
        return value(&reader, Self.unnamed, at: start)
    }

    private static func isNamePart(_ unit: UInt8) -> Bool {
        unit == UInt8(ascii: "-") || unit == UInt8(ascii: ".") || unit == UInt8(ascii: "*")
    }

    /// `sqlplus ann/v@orcl`, `jdbc:oracle:thin:ann/v@//host`.
    private func afterSlash(_ reader: inout UnitReader, _ start: Int) -> Match? {
        let user = Self.word(reader, before: start - 1)
        guard !user.isEmpty, Self.oracles.stand(before: user.lowerBound, in: reader, reach: 16) else { return nil }
        return upToHost(&reader, start)
    }

    private static let oracles = ContextWords(
        "sqlplus, sqlplus -s, sqlplus -l, impdp, expdp, rman, sqlldr, thin:, userid="
    )

    /// `lftp -u ann,v`.
    private func afterComma(_ reader: inout UnitReader, _ start: Int) -> Match? {
        let user = Self.word(reader, before: start - 1)
        guard !user.isEmpty, Self.transfers.stand(before: user.lowerBound, in: reader, reach: 4),
            Self.programs.stand(before: user.lowerBound, in: reader, reach: 60)
        else { return nil }
        return value(&reader, Self.unnamed, at: start)
    }

    private static let transfers = ContextWords("-u ")
    private static let programs = ContextWords("lftp")

    /// A value that ends before the last `@` of what it is joined with.
    private func upToHost(_ reader: inout UnitReader, _ start: Int) -> Match? {
        var end = start
        var last: Int?
        while end < start + 120, values.contains(reader[end]) {
            if reader[end] == UInt8(ascii: "@") { last = end }
            end += 1
        }
        guard let last, last - start >= 6, isRandom(&reader, start, last, Self.unnamed) else { return nil }
        return Match(secrets.index(.generic), start, last)
    }

    // MARK: - Words

    static func begins(_ reader: borrowing UnitReader, _ word: Range<Int>, with literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        return word.count > count && `is`(reader, word.lowerBound..<word.lowerBound + count, literal)
    }

    static func ends(_ reader: borrowing UnitReader, _ word: Range<Int>, with literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        return word.count >= count && `is`(reader, word.upperBound - count..<word.upperBound, literal)
    }
}
