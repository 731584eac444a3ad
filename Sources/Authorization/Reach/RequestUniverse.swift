/// What requests there can be: which callers, which paths.
///
/// A gateway answers 400 to what is not in it, before any policy is asked.
struct RequestUniverse: Sendable {
    /// The names that a caller can have.
    let names: RegularExpression
    /// Whether a caller that proved no identity gets as far as the policies.
    let admitsAnonymous: Bool
    /// How paths are made canonical.
    let normalization: PathNormalization
    /// Whether paths that servers read differently are refused, as `strict` does.
    let isStrict: Bool
    /// Who may have issued tokens; nil for anyone, empty where no token is verified.
    let issuers: [String]?
    /// Whether a CONNECT is let in, which has a host and a port and no path.
    let offersTunnels: Bool

    /// Every SPIFFE ID (SPIFFE-ID §2), the length aside.
    static let spiffeIDs: RegularExpression = {
        let dot = RegularExpression.text(".")
        let any = ByteSet(smallLetters + capitals + "0123456789.-_")
        let other = any.subtracting(ByteSet("."))
        // A segment that is neither empty nor `.` nor `..`.
        let segment = RegularExpression.sequence([
            .choice([.byte(other), .sequence([dot, .byte(other)]), .sequence([dot, dot, .byte(any)])]),
            .many(.byte(any)),
        ])
        return .sequence([.text("spiffe://"), .repeated(.byte(domain)), .many(.sequence([.text("/"), segment]))])
    }()

    private static let smallLetters = "abcdefghijklmnopqrstuvwxyz"
    private static let capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    /// The bytes of a trust domain.
    private static let domain = ByteSet(smallLetters + "0123456789.-_")

    /// Every name that a certificate can carry: any text that is printed and is not empty.
    static let certificateNames = RegularExpression.repeated(.byte(ByteSet([0x21...0x7e])))

    /// A host, perhaps with a port.
    static let authorities = RegularExpression.repeated(
        .byte(ByteSet([0x21...0x7e]).subtracting(ByteSet("/?#@\\\"<>^`{|}")))
    )

    /// What a tunnel may be asked for: a host and a port.
    static let tunnelAuthorities = RegularExpression.sequence([
        authorities, .text(":"), .byte(ByteSet("123456789")), .many(.byte(ByteSet("0123456789"))),
    ])

    /// A server name in lower case, or the empty string for none.
    static let serverNames = RegularExpression.many(.byte(ByteSet([0x21...0x7e]).subtracting(ByteSet(capitals))))

    /// A header's value: text without control characters, and without blanks around it.
    static let headerValues: RegularExpression = {
        let visible = RegularExpression.byte(ByteSet([0x21...0x7e, 0x80...0xff]))
        let inner = RegularExpression.byte(ByteSet([0x20...0x7e, 0x09...0x09, 0x80...0xff]))
        return .optional(.sequence([visible, .optional(.sequence([.many(inner), visible]))]))
    }()
}

extension Languages {
    /// The paths that a normalisation leaves as they are, each with any query.
    ///
    /// - Throws: ``ReachError`` where they are too many for the limits.
    func targets(_ normalization: PathNormalization, isStrict: Bool = false) throws(ReachError) -> Language {
        let paths = CommonPaths(normalization: normalization, isStrict: isStrict, isPlain: false)
        return try common(paths) { () throws(ReachError) -> Language in try makeTargets(normalization, isStrict) }
    }

    private func makeTargets(_ normalization: PathNormalization, _ isStrict: Bool) throws(ReachError) -> Language {
        let visible = ByteSet([0x21...0x7e]).subtracting(ByteSet("#"))
        var bytes = visible.subtracting(ByteSet("?"))
        if normalization != .none { bytes = ByteSet { bytes.contains($0) && !PathByte.isEscaped($0) && $0 != 0x5c } }
        let path = RegularExpression.sequence([.text("/"), .many(.byte(bytes))])
        let query = RegularExpression.optional(.sequence([.text("?"), .many(.byte(visible))]))
        let written = try language(.sequence([path, query]), name: Languages.any)
        let refused = Self.rewritten(normalization) + (isStrict ? Self.ambiguous : [])
        let others = try difference(
            written,
            try language(.sequence([.choice(refused), query]), name: "not canonical")
        )
        guard normalization == .mergeSlashes || normalization == .decodeAndMergeSlashes else { return others }
        // Slashes are merged, but for two that are the whole path.
        return try union(others, try language(.sequence([.text("//"), query]), name: "//"))
    }

