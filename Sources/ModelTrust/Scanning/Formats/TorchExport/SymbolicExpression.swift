/// An expression of SymPy's that an exported program has for a size.
///
/// `torch.export.load` gives it to `sympify`, which evaluates it as Python: so it may be numbers, symbols and functions on
/// a list, put together by operators, and nothing else.
struct SymbolicExpression {
    /// How long one may be, and how deep its brackets.
    private static let (longest, depth) = (8_192, 64)
    /// Up to what the exponent of the one power in it may be, which is multiplied out.
    private static let largestExponent: UInt64 = 64

    private static let functions: Set<String> = [
        "Symbol", "Integer", "Rational", "Float", "Mul", "Add", "Max", "Min", "Mod", "PythonMod", "FloorDiv",
        "CleanDiv",
        "CeilDiv", "ModularIndexing", "Where", "CeilToInt", "FloorToInt", "TruncToInt", "RoundToInt", "TruncToFloat",
        "ToFloat", "Identity", "IntTrueDiv", "FloatTrueDiv",
        "IsNonOverlappingAndDenseIndicator", "Eq", "Ne", "Lt", "Le", "Gt", "Ge", "Equality", "Unequality",
        "StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan", "And", "Or", "Not", "Xor", "Piecewise",
        "ExprCondPair", "Abs", "floor", "ceiling",
    ]
    /// Those that take a power of something by their second argument.
    private static let powerFunctions: Set<String> = [
        "Pow", "PowByNatural", "FloatPow", "LShift", "RShift", "RoundDecimal",
    ]
    private static let assumptions: Set<String> = [
        "positive", "integer", "nonnegative", "negative", "real", "finite", "zero", "nonzero", "commutative",
        "evaluate",
    ]
    private static let constants: Set<String> = ["True", "False", "true", "false", "oo", "int_oo"]
    private static let signs = Set("+-*/%<>=!&|~(), ".utf8)

    /// An open bracket.
    private enum Bracket {
        case group, call
        /// Of a power, before its comma and behind it.
        case base, exponent
    }

    private let bytes: [UInt8]
    private var index = 0
    private var open: [Bracket] = []
    /// What the next bracket opens.
    private var next: Bracket?
    private var powers = 0

