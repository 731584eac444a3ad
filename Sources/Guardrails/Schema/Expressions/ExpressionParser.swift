/// Reads a regular expression of ECMA-262 in its Unicode mode (§22.2.1), less what no linear matcher can do.
///
/// Refused are back-references, scripts as properties, and modifiers of flags. Any ASCII punctuation may be escaped,
/// which the Unicode mode does not allow and schemas do.
struct ExpressionParser {
    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var depth = 0
    private var names: Set<String> = []

    /// The groups that may stand in one another.
    private static let maximumDepth = 64
    /// What a repetition may ask for.
    private static let maximumCount = 1000

    /// Whether references to groups are read, which nothing here can match.
    private let allowsReferences: Bool
    private var groups = 0
    private var references: Set<String> = []
    private var lastReference = 0

    init(_ text: String, allowsReferences: Bool = false) {
        self.scalars = Array(text.unicodeScalars)
        self.allowsReferences = allowsReferences
    }

    mutating func parse() throws(ExpressionFailure) -> ExpressionTree {
        let tree = try choice()
        guard at == scalars.count else { throw failure("an unopened `)` stands") }
        guard references.isSubset(of: names), lastReference <= groups else {
            throw failure("a reference to a group that is not there stands")
        }
        return tree
    }

    private mutating func choice() throws(ExpressionFailure) -> ExpressionTree {
        depth += 1
        guard depth <= Self.maximumDepth else {
            throw failure("more than \(Self.maximumDepth) groups stand in one another")
        }
        defer { depth -= 1 }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws(ExpressionFailure) -> ExpressionTree {
        var parts: [ExpressionTree] = []
        while let next = peek, next != "|", next != ")" { parts.append(try term()) }
        return parts.isEmpty ? .empty : parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func term() throws(ExpressionFailure) -> ExpressionTree {
        let start = at
        let atom = try atom()
        guard let (least, most) = try quantifier() else { return atom }
        switch atom {
        case .assertion, .look: throw failure("an assertion cannot be repeated", at: start)
        default: return .repetition(atom, least: least, most: most)
        }
    }

    private mutating func quantifier() throws(ExpressionFailure) -> (least: Int, most: Int?)? {
        let start = at
        let range: (Int, Int?)
        switch peek {
        case "*": range = (0, nil)
        case "+": range = (1, nil)
        case "?": range = (0, 1)
        case "{":
            at += 1
            guard let least = try count() else { throw failure("a number was expected behind `{`") }
            var most: Int? = least
            if take(",") { most = try count() }
            guard peek == "}" else { throw failure("`}` was expected") }
            if let most, most < least { throw failure("the numbers of a repetition are out of order", at: start) }
            range = (least, most)
        default: return nil
        }
        at += 1
        // Whether little or much is matched first is of no account for whether anything is.
        _ = take("?")
        return range
    }

    private mutating func count() throws(ExpressionFailure) -> Int? {
        let start = at
        var value = 0
        while let next = peek, ("0"..."9").contains(next) {
            value = value * 10 + Int(next.value - 0x30)
            guard value <= Self.maximumCount else {
                throw failure("more than \(Self.maximumCount) repetitions are asked for", at: start)
            }
            at += 1
        }
        return at > start ? value : nil
    }

    private mutating func atom() throws(ExpressionFailure) -> ExpressionTree {
        let start = at
        guard let next = peek else { return .empty }
        at += 1
        switch next {
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case ".": return .set(.anyButLineEnds)
        case "(": return try group(start)
        case "[": return .set(try characterClass(start))
        case "\\": return try escape(start)
        case "*", "+", "?", "{": throw failure("nothing stands before `\(next)` that could be repeated", at: start)
        case "]", "}": throw failure("an unopened `\(next)` stands; escape it", at: start)
        default: return .set(ScalarSet([next.value...next.value]))
        }
    }

    private mutating func group(_ start: Int) throws(ExpressionFailure) -> ExpressionTree {
        var look: (ahead: Bool, isNegative: Bool)?
        if peek != "?" { groups += 1 }
        if take("?") {
            let kind = peek
            at += 1
            switch kind {
            case ":": break
            case "=": look = (true, false)
            case "!": look = (true, true)
            case "<":
                if take("=") {
                    look = (false, false)
                } else if take("!") {
                    look = (false, true)
                } else {
                    let name = try groupName()
                    groups += 1
                    guard names.insert(name).inserted else { throw failure("two groups have one name", at: start) }
                }
            default: throw failure("`(?` has to go on with `:`, `=`, `!` or `<`", at: start)
            }
        }
        let inside = try choice()
        guard take(")") else { throw failure("a group is not closed", at: start) }
        if let look { return .look(inside, ahead: look.ahead, isNegative: look.isNegative) }
        return inside
    }

    private mutating func groupName() throws(ExpressionFailure) -> String {
        let start = at
        var name = ""
        while let next = peek, next != ">" {
            let properties = next.properties
            let isAllowed = name.isEmpty ? properties.isIDStart : properties.isIDContinue
            guard isAllowed || next == "_" || next == "$" else { break }
            name.unicodeScalars.append(next)
            at += 1
        }
        guard !name.isEmpty, take(">") else { throw failure("the name of a group is not valid", at: start) }
        return name
    }

    // MARK: Escapes

    private mutating func escape(_ start: Int) throws(ExpressionFailure) -> ExpressionTree {
        switch peek {
        case "b":
            at += 1
            return .assertion(.wordBoundary)
        case "B":
            at += 1
            return .assertion(.noWordBoundary)
        case "k":
            guard allowsReferences else {
                throw failure("a back-reference cannot be matched in linear time", at: start)
            }
            at += 1
            guard take("<") else { throw failure("`<` was expected behind `\\k`", at: start) }
            references.insert(try groupName())
            return .empty
        case let digit? where ("1"..."9").contains(digit):
            guard allowsReferences, let number = try count() else {
                throw failure("a back-reference cannot be matched in linear time", at: start)
            }
            lastReference = max(lastReference, number)
            return .empty
        default: break
        }
        if let set = try classEscape(start) { return .set(set) }
        let scalar = try characterEscape(start)
        return .set(ScalarSet([scalar...scalar]))
    }

    /// `\d`, `\p{…}` and the like; nil where something else stands.
    private mutating func classEscape(_ start: Int) throws(ExpressionFailure) -> ScalarSet? {
        guard let next = peek else { throw failure("nothing stands behind `\\`", at: start) }
        let set: ScalarSet
        switch next {
        case "d": set = .digits
        case "D": set = ScalarSet.digits.negated
        case "w": set = .word
        case "W": set = ScalarSet.word.negated
        case "s": set = .space
        case "S": set = ScalarSet.space.negated
        case "p", "P":
            at += 1
            guard take("{") else { throw failure("`{` was expected behind `\\\(next)`", at: start) }
            var name = ""
            while let letter = peek, letter != "}", name.utf8.count < 64 {
                name.unicodeScalars.append(letter)
                at += 1
            }
            guard take("}"), let property = ScalarProperty(name) else {
                throw failure(
                    "`\(name.prefix(64))` is no property of characters that is known here; general categories and "
                        + "binary properties are, scripts are not",
                    at: start
                )
            }
            return ScalarSet([], [(property, false)], isNegated: next == "P")
        default: return nil
        }
        at += 1
        return set
    }

    private mutating func characterEscape(_ start: Int) throws(ExpressionFailure) -> UInt32 {
        guard let next = peek else { throw failure("nothing stands behind `\\`", at: start) }
        at += 1
        switch next {
        case "t": return 0x09
        case "n": return 0x0A
        case "v": return 0x0B
        case "f": return 0x0C
        case "r": return 0x0D
        case "0":
            if let digit = peek, ("0"..."9").contains(digit) { throw failure("an octal escape stands", at: start) }
            return 0
        case "c":
            guard let letter = peek, letter.isASCII, letter.properties.isAlphabetic else {
                throw failure("a letter was expected behind `\\c`", at: start)
            }
            at += 1
            return letter.value & 0x1F
        case "x":
            guard let value = hex(2) else { throw failure("two hexadecimal digits were expected", at: start) }
            return value
        case "u": return try unicodeEscape(start)
        default:
            let isPunctuation =
                next.isASCII && !next.properties.isAlphabetic && !("0"..."9").contains(next) && next.value > 0x20
                && next != "_"
            guard isPunctuation else { throw failure("`\\\(next)` is no escape", at: start) }
            return next.value
        }
    }

    private mutating func unicodeEscape(_ start: Int) throws(ExpressionFailure) -> UInt32 {
        if take("{") {
            var value: UInt32 = 0
            var count = 0
            while let digit = peek.flatMap({ HexDigit.value(UInt8(truncatingIfNeeded: $0.value), of: $0) }) {
                value = value << 4 | UInt32(digit)
                count += 1
                at += 1
                guard value <= 0x10FFFF else { throw failure("a character beyond U+10FFFF stands", at: start) }
            }
            guard count > 0, take("}") else { throw failure("`}` was expected", at: start) }
            return value
        }
        guard let unit = hex(4) else { throw failure("four hexadecimal digits were expected", at: start) }
        // Two escapes may make up one character.
        if unit & 0xFC00 == 0xD800, at + 1 < scalars.count, scalars[at] == "\\", scalars[at + 1] == "u" {
            let saved = at
            at += 2
            if let low = hex(4), low & 0xFC00 == 0xDC00 { return 0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF }
            at = saved
        }
        return unit
    }

    private mutating func hex(_ count: Int) -> UInt32? {
        guard at + count <= scalars.count else { return nil }
        var value: UInt32 = 0
        for scalar in scalars[at..<at + count] {
            guard let digit = HexDigit.value(UInt8(truncatingIfNeeded: scalar.value), of: scalar) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        at += count
        return value
    }

    // MARK: Classes

    private mutating func characterClass(_ start: Int) throws(ExpressionFailure) -> ScalarSet {
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        var properties: [(ScalarProperty, Bool)] = []
        while let next = peek, next != "]" {
            let place = at
            guard let low = try classAtom(&ranges, &properties) else {
                // A set has no end that a range could go to.
                if peek == "-", at + 1 < scalars.count, scalars[at + 1] != "]" {
                    throw failure("a range cannot begin with a set of characters", at: place)
                }
                continue
            }
            guard peek == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
                ranges.append(low...low)
                continue
            }
            at += 1
            guard let high = try classAtom(&ranges, &properties) else {
                throw failure("a range cannot end with a set of characters", at: place)
            }
            guard low <= high else { throw failure("a range of characters is out of order", at: place) }
            ranges.append(low...high)
        }
        guard take("]") else { throw failure("a class of characters is not closed", at: start) }
        return ScalarSet(ranges, properties, isNegated: isNegated)
    }

    /// One character of a class, or nil where it was a set, which is added.
    private mutating func classAtom(
        _ ranges: inout [ClosedRange<UInt32>],
        _ properties: inout [(ScalarProperty, Bool)]
    ) throws(ExpressionFailure) -> UInt32? {
        let start = at
        guard let next = peek else { throw failure("a class of characters is not closed", at: start) }
        at += 1
        guard next == "\\" else { return next.value }
        if take("b") { return 0x08 }
        if let letter = peek, letter == "p" || letter == "P" {
            guard let set = try classEscape(start), let property = set.firstProperty else { return nil }
            properties.append((property, letter == "P"))
            return nil
        }
        if let set = try classEscape(start) {
            ranges += set.plainRanges ?? []
            return nil
        }
        return try characterEscape(start)
    }

    // MARK: Characters

    private var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        at += 1
        return true
    }

    private func failure(_ message: String, at offset: Int? = nil) -> ExpressionFailure {
        ExpressionFailure(message: message, offset: offset ?? at)
    }
}

extension HexDigit {
    fileprivate static func value(_ byte: UInt8, of scalar: Unicode.Scalar) -> UInt8? {
        scalar.isASCII ? value(byte) : nil
    }
}
