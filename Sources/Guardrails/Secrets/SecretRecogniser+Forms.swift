import RegularExpressions

/// Secrets that are known by the form that they are given in: armour, options of commands, links.
extension SecretRecogniser {
    /// `-----BEGIN … PRIVATE KEY-----` and enough of a key after it that it is one.
    func privateKey(_ reader: inout UnitReader, at start: Int) -> Match? {
        var index: Int
        if reader.has("-----BEGIN", at: start) {
            index = start + 10
        } else if reader.has("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", at: start) {
            return Match(secrets.index(.privateKey), start, start + 42, tail: .armour)
        } else {
            return nil
        }
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
        case UInt8(ascii: "p"): programs = isParted ? Self.passwordPrograms : Self.databases
        case UInt8(ascii: "P") where isParted: programs = Self.archives
        case UInt8(ascii: "a") where isParted: programs = Self.caches
        case UInt8(ascii: "A"),
            UInt8(ascii: "X") where isParted:
            programs = Self.walks
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

    static let passwordPrograms = ContextWords(
        "docker login ,podman login ,buildah login ,skopeo login ,nerdctl login ,registry login ,oc login ,az login "
            + ",cf login ,sshpass ,mongo ,mongosh ,mongodump ,mongorestore ,mongoexport ,mongoimport ,rdesktop "
            + ",evil-winrm ,psexec ,useradd ,usermod "
    )
    static let databases = ContextWords(
        "mysql ,mysqldump ,mysqladmin ,mysqlimport ,mariadb ,mariadb-dump ,sshpass ,7z x ,7z a ,7z e ,7za x ,7za a ,rar a "
            + ",unrar x "
    )
    static let archives = ContextWords("unzip ,zip ,sqlcmd ,bcp ,isql ,tsql ,osql ")
    static let walks = ContextWords("snmpwalk ,snmpget ,snmpset ,snmpbulkwalk ,snmpbulkget ")
    static let caches = ContextWords("redis-cli ")
    static let directories = ContextWords("ldapsearch ,ldapadd ,ldapmodify ,ldapdelete ,ldapwhoami ")

    /// `-u name:password` and `--user name:password` of curl.
    func curlUser(_ reader: inout UnitReader, at start: Int) -> Match? {
        var index: Int
        if reader.has("-u", at: start) || reader.has("-U", at: start) {
            index = start + 2
        } else if reader.has("--user", at: start) {
            index = start + 6
        } else if reader.has("--proxy-user", at: start) {
            index = start + 12
        } else {
            return nil
        }
        // `-uname:password`
        let isJoined = index == start + 2 && UnitClass.isAlphanumeric(reader[index])
        guard isJoined || reader[index] == 0x20 || reader[index] == UInt8(ascii: "="),
            Self.curl.stand(before: start, in: reader, reach: 190)
        else { return nil }
        let name = index
        while index < name + 6, reader[index] == 0x20 || reader[index] == UInt8(ascii: "=") { index += 1 }
        while Self.isQuote(reader[index]), index < name + 8 { index += 1 }
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

    /// The cookie of a session: `JSESSIONID=…`, `Cookie: session=…`.
    func session(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Match? {
        let name = start..<end
        let isOwn = Self.sessions.contains { Self.ends(reader, name, with: $0) }
        guard
            isOwn
                || Self.cookieSessions.contains(where: { Self.ends(reader, name, with: $0) })
                    && Self.cookies.stand(before: start, in: reader, reach: 190)
        else { return nil }
        var index = end + 1
        if Self.isQuote(reader[index]) { index += 1 }
        let from = index
        while index < from + 200, values.contains(reader[index]) || reader[index] == UInt8(ascii: "-") { index += 1 }
        guard index - from >= 16, isRandom(&reader, from, min(index, from + 64), Name(isGeneric: true, isLoose: true))
        else {
            return nil
        }
        return Match(secrets.index(.session), from, index, tail: index == from + 200 ? .units(Self.values) : nil)
    }

    private static let sessions: [StaticString] = [
        "jsessionid", "phpsessid", "asp.net_sessionid", "connect.sid", "laravel_session", "_gitlab_session",
        "sessiontoken", "session-token",
    ]
    private static let cookieSessions: [StaticString] = [
        "session", "sessionid", "session_id", "sessid", "sid", "session-id", "identity", "identity.application", "sess",
    ]
    private static let cookies = ContextWords("cookie:, cookie=, cookie, cookies:")

    /// `?sv=…&sig=…` of a link to Azure's storage.
    func sharedAccess(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Match? {
        guard end - start == 3, reader.hasCaseless(Self.signature, at: start),
            reader.before(start) == UInt8(ascii: "&") || reader.before(start) == UInt8(ascii: "?")
        else { return nil }
        let from = end + 1
        var index = from
        while index < from + 90, UnitClass.isAlphanumeric(reader[index]) || Self.isEncoded(reader[index]) { index += 1 }
        guard index - from >= 40, Entropy.bits(&reader, from, index) >= 4 else { return nil }
        return Match(secrets.index(.sharedAccess), from, index)
    }

    private static let signature = Array("sig".utf8)

    private static func isEncoded(_ unit: UInt8) -> Bool {
        unit == UInt8(ascii: "%") || unit == UInt8(ascii: "+") || unit == UInt8(ascii: "/") || unit == UInt8(ascii: "=")
            || unit == UInt8(ascii: "-") || unit == UInt8(ascii: "_")
    }

    /// The private part of a JSON Web Key (RFC 7518, section 6): `"d"` of one with a type, curve or exponent, `"k"`.
    func jsonWebKey(_ reader: inout UnitReader, _ start: Int) -> Match? {
        let name = UnitClass.lowercased(reader[start])
        guard name == UInt8(ascii: "d") || name == UInt8(ascii: "k"), reader.before(start) == UInt8(ascii: "\"") else {
            return nil
        }
        var index = start + 2
        while index < start + 6, reader[index] == UInt8(ascii: ":") || reader[index] == 0x20 { index += 1 }
        guard index > start + 2, reader[index] == UInt8(ascii: "\"") else { return nil }
        let from = index + 1
        index = from
        while index < from + 200, Self.isBase64URL(reader[index]) { index += 1 }
        guard index - from >= 20, Entropy.bits(&reader, from, index) >= 3.5,
            Self.keyTypes.stand(before: start, in: reader, reach: 190)
        else { return nil }
        return Match(
            secrets.index(.jsonWebKey),
            from,
            index,
            tail: index == from + 200 ? .units(EncodedRun.units) : nil
        )
    }

    private static let keyTypes = ContextWords("kty\", crv\", aqab\"")

    private static func isBase64URL(_ unit: UInt8) -> Bool {
        UnitClass.isAlphanumeric(unit) || unit == UInt8(ascii: "-") || unit == UInt8(ascii: "_")
    }

    /// The lines behind `Private-Lines: 14` of a key of PuTTY's.
    func puttyKey(_ reader: inout UnitReader, _ place: Int) -> Match? {
        var index = place
        while index < place + 8, reader[index] == 0x20 || UnitClass.isDigit(reader[index]) { index += 1 }
        while index < place + 12,
            UnitClass.isSpace(reader[index]) || reader[index] == UInt8(ascii: "\\")
                || reader[index - 1] == UInt8(ascii: "\\")
        {
            index += 1
        }
        let from = index
        while index < from + 40, UnitClass.isAlphanumeric(reader[index]) || Self.isEncoded(reader[index]) { index += 1 }
        guard index == from + 40, Entropy.bits(&reader, from, index) >= 3.5 else { return nil }
        return Match(secrets.index(.privateKey), from, index, tail: .units(Self.lines))
    }

    /// Twelve to twenty-four words that a wallet is restored from (BIP 39), behind a sign.
    func mnemonic(_ reader: inout UnitReader, _ place: Int) -> Match? {
        var index = place
        while index < place + 6, !UnitClass.isLetter(reader[index]) {
            let unit = reader[index]
            guard Self.isSign(unit) || Self.isQuote(unit) || unit == 0x20 || unit == 0x0A else { return nil }
            index += 1
        }
        let from = index
        var end = from
        var words = 0
        while words < 24 {
            let word = index
            while index < word + 9, reader[index] >= UInt8(ascii: "a"), reader[index] <= UInt8(ascii: "z") {
                index += 1
            }
            guard (3...8).contains(index - word) else { break }
            words += 1
            end = index
            guard reader[index] == 0x20 else { break }
            index += 1
        }
        return words >= 12 ? Match(secrets.index(.mnemonic), from, end) : nil
    }

    /// Lines of base64, which end before the hyphen of `Private-MAC`.
    private static let lines: UnitSet = {
        var set = UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A)
        for unit in "+/=\r\n\\".utf8 { set.insert(unit...unit) }
        return set
    }()

    /// `scheme://name:password@host`, where `body` is what comes after `//`.
    func urlCredentials(_ reader: inout UnitReader, body: Int) -> Match? {
        var index = body
        var colon: Int?
        while index < body + 160 {
            let unit = reader[index]
            if unit == UInt8(ascii: "@") { break }
            if unit == UInt8(ascii: ":"), colon == nil { colon = index }
            guard UnitClass.isAlphanumeric(unit) || Self.isAuthorityUnit(unit) else { return nil }
            // `${USER}:$PASSWORD`
            if unit == UInt8(ascii: "{") { return nil }
            if unit == UInt8(ascii: "$"), index == body || reader[index - 1] == UInt8(ascii: ":") { return nil }
            index += 1
        }
        guard reader[index] == UInt8(ascii: "@"), UnitClass.isAlphanumeric(reader[index + 1]) else { return nil }
        guard let colon else {
            // A token that stands for both: `https://token@host`.
            guard index - body >= 20, isRandom(&reader, body, index, Name(isGeneric: true)) else { return nil }
            return Match(secrets.index(.urlCredentials), body, index)
        }
        guard index - colon > 4, !isShown(&reader, colon + 1, index), !reader.has(":pserver:", at: body) else {
            return nil
        }
        guard Entropy.bits(&reader, colon + 1, index) >= 2 else { return nil }
        return Match(secrets.index(.urlCredentials), body, index)
    }

    /// Whether a password is one of those that manuals show.
    func isShown(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        Self.shown.contains { $0.count == end - start && reader.hasCaseless($0, at: start) }
    }

    static let shown = ["password", "passwd", "pass", "secret", "changeme", "example"].map { Array($0.utf8) }

    static func isAuthorityUnit(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"),
            UInt8(ascii: "#"), UInt8(ascii: "^"), 0x26...0x2C, UInt8(ascii: "!"), UInt8(ascii: ";"),
            UInt8(ascii: "="), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
