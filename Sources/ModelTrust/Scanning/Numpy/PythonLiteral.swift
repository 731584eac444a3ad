/// Reads the few Python literals that headers of arrays are made of.
struct PythonLiteral {
    enum Value {
        case text(String)
        case integer(Int)
        case boolean(Bool)
        /// A tuple or a list.
        case sequence([Value])
        case dictionary(keys: [String], values: [Value])
    }

    private static let depth = 8

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether nothing but blanks is left.
    var isAtEnd: Bool { bytes[position...].allSatisfy { $0 == 0x20 || $0 == 0x0a } }

    /// The next value; nil where there is none.
    mutating func parse() -> Value? {
        guard depth < Self.depth, let first = peek() else { return nil }
        depth += 1
        defer { depth -= 1 }
        switch first {
        case UInt8(ascii: "{"): return dictionary()
        case UInt8(ascii: "("): return sequence(UInt8(ascii: "("), UInt8(ascii: ")"))
        case UInt8(ascii: "["): return sequence(UInt8(ascii: "["), UInt8(ascii: "]"))
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return text().map { .text($0) }
        case UInt8(ascii: "T"): return take("True") ? .boolean(true) : nil
        case UInt8(ascii: "F"): return take("False") ? .boolean(false) : nil
        default: return integer()
        }
    }

    private mutating func peek() -> UInt8? {
        while position < bytes.count, bytes[position] == 0x20 { position += 1 }
        return position < bytes.count ? bytes[position] : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func text() -> String? {
        let quote = bytes[position]
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != quote {
            guard bytes[position] != 0x5c, bytes[position] >= 0x20 else { return nil }
            position += 1
        }
        guard position < bytes.count else { return nil }
        position += 1
        return String(validating: bytes[start..<(position - 1)], as: UTF8.self)
    }

    private mutating func integer() -> Value? {
        let start = position
        while position < bytes.count, 0x30...0x39 ~= bytes[position] { position += 1 }
        let number = Int(String(decoding: bytes[start..<position], as: UTF8.self))
        // Python 2 wrote long integers with a letter.
        if position < bytes.count, bytes[position] == UInt8(ascii: "L") { position += 1 }
        return number.map { .integer($0) }
    }

    private mutating func sequence(_ open: UInt8, _ close: UInt8) -> Value? {
        guard take(open) else { return nil }
        var values: [Value] = []
        while !take(close) {
            guard let value = parse() else { return nil }
            values.append(value)
            if take(UInt8(ascii: ",")) { continue }
            guard take(close) else { return nil }
            // Without a comma, parentheses are no tuple.
            return open == UInt8(ascii: "(") && values.count == 1 ? values[0] : .sequence(values)
        }
        return .sequence(values)
    }

    private mutating func dictionary() -> Value? {
        guard take(UInt8(ascii: "{")) else { return nil }
        var keys: [String] = []
        var values: [Value] = []
        while !take(UInt8(ascii: "}")) {
            guard case .text(let key)? = parse(), take(UInt8(ascii: ":")), let value = parse() else { return nil }
            keys.append(key)
            values.append(value)
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { return nil }
            return .dictionary(keys: keys, values: values)
        }
        return .dictionary(keys: keys, values: values)
    }
}
