/// A JSON value, parsed strictly: one reading of a text or none (RFC 8259).
///
/// A name that stands twice in an object, a lone surrogate, bytes that are not UTF-8, text after the value and nesting
/// past sixteen levels are all errors, because a document of keys must not mean different things to different readers.
package enum StrictJSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number with a fraction, an exponent or more digits than fit.
    case number(String)
    case string(String)
    case array([StrictJSON])
    case object([String: StrictJSON])

    /// What is wrong with a text.
    package struct Failure: Error, Equatable {
        package let message: String
        package let offset: Int
    }

    /// Parses a whole text.
    package init(_ bytes: [UInt8], maximumDepth: Int = 16) throws(Failure) {
        // Looked at where it lies: documents have up to 64 MiB.
        do { _ = try UTF8Span(validating: bytes.span) } catch {
            throw Failure(message: "the text is not UTF-8", offset: 0)
        }
        var parser = Parser(bytes: bytes, maximumDepth: maximumDepth)
        self = try parser.document()
    }

    /// A member of an object; nil where it is absent or this is no object.
    package subscript(name: String) -> StrictJSON? { object?[name] }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var array: [StrictJSON]? { if case .array(let value) = self { value } else { nil } }
    package var object: [String: StrictJSON]? { if case .object(let value) = self { value } else { nil } }
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
}

private struct Parser {
    let bytes: [UInt8]
    let maximumDepth: Int
    var offset = 0

    mutating func document() throws(StrictJSON.Failure) -> StrictJSON {
        let value = try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw failure("there is text after the value") }
        return value
    }

    private mutating func value(depth: Int) throws(StrictJSON.Failure) -> StrictJSON {
        guard depth < maximumDepth else { throw failure("the nesting is too deep") }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"): return try number()
        case .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        default: throw failure("a value is expected")
        }
    }

    private mutating func object(depth: Int) throws(StrictJSON.Failure) -> StrictJSON {
        var members: [String: StrictJSON] = [:]
        offset += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw failure("a name in quotes is expected") }
            let start = offset
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("`:` is expected") }
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: name) == nil else {
                throw StrictJSON.Failure(message: "a name stands twice in an object", offset: start)
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw failure("`,` or `}` is expected") }
        }
    }

    private mutating func array(depth: Int) throws(StrictJSON.Failure) -> StrictJSON {
        var elements: [StrictJSON] = []
        offset += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw failure("`,` or `]` is expected") }
        }
    }

    private mutating func string() throws(StrictJSON.Failure) -> String {
        offset += 1
        // Most strings have no escape, and some are megabytes long.
        let start = offset
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { offset += 1 }
        guard peek != UInt8(ascii: "\"") else {
            offset += 1
            return String(decoding: bytes[start..<(offset - 1)], as: UTF8.self)
        }
        var text = Array(bytes[start..<offset])
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escape()
            case 0..<0x20: throw failure("a control character stands in a string")
            default: text.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    private mutating func escape() throws(StrictJSON.Failure) -> [UInt8] {
        guard let byte = peek else { throw failure("a string does not end") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xd800..<0xdc00).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
                let low = try hexadecimal()
                guard (0xdc00..<0xe000).contains(low) else { throw failure("a surrogate stands alone") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("a surrogate stands alone") }
            return Array(String(Character(scalar)).utf8)
        default: throw failure("an escape is not known")
        }
    }

    private mutating func hexadecimal() throws(StrictJSON.Failure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
                throw failure("four hexadecimal digits are expected")
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }

    private mutating func number() throws(StrictJSON.Failure) -> StrictJSON {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        var whole = true
        if take(UInt8(ascii: ".")) {
            whole = false
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            whole = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if whole, let integer = Int64(text) { return .integer(integer) }
        return .number(text)
    }

    private mutating func digits() throws(StrictJSON.Failure) {
        let start = offset
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
        guard offset > start else { throw failure("a digit is expected") }
    }

    private mutating func literal(_ text: String, _ value: StrictJSON) throws(StrictJSON.Failure) -> StrictJSON {
        guard bytes[offset...].starts(with: text.utf8) else { throw failure("a value is expected") }
        offset += text.utf8.count
        return value
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { offset += 1 }
    }

    private func failure(_ message: String) -> StrictJSON.Failure {
        StrictJSON.Failure(message: message, offset: offset)
    }
}
