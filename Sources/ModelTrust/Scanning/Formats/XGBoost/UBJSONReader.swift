/// Reads Universal Binary JSON (draft 12) as XGBoost writes it: every length is declared, arrays may have one type for
/// all of their elements, and there are no-ops nowhere.
struct UBJSONReader {
    private static let depth = 32
    private static let longestText: UInt64 = 16 << 20
    /// What an array or an object costs, in steps.
    private static let container = 8
    /// What a key costs, and an element that is kept.
    private static let kept = 8
    /// How many keys an object may have, of which those of XGBoost have some dozens.
    private static let mostKeys = 4_096

    private let input: ScanInput
    private let context: ScanContext
    private(set) var cursor: ByteCursor

    init(_ input: ScanInput, _ context: ScanContext) {
        self.input = input
        self.context = context
        cursor = ByteCursor(input)
    }

    func fault(_ message: String, rule: String = "ubjson") -> ScanStop {
        ScanStop(rule: rule, offset: cursor.offset, message: message)
    }

    /// Reads a value; `element` is given each element of an array as soon as it has been read, by the keys that lead to it,
    /// and says true where it need not be kept.
    mutating func value(
        _ path: [String] = [],
        _ element: (inout UBJSONReader, [String], UBJSONValue) throws(ScanStop) -> Bool
    ) throws(ScanStop) -> UBJSONValue {
        try value(try cursor.byte(), path, 0, element)
    }

    private mutating func value(
        _ type: UInt8,
        _ path: [String],
        _ depth: Int,
        _ element: (inout UBJSONReader, [String], UBJSONValue) throws(ScanStop) -> Bool
    ) throws(ScanStop) -> UBJSONValue {
        try context.budget.step()
        guard depth < Self.depth else { throw fault("it nests more than \(Self.depth) deep") }
        switch type {
        case UInt8(ascii: "Z"), UInt8(ascii: "T"), UInt8(ascii: "F"): return .other
        case UInt8(ascii: "d"):
            try cursor.skip(4)
            return .other
        case UInt8(ascii: "D"):
            try cursor.skip(8)
            return .other
        case UInt8(ascii: "S"): return .text(try text())
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try context.budget.step(Self.container)
            return type == UInt8(ascii: "[")
                ? try array(path, depth, element) : .object(try object(path, depth, element))
        default:
            guard let (width, isSigned) = Self.integers[type] else {
                throw fault("there is no type 0x\(String(type, radix: 16)) in it")
            }
            return .integer(try integer(width, isSigned))
        }
    }

    private static let integers: [UInt8: (width: Int, isSigned: Bool)] = [
        UInt8(ascii: "i"): (1, true), UInt8(ascii: "U"): (1, false), UInt8(ascii: "I"): (2, true),
        UInt8(ascii: "l"): (4, true), UInt8(ascii: "L"): (8, true),
    ]

    private mutating func integer(_ width: Int, _ isSigned: Bool) throws(ScanStop) -> Int {
        Self.integer(try cursor.bigEndian(width), width, isSigned)
    }

    private static func integer(_ bits: UInt64, _ width: Int, _ isSigned: Bool) -> Int {
        let shift = UInt64(64 - 8 * width)
        return isSigned ? Int(Int64(bitPattern: bits << shift) >> Int64(shift)) : Int(clamping: bits)
    }

    private mutating func length() throws(ScanStop) -> UInt64 {
        guard let (width, isSigned) = Self.integers[try cursor.byte()] else { throw fault("a length is no number") }
        let count = try integer(width, isSigned)
        guard count >= 0, UInt64(count) <= cursor.remaining else { throw fault("a length is more than what follows") }
        return UInt64(count)
    }

    /// A text without its type, as keys are.
    private mutating func text() throws(ScanStop) -> String {
        let count = try length()
        guard count <= Self.longestText, let text = String(validating: try cursor.bytes(count), as: UTF8.self) else {
            throw fault("a text is not UTF-8, or too long")
        }
        return text
    }

