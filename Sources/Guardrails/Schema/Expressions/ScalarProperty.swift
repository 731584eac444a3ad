/// A property that Unicode gives a character, as `\p{…}` names it (ECMA-262 §22.2.1.1).
///
/// General categories and the common binary properties are known; scripts are not.
enum ScalarProperty: Sendable {
    case categories(Set<Unicode.GeneralCategory>)
    case binary(Binary)

    /// Properties that hold or do not.
    enum Binary: String, Sendable, CaseIterable {
        case any = "Any"
        case ascii = "ASCII"
        case assigned = "Assigned"
        case alphabetic = "Alphabetic"
        case lowercase = "Lowercase"
        case uppercase = "Uppercase"
        case whiteSpace = "White_Space"
        case ideographic = "Ideographic"
        case hexDigit = "Hex_Digit"
        case asciiHexDigit = "ASCII_Hex_Digit"
        case idStart = "ID_Start"
        case idContinue = "ID_Continue"
        case xidStart = "XID_Start"
        case xidContinue = "XID_Continue"
        case dash = "Dash"
        case diacritic = "Diacritic"
        case math = "Math"
        case emoji = "Emoji"
        case emojiPresentation = "Emoji_Presentation"
        case noncharacter = "Noncharacter_Code_Point"
        case defaultIgnorable = "Default_Ignorable_Code_Point"
        case variationSelector = "Variation_Selector"
        case cased = "Cased"
    }

    /// The property that stands between the braces, or nil where none of that name is known.
    init?(_ text: String) {
        var name = text[...]
        for prefix in ["General_Category=", "gc="] where name.hasPrefix(prefix) { name = name.dropFirst(prefix.count) }
        if let categories = Self.categories[String(name)] {
            self = .categories(categories)
        } else if name == text[...], let binary = Binary(rawValue: text) ?? Self.shortNames[text] {
            self = .binary(binary)
        } else {
            return nil
        }
    }

    func holds(of scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        switch self {
        case .categories(let categories): return categories.contains(properties.generalCategory)
        case .binary(let binary):
            switch binary {
            case .any: return true
            case .ascii: return scalar.isASCII
            case .assigned: return properties.generalCategory != .unassigned
            case .alphabetic: return properties.isAlphabetic
            case .lowercase: return properties.isLowercase
            case .uppercase: return properties.isUppercase
            case .whiteSpace: return properties.isWhitespace
            case .ideographic: return properties.isIdeographic
            case .hexDigit: return properties.isHexDigit
            case .asciiHexDigit: return properties.isASCIIHexDigit
            case .idStart: return properties.isIDStart
            case .idContinue: return properties.isIDContinue
            case .xidStart: return properties.isXIDStart
            case .xidContinue: return properties.isXIDContinue
            case .dash: return properties.isDash
            case .diacritic: return properties.isDiacritic
            case .math: return properties.isMath
            case .emoji: return properties.isEmoji
            case .emojiPresentation: return properties.isEmojiPresentation
            case .noncharacter: return properties.isNoncharacterCodePoint
            case .defaultIgnorable: return properties.isDefaultIgnorableCodePoint
            case .variationSelector: return properties.isVariationSelector
            case .cased: return properties.isCased
            }
        }
    }

    private static let shortNames: [String: Binary] = [
        "Alpha": .alphabetic, "Lower": .lowercase, "Upper": .uppercase, "space": .whiteSpace, "Ideo": .ideographic,
        "Hex": .hexDigit, "AHex": .asciiHexDigit, "IDS": .idStart, "IDC": .idContinue, "XIDS": .xidStart,
        "XIDC": .xidContinue, "Dia": .diacritic, "EPres": .emojiPresentation, "NChar": .noncharacter,
        "DI": .defaultIgnorable, "VS": .variationSelector,
    ]

    /// Unicode Standard Annex 44 §5.7.1.
    private static let categories: [String: Set<Unicode.GeneralCategory>] = {
        let single: [(String, String, Unicode.GeneralCategory)] = [
            ("Lu", "Uppercase_Letter", .uppercaseLetter), ("Ll", "Lowercase_Letter", .lowercaseLetter),
            ("Lt", "Titlecase_Letter", .titlecaseLetter), ("Lm", "Modifier_Letter", .modifierLetter),
            ("Lo", "Other_Letter", .otherLetter), ("Mn", "Nonspacing_Mark", .nonspacingMark),
            ("Mc", "Spacing_Mark", .spacingMark), ("Me", "Enclosing_Mark", .enclosingMark),
            ("Nd", "Decimal_Number", .decimalNumber), ("Nl", "Letter_Number", .letterNumber),
            ("No", "Other_Number", .otherNumber), ("Pc", "Connector_Punctuation", .connectorPunctuation),
            ("Pd", "Dash_Punctuation", .dashPunctuation), ("Ps", "Open_Punctuation", .openPunctuation),
            ("Pe", "Close_Punctuation", .closePunctuation), ("Pi", "Initial_Punctuation", .initialPunctuation),
            ("Pf", "Final_Punctuation", .finalPunctuation), ("Po", "Other_Punctuation", .otherPunctuation),
            ("Sm", "Math_Symbol", .mathSymbol), ("Sc", "Currency_Symbol", .currencySymbol),
            ("Sk", "Modifier_Symbol", .modifierSymbol), ("So", "Other_Symbol", .otherSymbol),
            ("Zs", "Space_Separator", .spaceSeparator), ("Zl", "Line_Separator", .lineSeparator),
            ("Zp", "Paragraph_Separator", .paragraphSeparator), ("Cc", "Control", .control), ("Cf", "Format", .format),
            ("Cs", "Surrogate", .surrogate), ("Co", "Private_Use", .privateUse), ("Cn", "Unassigned", .unassigned),
        ]
        var result: [String: Set<Unicode.GeneralCategory>] = [:]
        for (short, long, category) in single {
            result[short] = [category]
            result[long] = [category]
        }
        let groups: [(String, String)] = [
            ("L", "Letter"), ("M", "Mark"), ("N", "Number"), ("P", "Punctuation"), ("S", "Symbol"), ("Z", "Separator"),
            ("C", "Other"),
        ]
        for (letter, long) in groups {
            let all = Set(single.filter { $0.0.hasPrefix(letter) }.map(\.2))
            result[letter] = all
            result[long] = all
        }
        let cased: Set<Unicode.GeneralCategory> = [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter]
        result["LC"] = cased
        result["Cased_Letter"] = cased
        result["digit"] = [.decimalNumber]
        result["punct"] = result["P"]
        result["cntrl"] = [.control]
        result["Combining_Mark"] = result["M"]
        return result
    }()
}
