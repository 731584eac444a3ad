import RegularExpressions

/// Hashes of passwords that only what stands around them tells: those of Windows, and of directories.
///
/// Most hashes tell themselves (``SecretTable/telling``). They are secrets: a password that people choose is guessed
/// from its hash, and Windows lets in who has the hash alone.
extension SecretRecogniser {
    /// `ann:1001:LM:NT:::` of a dump, `-hashes LM:NT`, `ann::DOMAIN:challenge:proof:blob`.
    func hashes(_ reader: inout UnitReader, _ start: Int) -> Match? {
        guard isHash(&reader, start) else { return nil }
        let end = start + 32
        if Self.hashOptions.stand(before: start, in: reader, reach: 10) {
            let isPair = reader[end] == UInt8(ascii: ":") && isHash(&reader, end + 1)
            return Match(secrets.index(.passwordHash), start, isPair ? end + 33 : end)
        }
        guard reader.before(start) == UInt8(ascii: ":"), reader[end] == UInt8(ascii: ":") else { return nil }
        let last = Self.word(reader, before: start - 1)
        guard reader.before(last.lowerBound) == UInt8(ascii: ":") else { return nil }
        // The number of an account.
        if last.count <= 10, last.allSatisfy({ UnitClass.isDigit(reader.before($0 + 1)) }) {
            guard isHash(&reader, end + 1), reader.has("::", at: end + 33) else { return nil }
            return Match(secrets.index(.passwordHash), start, end + 33)
        }
        // A challenge of eight bytes, behind a domain.
        guard last.count == 16, last.allSatisfy({ UnitClass.isHex(reader.before($0 + 1)) }) else { return nil }
        let domain = Self.word(reader, before: last.lowerBound - 1)
        guard reader.before(domain.lowerBound) == UInt8(ascii: ":"),
            reader.before(domain.lowerBound - 1) == UInt8(ascii: ":"), UnitClass.isHex(reader[end + 1])
        else { return nil }
        return Match(secrets.index(.passwordHash), start, end, tail: .units(Self.blob))
    }

    private static let hashOptions = ContextWords("-hashes , -hashes :")
    private static let blob = UnitSet(0x30...0x39, 0x41...0x46, 0x61...0x66, 0x3A...0x3A)

    /// Whether 32 hexadecimal digits stand at a place.
    private func isHash(_ reader: inout UnitReader, _ start: Int) -> Bool {
        for place in start..<start + 32 where !UnitClass.isHex(reader[place]) { return false }
        return !UnitClass.isAlphanumeric(reader[start + 32])
    }

    /// `$6$salt$hash`, `$5$rounds=10000$salt$hash`, `$P$…`: of a number or a letter between signs, from the salt on.
    func cryptHash(_ reader: inout UnitReader, _ start: Int) -> Match? {
        var salt = start
        while salt > start - 2, reader.before(salt) == UInt8(ascii: ".") || reader.before(salt) == UInt8(ascii: "/") {
            salt -= 1
        }
        guard reader.before(salt) == UInt8(ascii: "$") else { return nil }
        var sign = salt - 1
        while sign > salt - 11, UnitClass.isDigit(reader.before(sign)) { sign -= 1 }
        if reader.before(sign) == UInt8(ascii: "="),
            Self.is(reader, Self.word(reader, before: sign - 1), "rounds"),
            reader.before(sign - 7) == UInt8(ascii: "$")
        {
            sign -= 8
        } else {
            sign = salt - 1
        }
        guard reader.before(sign - 1) == UInt8(ascii: "$"), let form = Self.cryptForm(reader.before(sign)) else {
            return nil
        }
        var index = salt
        if form.salt.upperBound > 0 {
            while index < salt + form.salt.upperBound, Self.isCrypt(reader[index]) { index += 1 }
            guard index - salt >= form.salt.lowerBound, reader[index] == UInt8(ascii: "$") else { return nil }
            index += 1
        }
        let hash = index
        while index < hash + form.hash, Self.isCrypt(reader[index]) { index += 1 }
        guard index == hash + form.hash, !UnitClass.isWord(reader[index]), Entropy.bits(&reader, hash, index) >= 3
        else {
            return nil
        }
        return Match(secrets.index(.passwordHash), start, index)
    }

    /// How long salts are, and hashes (crypt(5) of libxcrypt, phpass, Drupal, Cisco's types 8 and 9).
    private static func cryptForm(_ scheme: UInt8) -> (salt: ClosedRange<Int>, hash: Int)? {
        switch scheme {
        case UInt8(ascii: "1"): (1...8, 22)
        case UInt8(ascii: "5"): (1...16, 43)
        case UInt8(ascii: "6"): (1...16, 86)
        case UInt8(ascii: "7"): (12...80, 43)
        case UInt8(ascii: "8"), UInt8(ascii: "9"): (14...14, 43)
        case UInt8(ascii: "P"), UInt8(ascii: "H"): (0...0, 31)
        case UInt8(ascii: "S"): (0...0, 52)
        default: nil
        }
    }

    private static func isCrypt(_ unit: UInt8) -> Bool {
        UnitClass.isAlphanumeric(unit) || unit == UInt8(ascii: ".") || unit == UInt8(ascii: "/")
    }

    /// `*94BDCEBE…` of MySQL's: 40 hexadecimal digits in capitals behind one asterisk.
    func databaseHash(_ reader: inout UnitReader, _ start: Int) -> Match? {
        guard reader.before(start - 1) != UInt8(ascii: "*") else { return nil }
        for place in start..<start + 40 {
            guard UnitClass.isHex(reader[place]), !UnitClass.isLetter(reader[place]) || UnitClass.isUpper(reader[place])
            else { return nil }
        }
        let next = reader[start + 40]
        guard !UnitClass.isWord(next), next != UInt8(ascii: "*"), Entropy.bits(&reader, start, start + 40) >= 3 else {
            return nil
        }
        return Match(secrets.index(.passwordHash), start, start + 40)
    }

    /// `{SSHA}v` of a directory (RFC 2307, section 5.3, and what came after it).
    func directoryHash(_ reader: inout UnitReader, _ start: Int) -> Match? {
        let scheme = Self.word(reader, before: start - 1)
        guard let least = Self.schemesOfDirectories.first(where: { Self.is(reader, scheme, $0.0) })?.1,
            reader.before(scheme.lowerBound) == UInt8(ascii: "{")
        else { return nil }
        var end = start
        while end < start + 180, Self.isBase64(reader[end]) { end += 1 }
        guard end - start >= least, end - start <= 172, Entropy.bits(&reader, start, end) >= 3 else { return nil }
        return Match(secrets.index(.passwordHash), start, end)
    }

    /// The names of schemes, and how many characters of base64 their hashes have at least.
    private static let schemesOfDirectories: [(StaticString, Int)] = [
        ("ssha", 32), ("sha", 28), ("smd5", 24), ("md5", 24), ("ssha256", 44), ("ssha384", 68), ("ssha512", 88),
        ("sha256", 44), ("sha384", 64), ("sha512", 88),
    ]

    private static func isBase64(_ unit: UInt8) -> Bool {
        UnitClass.isAlphanumeric(unit) || unit == UInt8(ascii: "+") || unit == UInt8(ascii: "/")
            || unit == UInt8(ascii: "=")
    }
}
