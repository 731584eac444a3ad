/// The labels of names in other scripts (RFC 5891 §4.2, RFC 5892).
enum InternationalLabel {
    static func isValid(_ label: [Unicode.Scalar]) -> Bool {
        guard let first = label.first, let last = label.last, first != "-", last != "-" else { return false }
        if label.count >= 4, label[2] == "-", label[3] == "-" { return false }
        switch first.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return false
        default: break
        }
        for place in label.indices {
            guard isAllowed(label[place]) || isAllowedHere(label, place) else { return false }
        }
        let text = String(String.UnicodeScalarView(label))
        guard isComposed(label) else { return false }
        let isRight = label.contains { Script.rightToLeft.contains($0.value) }
        return !text.isEmpty && (!isRight || isBidirectional(label))
    }

    /// Letters, digits and marks that are the same in lower case (RFC 5892 §3), with the exceptions of §2.6.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00DF, 0x03C2, 0x06FD, 0x06FE, 0x0F0B, 0x3007: return true
        case 0x0640, 0x07FA, 0x302E, 0x302F, 0x3031...0x3035, 0x303B: return false
        case 0x2D, 0x30...0x39, 0x61...0x7A: return true
        case 0x1100...0x11FF, 0xA960...0xA97F, 0xD7B0...0xD7FF: return false
        case 0x0660...0x0669, 0x06F0...0x06F9, 0x30FB, 0xB7, 0x375, 0x5F3, 0x5F4: return false
        default: break
        }
        let properties = scalar.properties
        guard !properties.isNoncharacterCodePoint, !properties.isDefaultIgnorableCodePoint, !properties.isWhitespace
        else { return false }
        switch properties.generalCategory {
        case .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark, .decimalNumber:
            // What case folding changes is unstable.
            return properties.lowercaseMapping == String(scalar) && properties.changesWhenNFKCCaseFolded == false
        default: return false
        }
    }

    /// What is allowed in some places only (RFC 5892, appendix A).
    private static func isAllowedHere(_ label: [Unicode.Scalar], _ place: Int) -> Bool {
        let before = place > 0 ? label[place - 1] : nil
        let after = place + 1 < label.count ? label[place + 1] : nil
        switch label[place].value {
        case 0x200D: return before?.properties.canonicalCombiningClass == .virama
        case 0x200C: return before?.properties.canonicalCombiningClass == .virama || joins(label, place)
        case 0x00B7: return before == "l" && after == "l"
        case 0x0375: return after.map { Script.greek.contains($0.value) } ?? false
        case 0x05F3, 0x05F4: return before.map { Script.hebrew.contains($0.value) } ?? false
        case 0x30FB:
            return label.contains {
                $0.value != 0x30FB
                    && (Script.hiragana.contains($0.value) || Script.katakana.contains($0.value)
                        || Script.han.contains($0.value))
            }
        case 0x0660...0x0669: return !label.contains { (0x06F0...0x06F9).contains($0.value) }
        case 0x06F0...0x06F9: return !label.contains { (0x0660...0x0669).contains($0.value) }
        default: return false
        }
    }

    /// Whether the letters on both sides join over a ZERO WIDTH NON-JOINER; Arabic letters that do are looked at.
    private static func joins(_ label: [Unicode.Scalar], _ place: Int) -> Bool {
        let isMark = { (scalar: Unicode.Scalar) in scalar.properties.generalCategory == .nonspacingMark }
        guard let before = label[..<place].last(where: { !isMark($0) }),
            let after = label[(place + 1)...].first(where: { !isMark($0) })
        else { return false }
        return Script.joinsLeft.contains(before.value) && Script.arabicLetters.contains(after.value)
    }

    /// Whether the label is in normal form C, as far as two letters of it could be one.
    private static func isComposed(_ label: [Unicode.Scalar]) -> Bool {
        let text = String(String.UnicodeScalarView(label))
        return NormalForm.composed(text).unicodeScalars.elementsEqual(label)
    }

    static func isRightToLeft(_ label: Substring.UnicodeScalarView) -> Bool {
        label.contains { Script.rightToLeft.contains($0.value) }
    }

    /// The rule of labels in names with letters that are written from right to left (RFC 5893 §2).
    static func isBidirectional(_ label: [Unicode.Scalar]) -> Bool {
        guard let first = label.first else { return false }
        let isRight = { (scalar: Unicode.Scalar) in Script.rightToLeft.contains(scalar.value) }
        guard isRight(first) else {
            // From left to right: it begins with a letter, and has none of the others.
            return first.properties.isAlphabetic && !label.contains(where: isRight)
        }
        // Digits are European, the eastern ones among them, or Arabic, and not both.
        let european = label.contains { ("0"..."9").contains($0) || (0x6F0...0x6F9).contains($0.value) }
        let arabic = label.contains { (0x660...0x669).contains($0.value) }
        return !(european && arabic)
            && label.allSatisfy { scalar in
                if isRight(scalar) || scalar == "-" { return true }
                switch scalar.properties.generalCategory {
                case .nonspacingMark, .decimalNumber, .format: return true
                default: return false
                }
            }
    }
}

/// The blocks in which the letters of some scripts stand.
enum Script {
    static let greek = ScalarSet([0x370...0x3FF, 0x1F00...0x1FFF])
    static let hebrew = ScalarSet([0x591...0x5F4, 0xFB1D...0xFB4F])
    static let hiragana = ScalarSet([0x3041...0x3096, 0x309D...0x309F])
    static let katakana = ScalarSet([0x30A1...0x30FA, 0x30FD...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9D])
    static let han = ScalarSet([
        0x2E80...0x2FD5, 0x3005...0x3005, 0x3007...0x3007, 0x3021...0x3029, 0x3038...0x303B, 0x3400...0x4DBF,
        0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF,
    ])
    static let arabicLetters = ScalarSet([0x620...0x64A, 0x66E...0x66F, 0x671...0x6D3, 0x6D5...0x6D5, 0x6FA...0x6FC])
    /// Arabic letters that join with what follows: all but those that have no initial form.
    static let joinsLeft = ScalarSet([
        0x620...0x620, 0x626...0x626, 0x628...0x628, 0x62A...0x62E, 0x633...0x63F, 0x641...0x647, 0x649...0x64A,
        0x66E...0x66F, 0x678...0x687, 0x69A...0x6BF, 0x6C1...0x6C2, 0x6CC...0x6CC, 0x6CE...0x6CE, 0x6D0...0x6D1,
        0x6FA...0x6FC,
    ])
    static let rightToLeft = ScalarSet([
        0x5BE...0x5BE, 0x5C0...0x5C0, 0x5C3...0x5C3, 0x5C6...0x5C6, 0x5D0...0x5F4, 0x608...0x608, 0x60B...0x60B,
        0x60D...0x60D, 0x61B...0x64A, 0x66D...0x66F, 0x671...0x6D5, 0x6E5...0x6E6, 0x6EE...0x6EF, 0x6FA...0x710,
        0x712...0x72F, 0x74D...0x7A5, 0x7B1...0x7EA, 0xFB1D...0xFB1D, 0xFB1F...0xFDFF, 0xFE70...0xFEFE,
    ])
}
