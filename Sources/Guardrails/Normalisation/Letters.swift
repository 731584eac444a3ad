/// What a scalar is to a reader of words: a lower-case letter without its marks, a digit, or nothing.
enum Letters {
    /// Lower case without diacritics for what is below U+2E80; 0 is a mark to leave out.
    private static let table: [UInt32] = (0..<0x2E80).map { folded(UInt32($0)) }
    /// Whether it is a letter or a digit.
    private static let wordTable: [Bool] = (0..<0x2E80).map { isWordScalar(UInt32($0)) }

    /// The scalar in lower case without its marks; 0 for a mark of the general blocks, which stands for nothing.
    static func fold(_ scalar: UInt32) -> UInt32 {
        scalar < 0x2E80 ? table[Int(scalar)] : scalar < 0xA640 ? scalar : folded(scalar)
    }

    /// Whether the scalar is part of a word.
    static func isWord(_ scalar: UInt32) -> Bool {
        scalar < 0x2E80 ? wordTable[Int(scalar)] : scalar < 0x3000 ? false : isWordScalar(scalar)
    }

    /// Whether each character is a word of its own, as in scripts without spaces.
    static func standsAlone(_ scalar: UInt32) -> Bool {
        switch scalar {
        case ..<0x0E00: false
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x3400...0x9FFF, 0xF900...0xFAFF,
            0x20000...0x3FFFF:
            true
        default: false
        }
    }

    static func isASCIILetter(_ scalar: UInt32) -> Bool { (scalar | 0x20) &- 0x61 < 26 }
    static func isDigit(_ scalar: UInt32) -> Bool { scalar &- 0x30 < 10 }
    static func isSpace(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 9...13, 32, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    private static func folded(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x80 { return scalar &- 0x41 < 26 ? scalar | 0x20 : scalar }
        if (0x300...0x36F).contains(scalar) || (0x1AB0...0x1AFF).contains(scalar) || (0x20D0...0x20FF).contains(scalar)
        {
            return 0
        }
        guard let known = Unicode.Scalar(scalar) else { return 0xFFFD }
        let lower = known.properties.lowercaseMapping.unicodeScalars.first?.value ?? scalar
        // Latin, Greek and Cyrillic letters lose their marks; the marks of other scripts are vowels.
        guard (0xC0..<0x530).contains(lower) || (0x1E00..<0x2000).contains(lower),
            let base = CompatibilityForm.shared.decomposition(of: lower)?.first
        else { return lower }
        return base
    }

    private static func isWordScalar(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 { return isASCIILetter(scalar) || isDigit(scalar) }
        guard let properties = Unicode.Scalar(scalar)?.properties else { return false }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber, .letterNumber:
            return true
        default: return false
        }
    }
}
