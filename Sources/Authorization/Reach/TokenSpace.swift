/// What tokens there can be, as sets that a reach analysis can compute with.
///
/// Issuer and subject are texts or absent. Any other claim is a set of elements: its strings, its numbers and booleans,
/// and a mark that says that the claim is there at all, each told from the others by its first byte. A claim that is one
/// string, and a list of that one string, are the same to every policy.
final class TokenSpace {
    /// Begins the element that says that a claim is there.
    static let mark = "\u{1}"
    /// Begins a string.
    static let text = "\u{2}"
    /// Begins a number, a boolean or null.
    static let other = "\u{3}"

    /// Who may have issued a token; nil for anyone, empty where no token is verified.
    let issuers: [String]?
    let languages: Languages
    /// Every text that JSON can carry.
    let texts: Language
    /// The issuers that there can be.
    let issuerTexts: Language
    /// Every string as an element.
    let strings: Language
    /// Every number, boolean and null as an element.
    let others: Language
    /// The mark alone.
    let present: Language
    /// Every element.
    let elements: Language
    /// No string at all.
    private let none: Language
    /// The texts that no issuer has.
    private let foreign: Language
    /// The claims that policies look at.
    private var paths: Set<[String]> = []

    /// - Throws: ``ReachError`` where it is too large for the limits.
    init(_ languages: Languages, issuers: [String]?) throws(ReachError) {
        self.languages = languages
        self.issuers = issuers
        self.none = try languages.language(.choice([]), name: "none")
        self.texts = try languages.language(Self.unicode, name: Languages.any)
        self.issuerTexts =
            try issuers.map { (issuers) throws(ReachError) in
                try languages.language(.choice(issuers.map { .text($0) }), name: issuers.joined(separator: ", "))
            } ?? texts
        self.foreign = try languages.difference(texts, issuerTexts)
        self.strings = try languages.language(.sequence([.text(Self.text), Self.unicode]), name: Languages.any)
        self.others = try languages.language(.sequence([.text(Self.other), Self.scalar]), name: Languages.any)
        self.present = try languages.language(.text(Self.mark), name: "present")
        self.elements = try languages.union(present, try languages.union(strings, others))
    }

    /// Whatever a claim can be; issuer and subject have at most one text, which `.atMostOne` says.
    func whole(_ dimension: RequestDimension) -> ValueCondition {
        let isNever = issuers?.isEmpty ?? false
        switch dimension {
        case .issuer: return ValueCondition(required: [], forbidden: foreign, count: .atMostOne)
        case .subject: return ValueCondition(required: [], forbidden: isNever ? texts : none, count: .atMostOne)
        default: return ValueCondition(required: [], forbidden: isNever ? elements : none)
        }
    }

    /// Takes note that a policy looks at a claim; false where it looks into issuer or subject, which are texts.
    func uses(_ path: [String]) -> Bool {
        if path.count > 1, ["iss", "sub"].contains(path[0]) { return false }
        paths.insert(path)
        return true
    }

    /// The claims of which the second is in the first.
    var nested: [(outer: [String], inner: [String])] {
        let ordered = paths.sorted { $0.lexicographicallyPrecedes($1) }
        return ordered.flatMap { outer in
            ordered.filter { $0.count > outer.count && $0.starts(with: outer) }.map { (outer, $0) }
        }
    }

    /// UTF-8 (RFC 3629 §4).
    private static let unicode: RegularExpression = {
        func byte(_ range: ClosedRange<UInt8>) -> RegularExpression { .byte(ByteSet([range])) }
        let tail = byte(0x80...0xbf)
        return .many(
            .choice([
                byte(0x00...0x7f), .sequence([byte(0xc2...0xdf), tail]),
                .sequence([byte(0xe0...0xe0), byte(0xa0...0xbf), tail]),
                .sequence([.byte(ByteSet([0xe1...0xec, 0xee...0xef])), tail, tail]),
                .sequence([byte(0xed...0xed), byte(0x80...0x9f), tail]),
                .sequence([byte(0xf0...0xf0), byte(0x90...0xbf), tail, tail]),
                .sequence([byte(0xf1...0xf3), tail, tail, tail]),
                .sequence([byte(0xf4...0xf4), byte(0x80...0x8f), tail, tail]),
            ])
        )
    }()

    /// A number, a boolean or null (RFC 8259 §3 and §6).
    private static let scalar: RegularExpression = {
        let digit = RegularExpression.byte(ByteSet("0123456789"))
        let whole = RegularExpression.choice([
            .text("0"), .sequence([.byte(ByteSet("123456789")), .many(digit)]),
        ])
        let exponent = RegularExpression.sequence([
            .byte(ByteSet("eE")), .optional(.byte(ByteSet("+-"))), .repeated(digit),
        ])
        let number = RegularExpression.sequence([
            .optional(.text("-")), whole, .optional(.sequence([.text("."), .repeated(digit)])), .optional(exponent),
        ])
        return .choice([.text("true"), .text("false"), .text("null"), number])
    }()
}

extension RequestDimension {
    /// Where policies find a claim: issuer and subject by themselves, whatever way they are asked for.
    static func token(_ path: [String]) -> RequestDimension {
        path == ["iss"] ? .issuer : path == ["sub"] ? .subject : .claim(path)
    }
}