    /// Whether a text is one.
    static func isPlain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= longest else { return false }
        var expression = SymbolicExpression(bytes: bytes)
        return expression.read()
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func read() -> Bool {
        while index < bytes.count {
            let byte = bytes[index]
            let isFine =
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): number()
                case UInt8(ascii: "'"): symbol()
                case _ where Self.isLetter(byte): name()
                case _ where Self.signs.contains(byte): sign(byte)
                default: false
                }
            guard isFine else { return false }
        }
        return open.isEmpty && powers <= 1
    }

    private mutating func sign(_ byte: UInt8) -> Bool {
        let next = index + 1 < bytes.count ? bytes[index + 1] : 0
        index += 1
        switch byte {
        case UInt8(ascii: "("):
            guard self.next != nil || !isBehindValue() else { return false }
            open.append(self.next ?? .group)
            self.next = nil
            return open.count <= Self.depth
        case UInt8(ascii: ")"):
            // A power without an exponent has got its arguments in another way.
            guard let last = open.popLast() else { return false }
            return last != .base
        case UInt8(ascii: ","):
            // Outside a call it would make a tuple, which a product repeats.
            switch open.last {
            case .call: return true
            case .base:
                open[open.count - 1] = .exponent
                return exponent()
            case .group, .exponent, nil: return false
            }
        case UInt8(ascii: "!"): return next == UInt8(ascii: "=")  // Else SymPy's factorial.
        case UInt8(ascii: "<"), UInt8(ascii: ">"): return next != byte
        case UInt8(ascii: "*") where next == byte:
            powers += 1
            index += 1
            return exponent()
        default: return true
        }
    }

    /// Whether a value stands before the bracket just read, which would be called.
    private func isBehindValue() -> Bool {
        guard let last = bytes[..<(index - 1)].last(where: { $0 != UInt8(ascii: " ") }) else { return false }
        return last == UInt8(ascii: ")") || Self.isLetter(last) || 0x30...0x39 ~= last || last == UInt8(ascii: ".")
    }

    /// Looks whether a power is of a small number that is written out: what is computed has no bound.
    private func exponent() -> Bool {
        let rest = bytes[index...].drop { $0 == UInt8(ascii: " ") }
        let isCall = rest.starts(with: "Integer(".utf8)
        var number = isCall ? rest.dropFirst(8) : rest
        if number.first == UInt8(ascii: "-") { number = number.dropFirst() }
        let digits = number.prefix { 0x30...0x39 ~= $0 }
        guard let value = UInt64(plain: digits), value <= Self.largestExponent else { return false }
        var behind = bytes[digits.endIndex...]
        if isCall {
            guard behind.first == UInt8(ascii: ")") else { return false }
            behind = behind.dropFirst()
        }
        behind = behind.drop { $0 == UInt8(ascii: " ") }
        // Behind `**`, which binds more than any other sign, more may come.
        guard open.last == .exponent else { return behind.first != UInt8(ascii: ".") }
        return behind.first == UInt8(ascii: ")")
    }

    /// A number of at most 19 digits before its point; no letter follows it.
    private mutating func number() -> Bool {
        let digits = run { 0x30...0x39 ~= $0 }
        guard digits.count <= 19 else { return false }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            guard run({ 0x30...0x39 ~= $0 }).count <= 40 else { return false }
        }
        return index == bytes.count || !Self.isLetter(bytes[index])
    }

    /// A symbol's name in quotes, which stands right behind `Symbol(`.
    private mutating func symbol() -> Bool {
        guard bytes[..<index].suffix(7).elementsEqual("Symbol(".utf8) else { return false }
        index += 1
        let name = run { Self.isLetter($0) || 0x30...0x39 ~= $0 }
        guard !name.isEmpty, index < bytes.count, bytes[index] == UInt8(ascii: "'") else { return false }
        index += 1
        // Else the text would be repeated, or put together.
        return index < bytes.count && (bytes[index] == UInt8(ascii: ",") || bytes[index] == UInt8(ascii: ")"))
    }

    /// `Float(1.5, precision=53)`, of a number that is written out and a precision of at most three digits.
    private mutating func float() -> Bool {
        index += 1
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
        guard number() else { return false }
        if bytes[index...].starts(with: ", precision=".utf8) {
            index += 12
            guard 1...3 ~= run({ 0x30...0x39 ~= $0 }).count else { return false }
        }
        guard index < bytes.count, bytes[index] == UInt8(ascii: ")") else { return false }
        index += 1
        return true
    }

    private mutating func name() -> Bool {
        let run = run { Self.isLetter($0) || 0x30...0x39 ~= $0 }
        let name = String(decoding: run, as: UTF8.self)
        let next = index < bytes.count ? bytes[index] : nil
        if next == UInt8(ascii: "(") {
            let isPower = Self.powerFunctions.contains(name)
            powers += isPower ? 1 : 0
            if name == "Float" { return float() }
            self.next = isPower ? .base : .call
            return isPower || Self.functions.contains(name)
        }
        if next == UInt8(ascii: "="), index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: "=") {
            return Self.assumptions.contains(name)
        }
        return Self.constants.contains(name) || Self.isSymbol(run)
    }

    /// `s0`, `u12`, `zf3`: the symbols of a program.
    private static func isSymbol(_ name: ArraySlice<UInt8>) -> Bool {
        let letters = name.prefix { !(0x30...0x39 ~= $0) }
        return ["s", "u", "z", "f", "zf", "zuf", "i", "k"].contains { letters.elementsEqual($0.utf8) }
            && name.count > letters.count && name.dropFirst(letters.count).allSatisfy { 0x30...0x39 ~= $0 }
    }

    private mutating func run(_ holds: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let run = bytes[index...].prefix(while: holds)
        index = run.endIndex
        return run
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        0x41...0x5A ~= byte || 0x61...0x7A ~= byte || byte == UInt8(ascii: "_")
    }
}