    private mutating func object(
        _ path: [String],
        _ depth: Int,
        _ element: (inout UBJSONReader, [String], UBJSONValue) throws(ScanStop) -> Bool
    ) throws(ScanStop) -> [String: UBJSONValue] {
        var members: [String: UBJSONValue] = [:]
        while try peek() != UInt8(ascii: "}") {
            try context.budget.step(Self.kept)
            guard members.count < Self.mostKeys else {
                throw fault(
                    "an object has more than \(Self.mostKeys) keys, as none of a model has",
                    rule: "limit-values"
                )
            }
            let key = try text()
            let value = try value(try cursor.byte(), path + [key], depth + 1, element)
            guard members.updateValue(value, forKey: key) == nil else {
                throw fault(
                    "the key `\(PickleText.clean(key, limit: 60))` stands twice: readers differ in which they take"
                )
            }
        }
        try cursor.skip(1)
        return members
    }

    private mutating func array(
        _ path: [String],
        _ depth: Int,
        _ element: (inout UBJSONReader, [String], UBJSONValue) throws(ScanStop) -> Bool
    ) throws(ScanStop) -> UBJSONValue {
        var type: UInt8?
        if try peek() == UInt8(ascii: "$") {
            try cursor.skip(1)
            type = try cursor.byte()
            guard try peek() == UInt8(ascii: "#") else { throw fault("an array has a type and no length") }
        }
        guard try peek() == UInt8(ascii: "#") else {
            var values: [UBJSONValue] = []
            while try peek() != UInt8(ascii: "]") {
                try take(into: &values, path, depth, element)
            }
            try cursor.skip(1)
            return .array(values)
        }
        try cursor.skip(1)
        let count = try length()
        guard let type else {
            var values: [UBJSONValue] = []
            for _ in 0..<count {
                try take(into: &values, path, depth, element)
            }
            return .array(values)
        }
        let floats: [UInt8: Int] = [UInt8(ascii: "d"): 4, UInt8(ascii: "D"): 8]
        guard let width = Self.integers[type]?.width ?? floats[type] else {
            throw fault("an array is of a type that XGBoost does not write")
        }
        let numbers = UBJSONNumbers(
            count: Int(count),
            width: width,
            isSigned: Self.integers[type]?.isSigned,
            offset: cursor.offset
        )
        let (size, overflows) = count.multipliedReportingOverflow(by: UInt64(width))
        guard !overflows else { throw fault("a length is more than what follows") }
        try cursor.skip(size)
        return .numbers(numbers)
    }

    /// Reads an element of an array, and keeps it where that is wanted.
    private mutating func take(
        into values: inout [UBJSONValue],
        _ path: [String],
        _ depth: Int,
        _ element: (inout UBJSONReader, [String], UBJSONValue) throws(ScanStop) -> Bool
    ) throws(ScanStop) {
        let value = try value(try cursor.byte(), path, depth + 1, element)
        guard try !element(&self, path, value) else { return }
        try context.budget.step(Self.kept)
        values.append(value)
    }

    private func peek() throws(ScanStop) -> UInt8 {
        var ahead = cursor
        return try ahead.byte()
    }

    /// The whole numbers of an array; nil where it has others.
    func integers(_ value: UBJSONValue?) throws(ScanStop) -> [Int]? {
        switch value {
        case .array(let values)?:
            let numbers = values.compactMap { if case .integer(let number) = $0 { number } else { nil } }
            return numbers.count == values.count ? numbers : nil
        case .numbers(let numbers)?:
            guard let isSigned = numbers.isSigned else { return nil }
            try context.budget.step(numbers.count / 16)
            let bytes = try input.read(at: numbers.offset, count: numbers.count * numbers.width)
            return (0..<numbers.count).map { index in
                var bits: UInt64 = 0
                for byte in bytes[(index * numbers.width)..<((index + 1) * numbers.width)] {
                    bits = bits << 8 | UInt64(byte)
                }
                return Self.integer(bits, numbers.width, isSigned)
            }
        default: return nil
        }
    }

    /// How many elements an array has.
    static func count(_ value: UBJSONValue?) -> Int? {
        switch value {
        case .array(let values)?: values.count
        case .numbers(let numbers)?: numbers.count
        default: nil
        }
    }
}
