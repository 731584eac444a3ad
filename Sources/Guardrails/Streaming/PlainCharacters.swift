/// What a character that is not ASCII is taken for where personal data and secrets are looked for.
enum PlainCharacters {
    /// The units of the code points below 0x10000, by code point; 0 for a character that is not seen.
    static let basic: PlainTable<UInt8> = {
        var table = [UInt8](repeating: TextUnits.ideograph, count: 0x10000)
        for (first, last) in [(0, 0x33FF), (0x4DC0, 0x4DFF), (0xA000, 0xABFF), (0xD7A4, 0xFFFF)] as [(UInt32, UInt32)] {
            for scalar in first...last {
                table[Int(scalar)] = UnseenCharacters.contains(scalar) ? 0 : told(scalar)
            }
        }
        for (scalar, unit) in named { table[Int(scalar)] = unit }
        return PlainTable(table)
    }()

    /// The unit of a code point.
    static func unit(of scalar: UInt32) -> UInt8 {
        let unit = scalar < 0x10000 ? basic[Int(scalar)] : 0
        return unit != 0 ? unit : told(scalar)
    }

    /// The unit of a code point that is not in one of the large blocks of ideographs and syllables.
    private static func told(_ scalar: UInt32) -> UInt8 {
        if scalar < 0x80 { return UInt8(scalar) }
        switch scalar {
        // The letters of most text, by their blocks.
        case 0xC0...0x24F where scalar != 0xD7 && scalar != 0xF7: return TextUnits.letter
        case 0x386...0x3FF, 0x400...0x481, 0x48A...0x52F: return spelled(scalar)
        // Scripts that stand beside numbers and addresses without a space between: what is written in them ends no word.
        case 0x3041...0x3096, 0x30A1...0x30FE: return TextUnits.ideograph
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

    /// The characters of those scripts with units of their own, since the words that stand before numbers have them.
    private static let named: [(scalar: UInt32, unit: UInt8)] = {
        let characters = "パワ密帯手携机电码碼話话電권민밀비여전주화口令牌钥鑰鍵キトン패번암호키".unicodeScalars
        return zip(characters, Array(0x80...0x94) + Array(0xC6...0xD3)).map { ($0.value, $1) }
    }()

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
