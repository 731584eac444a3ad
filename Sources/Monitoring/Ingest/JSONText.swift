/// A piece of JSON that a log holds (RFC 8259), read within bounds.
indirect enum JSONText: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number, as written.
    case number(String)
    case string(String)
    case array([JSONText])
    /// Members in the order written; of two with one name the first counts.
    case object([Member])

    struct Member: Hashable, Sendable {
        let name: String
        let value: JSONText
    }

    /// How much is read.
    struct Limits: Sendable {
        var bytes: Int
        var values: Int
        var depth: Int

        /// One line of a log.
        static let line = Limits(bytes: 1 << 20, values: 20_000, depth: 24)
        /// A file that is one JSON document.
        static let file = Limits(bytes: 256 << 20, values: 40_000_000, depth: 24)
    }

    /// Reads a whole text.
    ///
    /// - Throws: ``MonitoringError`` for a text that is no JSON, or beyond a bound.
    init(_ bytes: some Collection<UInt8>, _ limits: Limits = .line) throws(MonitoringError) {
        guard bytes.count <= limits.bytes else {
            throw MonitoringError(.tooLarge, "the JSON has \(bytes.count) bytes; at most \(limits.bytes) are read")
        }
        var parser = Parser(bytes: Array(bytes), limits: limits)
        self = try parser.document()
    }

    /// The member of a name; nil where this is no object or has none.
    subscript(name: String) -> JSONText? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The first of several members that is there and not null.
    func first(_ names: String...) -> JSONText? {
        for name in names {
            if let value = self[name], value != .null { return value }
        }
        return nil
    }

    /// The text of a string, or of a number as written; nil for anything else.
    var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        default: nil
        }
    }

    /// The value of a number, or of a string that is one.
    var double: Double? { text.flatMap { Double($0) } }

    /// The value as a count: whole, and not below zero.
    var count: UInt64? {
        guard let text else { return nil }
        if let exact = UInt64(text) { return exact }
        guard let value = Double(text), value >= 0, value < 1.8e19 else { return nil }
        return UInt64(value)
    }

    var elements: [JSONText] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }
}

private struct Parser {
    let bytes: [UInt8]
    let limits: JSONText.Limits
    var offset = 0
    var values = 0

    init(bytes: [UInt8], limits: JSONText.Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(MonitoringError) -> JSONText {
        let value = try value(depth: 0)
        space()
        guard offset == bytes.count else { throw malformed("something follows the end") }
        return value
    }

    func malformed(_ what: String) -> MonitoringError {
        MonitoringError(.malformed, "no valid JSON at byte \(offset): \(what)")
    }

    mutating func space() {
        while offset < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[offset]) { offset += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        space()
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    mutating func value(depth: Int) throws(MonitoringError) -> JSONText {
        values += 1
        guard values <= limits.values else {
            throw MonitoringError(.tooLarge, "the JSON has more than \(limits.values) values")
        }
        guard depth < limits.depth else {
            throw MonitoringError(.tooLarge, "the JSON is nested more than \(limits.depth) levels deep")
        }
        space()
        guard offset < bytes.count else { throw malformed("it ends where a value should be") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object(try members(depth))
        case UInt8(ascii: "["): return .array(try elements(depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    mutating func members(_ depth: Int) throws(MonitoringError) -> [JSONText.Member] {
        offset += 1
        var members: [JSONText.Member] = []
        if take(UInt8(ascii: "}")) { return members }
        while true {
            space()
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
                throw malformed("a name is missing")
            }
            let name = try string()
            guard take(UInt8(ascii: ":")) else { throw malformed("`:` is missing") }
            members.append(JSONText.Member(name: name, value: try value(depth: depth + 1)))
            if take(UInt8(ascii: "}")) { return members }
            guard take(UInt8(ascii: ",")) else { throw malformed("`,` or `}` is missing") }
        }
    }

    mutating func elements(_ depth: Int) throws(MonitoringError) -> [JSONText] {
        offset += 1
        var elements: [JSONText] = []
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value(depth: depth + 1))
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw malformed("`,` or `]` is missing") }
        }
    }

    mutating func word(_ text: String, _ value: JSONText) throws(MonitoringError) -> JSONText {
        guard bytes[offset...].starts(with: text.utf8) else { throw malformed("an unknown word") }
        offset += text.utf8.count
        return value
    }

    /// A number by the grammar of RFC 8259 §6.
    mutating func number() throws(MonitoringError) -> String {
        let start = offset
        func digits() -> Int {
            let first = offset
            while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) { offset += 1 }
            return offset - first
        }
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        let first = offset
        let whole = digits()
        guard whole > 0, whole == 1 || bytes[first] != UInt8(ascii: "0") else { throw malformed("no value") }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            guard digits() > 0 else { throw malformed("digits are missing") }
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            guard digits() > 0 else { throw malformed("digits are missing") }
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    mutating func string() throws(MonitoringError) -> String {
        offset += 1
        let start = offset
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\""), bytes[offset] != UInt8(ascii: "\\"),
            bytes[offset] >= 0x20
        {
            offset += 1
        }
        guard offset < bytes.count else { throw malformed("a string does not end") }
        if bytes[offset] == UInt8(ascii: "\"") {
            defer { offset += 1 }
            return String(decoding: bytes[start..<offset], as: UTF8.self)
        }
        var text = Array(bytes[start..<offset])
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw malformed("a control character in a string")
            default: text.append(byte)
            }
        }
        throw malformed("a string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(MonitoringError) {
        guard offset < bytes.count else { throw malformed("a string does not end") }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = UInt32(try hexadecimal())
            if (0xd800..<0xdc00).contains(scalar), bytes[offset...].starts(with: "\\u".utf8) {
                let mark = offset
                offset += 2
                let low = UInt32(try hexadecimal())
                if (0xdc00..<0xe000).contains(low) {
                    scalar = 0x10000 + (scalar - 0xd800) << 10 + (low - 0xdc00)
                } else {
                    offset = mark
                }
            }
            text += String(Unicode.Scalar(scalar).map(Character.init) ?? "\u{fffd}").utf8
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(MonitoringError) -> UInt16 {
        guard offset + 4 <= bytes.count else { throw malformed("a string does not end") }
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue, bytes[offset] < 0x80 else {
                throw malformed("four hexadecimal digits are missing")
            }
            value = value << 4 | UInt16(digit)
            offset += 1
        }
        return value
    }
}
