/// What a character that is not ASCII is taken for where personal data and secrets are looked for.
enum PlainCharacters {
    /// The unit of a code point.
    static func unit(of scalar: UInt32) -> UInt8 {
        if scalar < 0x80 { return UInt8(scalar) }
        // Most that is beyond ASCII, where much is.
        if scalar &- 0x4E00 < 0x5200 || scalar &- 0xAC00 < 0x2BA4 { return named(scalar) }
        switch scalar {
        // The letters of most text, by their blocks.
        case 0xC0...0x24F where scalar != 0xD7 && scalar != 0xF7: return TextUnits.letter
        case 0x386...0x3FF, 0x400...0x481, 0x48A...0x52F: return spelled(scalar)
        // Scripts that stand beside numbers and addresses without a space between: what is written in them ends no word.
        case 0x3041...0x3096, 0x30A1...0x30FE, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3:
            return named(scalar)
        // Full-width forms of ASCII.
        case 0xFF01...0xFF5E: return UInt8(scalar - 0xFF01 + 0x21)
        // Spaces.
        case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: return 0x20
        // Hyphens, dashes and the minus sign.
        case 0x2010...0x2015, 0x2212, 0xFE58, 0xFE63: return 0x2D
        // Mathematical digits, five alphabets of them.
        case 0x1D7CE...0x1D7FF: return UInt8((scalar - 0x1D7CE) % 10 + 0x30)
        default: break
        }
        for zero in zeros where scalar >= zero && scalar < zero + 10 { return UInt8(scalar - zero + 0x30) }
        guard let value = Unicode.Scalar(scalar) else { return TextUnits.other }
        return value.properties.isAlphabetic ? spelled(scalar) : TextUnits.other
    }

    /// The unit of a letter of another alphabet: one of its own where the words that tell secrets have it.
    private static func spelled(_ scalar: UInt32) -> UInt8 {
        let place = Int(scalar) - firstSpelled
        return spelling.indices.contains(place) ? spelling[place] : TextUnits.letter
    }

    /// From where on letters may have units of their own: capital letters of Greek.
    private static let firstSpelled = 0x386

    /// The units of letters from there on, which are those of «пароль», «токен», «ключ» and «это», «كلمة المرور»,
    /// «الرقم السري», «κωδικός», «סיסמה», «पासवर्ड» and «รหัสผ่าน»; small letters and capital ones have the same.
    private static let spelling: [UInt8] = {
        var table = [UInt8](repeating: TextUnits.letter, count: 0xE50 - firstSpelled)
        for (unit, letter) in zip(TextUnits.named, "парольткенючэєكلمةاروسقيهκωδιόςοסימהपासवरडรหัสผาน".unicodeScalars) {
            for form in [letter] + Array(letter.properties.uppercaseMapping.unicodeScalars)
            where Int(form.value) >= firstSpelled && Int(form.value) - firstSpelled < table.count {
                table[Int(form.value) - firstSpelled] = unit
            }
        }
        return table
    }()

    /// The unit of a character of those scripts: one of its own where the words that stand before numbers have it
    /// (パワ密帯手携机电码碼話话電권민밀비여전주화口令牌钥鑰鍵キトン패번암호키).
    private static func named(_ scalar: UInt32) -> UInt8 {
        switch scalar {
        case 0x30D1: 0x80
        case 0x30EF: 0x81
        case 0x5BC6: 0x82
        case 0x5E2F: 0x83
        case 0x624B: 0x84
        case 0x643A: 0x85
        case 0x673A: 0x86
        case 0x7535: 0x87
        case 0x7801: 0x88
        case 0x78BC: 0x89
        case 0x8A71: 0x8A
        case 0x8BDD: 0x8B
        case 0x96FB: 0x8C
        case 0xAD8C: 0x8D
        case 0xBBFC: 0x8E
        case 0xBC00: 0x8F
        case 0xBE44: 0x90
        case 0xC5EC: 0x91
        case 0xC804: 0x92
        case 0xC8FC: 0x93
        case 0xD654: 0x94
        case 0x53E3: 0xC6
        case 0x4EE4: 0xC7
        case 0x724C: 0xC8
        case 0x94A5: 0xC9
        case 0x9470: 0xCA
        case 0x9375: 0xCB
        case 0x30AD: 0xCC
        case 0x30C8: 0xCD
        case 0x30F3: 0xCE
        case 0xD328: 0xCF
        case 0xBC88: 0xD0
        case 0xC554: 0xD1
        case 0xD638: 0xD2
        case 0xD0A4: 0xD3
        default: TextUnits.ideograph
        }
    }

    /// The digit zero of the scripts whose digits people type.
    private static let zeros: [UInt32] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20,
        0x1040, 0x17E0, 0x1810,
    ]
}

/// Characters that are not seen where they stand between others.
enum UnseenCharacters {
    static func contains(_ scalar: UInt32) -> Bool {
        if scalar &- 0x3000 < 0xCE00 { return false }
        return switch scalar {
        case 0xAD, 0x34F, 0x61C, 0x180B...0x180F, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xFE00...0xFE0F,
            0xFEFF, 0xE0000...0xE0FFF:
            true
        default: false
        }
    }
}