    /// Those of the paths that `strict` takes which a lenient server reads as they are.
    ///
    /// They are without escapes, parameters, doubled slashes and dot segments.
    ///
    /// - Throws: ``ReachError`` where they are too many for the limits.
    func plain(_ normalization: PathNormalization) throws(ReachError) -> Language {
        let paths = CommonPaths(normalization: normalization, isStrict: true, isPlain: true)
        return try common(paths) { () throws(ReachError) -> Language in
            try makePlain(try targets(normalization, isStrict: true))
        }
    }

    private func makePlain(_ targets: Language) throws(ReachError) -> Language {
        let path = ByteSet([0x21...0x7e]).subtracting(ByteSet("#?"))
        let any = RegularExpression.many(.byte(path))
        let dots = RegularExpression.sequence([any, .text("/"), .choice([.text("."), .text("..")])])
        let unusual = RegularExpression.choice([
            .sequence([any, .choice([.byte(ByteSet("%;\\")), .text("//")]), any]),
            .sequence([dots, .optional(.sequence([.text("/"), any]))]),
        ])
        return try difference(targets, try paths(unusual, name: "unusual"))
    }

    /// The paths that `strict` refuses: a `%` that begins no escape, an escaped control byte, dots with parameters.
    private static let ambiguous: [RegularExpression] = {
        let path = ByteSet([0x21...0x7e]).subtracting(ByteSet("#?"))
        let any = RegularExpression.many(.byte(path))
        let digit = ByteSet("0123456789abcdefABCDEF")
        let percent = RegularExpression.text("%")
        func escape(_ first: String, _ second: String) -> RegularExpression {
            .sequence([percent, .byte(ByteSet(first)), .byte(ByteSet(second))])
        }
        let noDigit = RegularExpression.byte(path.subtracting(digit))
        let malformed = RegularExpression.choice([
            .sequence([any, percent]), .sequence([any, percent, .byte(digit)]),
            .sequence([any, percent, noDigit, any]), .sequence([any, percent, .byte(digit), noDigit, any]),
        ])
        let control = RegularExpression.sequence([
            any, .choice([escape("01", "0123456789abcdefABCDEF"), escape("7", "fF")]), any,
        ])
        let dot = RegularExpression.choice([.text("."), escape("2", "eE")])
        let parameters = RegularExpression.sequence([
            any, .byte(ByteSet("/\\")), .choice([dot, .sequence([dot, dot])]),
            .choice([.text(";"), escape("3", "bB")]), any,
        ])
        return [malformed, control, parameters]
    }()

    /// The paths that are not canonical.
    private static func rewritten(_ normalization: PathNormalization) -> [RegularExpression] {
        guard normalization != .none else { return [] }
        let path = ByteSet([0x21...0x7e]).subtracting(ByteSet("#?"))
        let any = RegularExpression.many(.byte(path))
        let noSlash = RegularExpression.many(.byte(path.subtracting(ByteSet("/"))))
        let end = RegularExpression.optional(.sequence([.text("/"), any]))
        let dots = RegularExpression.choice([.text("."), .text("..")])
        // What may stand nowhere: an escape of a byte that is never left escaped or never let through, or two slashes.
        var forbidden: [RegularExpression] = normalization == .base ? [] : [.text("//")]
        for byte in UInt8.min ... .max {
            let isSlash = byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
            guard
                byte == 0 || byte == UInt8(ascii: ".") || PathByte.isUnreserved(byte)
                    || isSlash && normalization == .decodeAndMergeSlashes
            else { continue }
            let digits = [PathByte.hexadecimal[Int(byte >> 4)], PathByte.hexadecimal[Int(byte & 15)]]
            forbidden.append(.sequence([.text("%"), .ignoringCase(digits)]))
        }
        return [
            // A segment of one or two dots, with parameters or without.
            .sequence([any, .text("/"), dots, .optional(.sequence([.text(";"), noSlash])), end]),
            // One end for all of them: what has been found once need not be told apart any more.
            .sequence([any, .choice(forbidden), any]),
        ]
    }
}
