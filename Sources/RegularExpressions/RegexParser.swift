/// Reads RE2's notation.
struct RegexParser {
    private struct Flags {
        var ignoresCase = false
        var dotMatchesAll = false
        var multiline = false
        var isUngreedy = false
    }

    private let source: String
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var flags = Flags()
    private(set) var groups = 0
    private var depth = 0

    init(_ source: String, ignoresCase: Bool, dotMatchesAll: Bool, isMultiline: Bool) {
        self.source = source
        scalars = Array(source.unicodeScalars)
        flags = Flags(ignoresCase: ignoresCase, dotMatchesAll: dotMatchesAll, multiline: isMultiline)
    }

    /// What `\w` stands for.
    static let words = UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F...0x5F)

    mutating func parse() throws(RegexError) -> RegexTree {
        let tree = try choice()
        guard index == scalars.count else { throw failure("`)` closes nothing") }
        return tree
    }

    // MARK: - Structure

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        index += 1
        return true
    }

    private mutating func choice() throws(RegexError) -> RegexTree {
        depth += 1
        defer { depth -= 1 }
        guard depth < 100 else { throw failure("groups within groups, more than 100 deep") }
        var options = [try sequence()]
        while take("|") { options.append(try sequence()) }
        return options.count == 1 ? options[0] : .choice(options)
    }

    private mutating func sequence() throws(RegexError) -> RegexTree {
        var parts: [RegexTree] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            guard let atom = try atom() else { continue }
            parts.append(try repeated(atom))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func repeated(_ atom: RegexTree) throws(RegexError) -> RegexTree {
        var tree = atom
        while let scalar = next {
            var least = 0
            var most: Int?
            switch scalar {
            case "*": index += 1
            case "+":
                index += 1
                least = 1
            case "?":
                index += 1
                most = 1
            case "{":
                guard let bounds = try bounds() else { return tree }
                (least, most) = bounds
            default: return tree
            }
            let isLazy = take("?")
            tree = .repeated(tree, least, most, isGreedy: isLazy == flags.isUngreedy)
        }
        return tree
    }

    /// `{m}`, `{m,}`, `{m,n}`; nil where the brace stands for itself.
    private mutating func bounds() throws(RegexError) -> (Int, Int?)? {
        var at = index + 1
        func number() -> Int? {
            let start = at
            while at < scalars.count, ("0"..."9").contains(scalars[at]), at - start < 5 { at += 1 }
            return Int(String(String.UnicodeScalarView(scalars[start..<at])))
        }
        guard let least = number() else { return nil }
        var most: Int? = least
        if at < scalars.count, scalars[at] == "," {
            at += 1
            most = number()
        }
        guard at < scalars.count, scalars[at] == "}" else { return nil }
        guard least <= 1000, most ?? least <= 1000, most ?? least >= least else {
            throw failure("a number of times is at most 1000, and the second not less than the first")
        }
        index = at + 1
        return (least, most)
    }

    /// An atom; nil where the flags change and nothing else.
    private mutating func atom() throws(RegexError) -> RegexTree? {
        guard let scalar = next else { return .empty }
        switch scalar {
        case "(": return try group()
        case "[": return try characterClass()
        case ".":
            index += 1
            var set = UnitSet(0...0x7F)
            if !flags.dotMatchesAll { set = UnitSet(0...9, 11...0x7F) }
            return Self.anyCodePoint(ascii: set)
        case "^":
            index += 1
            return .assert(flags.multiline ? .lineStart : .textStart)
        case "$":
            index += 1
            return .assert(flags.multiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        case "*", "+", "?": throw failure("`\(scalar)` has nothing to repeat")
        default:
            index += 1
            return literal(scalar)
        }
    }

    private mutating func group() throws(RegexError) -> RegexTree? {
        index += 1
        let outer = flags
        guard take("?") else {
            groups += 1
            let number = groups
            let inner = try choice()
            guard take(")") else { throw failure("a group is not closed") }
            flags = outer
            return .group(inner, number)
        }
        if take("P") || next == "<" {
            guard take("<") else { throw failure("`(?P` is followed by `<name>`") }
            while let scalar = next, scalar != ">" {
                guard scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_" else {
                    throw failure("looking back is not possible here; a group's name is of letters, digits and `_`")
                }
                index += 1
            }
            guard take(">") else { throw failure("the name of a group is not closed") }
            groups += 1
            let number = groups
            let inner = try choice()
            guard take(")") else { throw failure("a group is not closed") }
            flags = outer
            return .group(inner, number)
        }
        var isOn = true
        while let scalar = next {
            index += 1
            switch scalar {
            case "i": flags.ignoresCase = isOn
            case "s": flags.dotMatchesAll = isOn
            case "m": flags.multiline = isOn
            case "U": flags.isUngreedy = isOn
            case "-": isOn = false
            case ":":
                let inner = try choice()
                guard take(")") else { throw failure("a group is not closed") }
                flags = outer
                return .group(inner, nil)
            case ")": return nil
            default: throw failure("`(?\(scalar)` is not of this language")
            }
        }
        throw failure("a group is not closed")
    }

    // MARK: - Characters

    private func literal(_ scalar: Unicode.Scalar) -> RegexTree {
        if scalar.isASCII {
            var set = UnitSet(UInt8(scalar.value)...UInt8(scalar.value))
            if flags.ignoresCase { set.foldCase() }
            return .set(set)
        }
        return .sequence(Array(String(Character(scalar)).utf8).map { .set(UnitSet($0...$0)) })
    }

    private mutating func escape() throws(RegexError) -> RegexTree {
        index += 1
        guard let scalar = next else { throw failure("`\\` at the end") }
        index += 1
        switch scalar {
        case "b": return .assert(.wordBoundary)
        case "B": return .assert(.noWordBoundary)
        case "A": return .assert(.textStart)
        case "z": return .assert(.textEnd)
        case "D", "S", "W":
            guard var set = Self.named(scalar) else { break }
            set.formIntersection(UnitSet(0...0x7F))
            return Self.anyCodePoint(ascii: set)
        default:
            if var set = Self.named(scalar) {
                if flags.ignoresCase { set.foldCase() }
                return .set(set)
            }
            return literal(try plain(scalar))
        }
        throw failure("`\\\(scalar)` is not of this language")
    }

    /// `\d`, `\w`, `\s` and their opposites.
    private static func named(_ scalar: Unicode.Scalar) -> UnitSet? {
        var set: UnitSet
        switch scalar {
        case "d", "D": set = UnitSet(0x30...0x39)
        case "w", "W": set = Self.words
        case "s", "S": set = UnitSet(9...10, 12...13, 0x20...0x20)
        default: return nil
        }
        if ("A"..."Z").contains(scalar) { set.invert() }
        return set
    }

    /// The character that an escape stands for.
    private mutating func plain(_ scalar: Unicode.Scalar) throws(RegexError) -> Unicode.Scalar {
        switch scalar {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "f": return "\u{C}"
        case "v": return "\u{B}"
        case "a": return "\u{7}"
        case "x":
            var digits = ""
            if take("{") {
                while let digit = next, digit != "}", digits.count < 8 {
                    digits.unicodeScalars.append(digit)
                    index += 1
                }
                guard take("}") else { throw failure("`\\x{` is not closed") }
            } else {
                for _ in 0..<2 {
                    guard let digit = next else { break }
                    digits.unicodeScalars.append(digit)
                    index += 1
                }
            }
            guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
                throw failure("`\\x\(digits)` is no code point")
            }
            return scalar
        default:
            guard !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
                throw failure("`\\\(scalar)` is not of this language")
            }
            return scalar
        }
    }

    private mutating func characterClass() throws(RegexError) -> RegexTree {
        index += 1
        let isNegated = take("^")
        var set = UnitSet()
        var beyond: [RegexTree] = []
        var isFirst = true
        while let scalar = next, isFirst || scalar != "]" {
            isFirst = false
            if scalar == "[", index + 1 < scalars.count, scalars[index + 1] == ":" {
                set.formUnion(try posix())
                continue
            }
            index += 1
            var low = scalar
            if scalar == "\\" {
                guard let escaped = next else { throw failure("`\\` at the end") }
                index += 1
                if let named = Self.named(escaped) {
                    set.formUnion(named)
                    continue
                }
                low = try plain(escaped)
            }
            guard low.isASCII else {
                beyond.append(literal(low))
                continue
            }
            var high = low
            if next == "-", index + 1 < scalars.count, scalars[index + 1] != "]" {
                index += 1
                guard var end = next else { throw failure("a class is not closed") }
                index += 1
                if end == "\\" {
                    guard let escaped = next else { throw failure("`\\` at the end") }
                    index += 1
                    end = try plain(escaped)
                }
                guard end.isASCII, end >= low else { throw failure("a range is the wrong way round, or beyond ASCII") }
                high = end
            }
            set.insert(UInt8(low.value)...UInt8(high.value))
        }
        guard take("]") else { throw failure("a class is not closed") }
        if flags.ignoresCase { set.foldCase() }
        guard isNegated else { return beyond.isEmpty ? .set(set) : .choice([.set(set)] + beyond) }
        guard beyond.isEmpty else {
            throw failure("a class that excludes characters beyond ASCII is not of this language")
        }
        set.invert()
        set.formIntersection(UnitSet(0...0x7F))
        return Self.anyCodePoint(ascii: set)
    }

    private mutating func posix() throws(RegexError) -> UnitSet {
        let rest = scalars[index...]
        guard let close = rest.firstIndex(of: "]"), close > index + 3 else { throw failure("a class is not closed") }
        let name = String(String.UnicodeScalarView(scalars[index + 2..<close - 1]))
        index = close + 1
        switch name {
        case "alnum": return UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A)
        case "alpha": return UnitSet(0x41...0x5A, 0x61...0x7A)
        case "digit": return UnitSet(0x30...0x39)
        case "xdigit": return UnitSet(0x30...0x39, 0x41...0x46, 0x61...0x66)
        case "upper": return UnitSet(0x41...0x5A)
        case "lower": return UnitSet(0x61...0x7A)
        case "space": return UnitSet(9...13, 0x20...0x20)
        case "word": return Self.words
        case "punct": return UnitSet(0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E)
        default: throw failure("there is no class `[:\(name):]`")
        }
    }

    /// One code point: of ASCII those of a set, beyond it any, in UTF-8.
    private static func anyCodePoint(ascii: UnitSet) -> RegexTree {
        let tail = RegexTree.set(UnitSet(0x80...0xBF))
        return .choice([
            .set(ascii),
            .sequence([.set(UnitSet(0xC2...0xDF)), tail]),
            .sequence([.set(UnitSet(0xE0...0xEF)), tail, tail]),
            .sequence([.set(UnitSet(0xF0...0xF4)), tail, tail, tail]),
        ])
    }

    private func failure(_ message: String) -> RegexError {
        RegexError(.syntax, "expression `\(source.prefix(80))`, column \(index + 1): \(message)")
    }
}
