import Crypto

/// What a number has to satisfy beside its form.
///
/// It is given the token's letters (in upper case unless case matters) and digits, without what separates them.
enum IdentifierCheck: String, Sendable {
    case none = ""
    case ssn, aba, npi, dea, abn, acn, medicare, tfn, luhn, lanr, kvnr, mrz, rvnr, mod11, nie, nif, finnish, verhoeff
    case gstin, indianState, fiscal, koreanBusiness, birth, pesel, swedish, nric, thai, thaiBare, turkish, nhs, nino
    case rrn, frn, southAfrican, cpf, cnpj, base58, bech32

    /// Whether upper and lower case differ.
    var isCaseSensitive: Bool { self == .base58 || self == .bech32 }

    /// `digits` are those of the token, as numbers.
    func accepts(_ token: [UInt8], digits: [UInt8]) -> Bool {
        switch self {
        case .none: return true
        case .luhn: return Checksum.luhn(digits) && !Self.isOneDigit(digits)
        case .verhoeff: return Checksum.verhoeff(digits) && !digits.elementsEqual(digits.reversed())
        case .mod11: return Checksum.mod11And10(digits)
        case .ssn:
            // Area 000, 666 and from 900, group 00 and serial 0000 are never given (SSA POMS RM 10201.035).
            let area = Self.number(digits[0..<3])
            return area != 0 && area != 666 && area < 900 && Self.number(digits[3..<5]) != 0
                && Self.number(digits[5..<9]) != 0 && !Self.isOneDigit(digits)
        case .aba:
            let first = Self.number(digits[0..<2])
            return (first <= 12 || (21...32).contains(first) || (61...72).contains(first) || first == 80)
                && Checksum.weighted(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0
        case .npi: return Checksum.luhn([8, 0, 8, 4, 0] + digits)
        case .dea:
            let seven = Array(digits.suffix(7))
            return Checksum.weighted(seven, [1, 2, 1, 2, 1, 2]) % 10 == Int(seven[6])
        case .abn:
            var shifted = digits
            guard shifted[0] > 0, digits[2...].contains(where: { $0 != 0 }) else { return false }
            shifted[0] -= 1
            return Checksum.weighted(shifted, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) % 89 == 0
        case .acn:
            return (10 - Checksum.weighted(digits, [8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10 == Int(digits[8])
        case .medicare: return Checksum.weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 == Int(digits[8])
        case .tfn: return Checksum.weighted(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 == 0
        case .lanr: return (10 - Checksum.weighted(digits, [4, 9, 4, 9, 4, 9]) % 10) % 10 == Int(digits[6])
        case .kvnr:
            let letter = Int(token[0] - 0x40)
            let all = [UInt8(letter / 10), UInt8(letter % 10)] + digits
            let sum = all.dropLast().enumerated().reduce(0) { sum, entry in
                let product = Int(entry.element) * (entry.offset % 2 == 0 ? 1 : 2)
                return sum + product / 10 + product % 10
            }
            return sum % 10 == Int(digits[8])
        case .mrz:
            let sum = zip(token.dropLast(), [7, 3, 1, 7, 3, 1, 7, 3, 1]).reduce(0) { $0 + Self.base36($1.0) * $1.1 }
            return sum % 10 == Self.base36(token[9])
        case .rvnr:
            let letter = token[8] - 0x40
            let all = Array(digits[0..<8]) + [letter / 10, letter % 10] + Array(digits[8..<11])
            let sum = zip(all, [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]).reduce(0) { sum, pair in
                let product = Int(pair.0) * pair.1
                return sum + product / 10 + product % 10
            }
            let day = Self.number(digits[2..<4])
            return sum % 10 == Int(all[12]) && (1...31).contains(day > 50 ? day - 50 : day)
                && (1...12).contains(Self.number(digits[4..<6]))
        case .nif: return Self.spanishLetter(Self.number(digits)) == token.last
        case .nie:
            let prefix = Int(token[0] - UInt8(ascii: "X"))
            return Self.spanishLetter(prefix * 10_000_000 + Self.number(digits)) == token.last
        case .finnish:
            let alphabet = Array("0123456789ABCDEFHJKLMNPRSTUVWXY".utf8)
            let number = Self.number(digits[0..<9])
            return Self.isDate(day: digits[0..<2], month: digits[2..<4]) && alphabet[number % 31] == token.last
        case .gstin:
            let alphabet = 36
            let sum = token.dropLast().enumerated().reduce(0) { sum, entry in
                let product = Self.base36(entry.element) * (entry.offset % 2 == 0 ? 1 : 2)
                return sum + product / alphabet + product % alphabet
            }
            return (alphabet - sum % alphabet) % alphabet == Self.base36(token[14])
        case .indianState: return Self.indianStates.contains(String(decoding: token[0..<2], as: UTF8.self))
        case .fiscal: return Self.isFiscalCode(token)
        case .koreanBusiness:
            let sum = Checksum.weighted(digits, [1, 3, 7, 1, 3, 7, 1, 3, 5]) + Int(digits[8]) * 5 / 10
            return (10 - sum % 10) % 10 == Int(digits[9])
        case .birth: return Self.isDate(day: digits[4..<6], month: digits[2..<4])
        case .rrn, .frn:
            // Numbers that were given before October 2020 have a check digit, and those of foreigners one that is two more.
            let sum = Checksum.weighted(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])
            return Self.isDate(day: digits[4..<6], month: digits[2..<4])
                && ((self == .rrn ? 11 : 13) - sum % 11) % 10 == Int(digits[12])
        case .pesel:
            let month = Self.number(digits[2..<4]) % 20
            return (1...12).contains(month) && (1...31).contains(Self.number(digits[4..<6]))
                && (10 - Checksum.weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10 == Int(digits[10])
        case .swedish:
            let short = Array(digits.suffix(10))
            let day = Self.number(short[4..<6])
            return (1...12).contains(Self.number(short[2..<4])) && (1...31).contains(day > 60 ? day - 60 : day)
                && Checksum.luhn(short)
        case .nric: return Self.isSingaporean(token, digits)
        case .thai, .thaiBare:
            // Milliseconds since 1970 have as many digits: those of the years from 2014 to 2033 count with a word only.
            if self == .thaiBare, digits[0] == 1, digits[1] >= 4 { return false }
            let sum = Checksum.weighted(digits, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
            return (11 - sum % 11) % 10 == Int(digits[12])
        case .turkish:
            let odd = [0, 2, 4, 6, 8].reduce(0) { $0 + Int(digits[$1]) }
            let even = [1, 3, 5, 7].reduce(0) { $0 + Int(digits[$1]) }
            let tenth = ((odd * 7 - even) % 10 + 10) % 10
            return tenth == Int(digits[9]) && digits[0..<10].reduce(0) { $0 + Int($1) } % 10 == Int(digits[10])
        case .nhs:
            let rest = 11 - Checksum.weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11
            return rest % 11 == Int(digits[9]) && rest != 10 && !Self.isOneDigit(digits)
        case .nino:
            let prefix = String(decoding: token[0..<2], as: UTF8.self)
            return !["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].contains(prefix)
        case .southAfrican:
            return Self.isDate(day: digits[4..<6], month: digits[2..<4]) && digits[10] <= 2 && Checksum.luhn(digits)
        case .cpf:
            guard !Self.isOneDigit(digits) else { return false }
            return [9, 10].allSatisfy { count in
                let sum = digits[0..<count].enumerated().reduce(0) { $0 + Int($1.element) * (count + 1 - $1.offset) }
                return sum * 10 % 11 % 10 == Int(digits[count])
            }
        case .cnpj:
            // Letters count with what they are more than `0` (Instrução Normativa RFB 2.229 of 2024).
            let values = token.map { Int($0) - 0x30 }
            guard values.contains(where: { $0 != values[0] }) else { return false }
            return [12, 13].allSatisfy { count in
                let sum = values[0..<count].enumerated().reduce(0) { sum, entry in
                    sum + entry.element * ((count - 1 - entry.offset) % 8 + 2)
                }
                return (sum % 11 < 2 ? 0 : 11 - sum % 11) == values[count]
            }
        case .base58: return CryptoAddress.isBase58Check(token)
        case .bech32: return CryptoAddress.isBech32(token)
        }
    }

    private static func number(_ digits: some Sequence<UInt8>) -> Int { digits.reduce(0) { $0 * 10 + Int($1) } }

    private static func isOneDigit(_ digits: [UInt8]) -> Bool { digits.allSatisfy { $0 == digits[0] } }

    private static func isDate(day: ArraySlice<UInt8>, month: ArraySlice<UInt8>) -> Bool {
        (1...31).contains(number(day)) && (1...12).contains(number(month))
    }

    private static func base36(_ unit: UInt8) -> Int {
        UnitClass.isDigit(unit) ? Int(unit - 0x30) : Int(unit) - 0x41 + 10
    }

    private static func spanishLetter(_ number: Int) -> UInt8 { Array("TRWAGMYFPDXBNJZSQVHLCKE".utf8)[number % 23] }

    private static func isSingaporean(_ token: [UInt8], _ digits: [UInt8]) -> Bool {
        var sum = Checksum.weighted(digits, [2, 7, 6, 5, 4, 3, 2])
        switch token[0] {
        case UInt8(ascii: "T"), UInt8(ascii: "G"): sum += 4
        case UInt8(ascii: "M"): sum += 3
        default: break
        }
        let letters: String
        switch token[0] {
        case UInt8(ascii: "S"), UInt8(ascii: "T"): letters = "JZIHGFEDCBA"
        case UInt8(ascii: "M"): letters = "XWUTRQPNJLK"
        default: letters = "XWUTRQPNMLK"
        }
        return Array(letters.utf8)[sum % 11] == token[8]
    }

    /// The control letter of the Italian tax code (decree of 23 December 1976): places counted from one, the odd
    /// ones by a table of their own.
    private static func isFiscalCode(_ token: [UInt8]) -> Bool {
        let odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
        let sum = token.dropLast().enumerated().reduce(0) { sum, entry in
            let unit = entry.element
            let value = UnitClass.isDigit(unit) ? Int(unit - 0x30) : Int(unit - 0x41)
            return sum + (entry.offset % 2 == 0 ? odd[value] : value)
        }
        return UInt8(sum % 26) + 0x41 == token[15]
    }

    private static let indianStates: Set<String> = [
        "AN", "AP", "AR", "AS", "BR", "CG", "CH", "DD", "DL", "DN", "GA", "GJ", "HP", "HR", "JH", "JK", "KA", "KL",
        "LA", "LD", "MH", "ML", "MN", "MP", "MZ", "NL", "OD", "OR", "PB", "PY", "RJ", "SK", "TN", "TR", "TS", "UK",
        "UP", "WB",
    ]
}

/// Addresses of crypto currencies that carry a checksum.
enum CryptoAddress {
    /// Base58Check: a version, 20 bytes, and the first four of a doubled SHA-256.
    static func isBase58Check(_ token: [UInt8]) -> Bool {
        let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)
        var bytes = [UInt8](repeating: 0, count: 25)
        for unit in token {
            guard let digit = alphabet.firstIndex(of: unit) else { return false }
            var carry = digit
            for index in bytes.indices.reversed() {
                carry += Int(bytes[index]) * 58
                bytes[index] = UInt8(carry & 0xFF)
                carry >>= 8
            }
            if carry != 0 { return false }
        }
        let digest = SHA256.hash(data: Array(SHA256.hash(data: bytes[..<21])))
        return Array(digest.prefix(4)) == Array(bytes[21...])
    }

    /// BIP 173 and BIP 350: the checksum is that of a code over GF(32).
    static func isBech32(_ token: [UInt8]) -> Bool {
        let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
        let generator: [UInt32] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3]
        var values: [UInt32] = []
        // It is written in capital letters as well, all of them.
        let token = token.map(UnitClass.lowercased)
        guard let one = token.firstIndex(of: UInt8(ascii: "1")) else { return false }
        for unit in token[..<one] { values.append(UInt32(unit >> 5)) }
        values.append(0)
        for unit in token[..<one] { values.append(UInt32(unit & 31)) }
        for unit in token[(one + 1)...] {
            guard let value = alphabet.firstIndex(of: unit) else { return false }
            values.append(UInt32(value))
        }
        var check: UInt32 = 1
        for value in values {
            let top = check >> 25
            check = (check & 0x1FF_FFFF) << 5 ^ value
            for bit in 0..<5 where top >> UInt32(bit) & 1 == 1 { check ^= generator[bit] }
        }
        return check == 1 || check == 0x2BC8_30A3
    }
}
