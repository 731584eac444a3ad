/// An expression of SymPy's that an exported program has for a size.
///
/// `torch.export.load` gives it to `sympify`, which evaluates it as Python: so it may be numbers, symbols and functions on
/// a list, put together by operators, and nothing else.
struct SymbolicExpression {
    /// How long one may be, and how deep its brackets.
    private static let (longest, depth) = (8_192, 64)
    /// Up to what an integer may be where a power is taken, which is multiplied out; of two, one may be the other's.
    private static let largestOfPower: UInt64 = 64

    private static let functions: Set<String> = [
        "Symbol", "Integer", "Rational", "Float", "Mul", "Add", "Max", "Min", "Mod", "PythonMod", "FloorDiv",
        "CleanDiv",
        "CeilDiv", "ModularIndexing", "Where", "CeilToInt", "FloorToInt", "TruncToInt", "RoundToInt", "TruncToFloat",
        "RoundDecimal", "ToFloat", "Identity", "IntTrueDiv", "FloatTrueDiv", "RShift",
        "IsNonOverlappingAndDenseIndicator", "Eq", "Ne", "Lt", "Le", "Gt", "Ge", "Equality", "Unequality",
        "StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan", "And", "Or", "Not", "Xor", "Piecewise",
        "ExprCondPair", "Abs", "floor", "ceiling", "sqrt",
    ]
    private static let powerFunctions: Set<String> = ["Pow", "PowByNatural", "FloatPow", "LShift"]
    private static let assumptions: Set<String> = [
        "positive", "integer", "nonnegative", "negative", "real", "finite", "zero", "nonzero", "commutative",
        "evaluate",
        "precision",
    ]
    private static let constants: Set<String> = ["True", "False", "true", "false", "oo", "int_oo"]
    private static let signs = Set("+-*/%<>=!&|~(), ".utf8)

    private let bytes: [UInt8]
    private var index = 0
    private var open = 0
    private var powers = 0
    private var largest: UInt64 = 0

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
        return open == 0 && (powers == 0 || powers == 1 && largest <= Self.largestOfPower)
    }

    private mutating func sign(_ byte: UInt8) -> Bool {
        if byte == UInt8(ascii: "(") { open += 1 }
        if byte == UInt8(ascii: ")") { open -= 1 }
        if byte == UInt8(ascii: "*"), index + 1 < bytes.count, bytes[index + 1] == byte {
            powers += 1
            index += 1
        }
        index += 1
        return open >= 0 && open <= Self.depth
    }

    /// A number of at most 19 digits before its point; no letter follows it.
    private mutating func number() -> Bool {
        let digits = run { 0x30...0x39 ~= $0 }
        guard digits.count <= 19, let value = UInt64(plain: digits) else { return false }
        largest = max(largest, value)
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
        return true
    }

    private mutating func name() -> Bool {
        let run = run { Self.isLetter($0) || 0x30...0x39 ~= $0 }
        let name = String(decoding: run, as: UTF8.self)
        let next = index < bytes.count ? bytes[index] : nil
        if next == UInt8(ascii: "(") {
            let isPower = Self.powerFunctions.contains(name)
            powers += isPower ? 1 : 0
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
