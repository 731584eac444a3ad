import Resources

/// Reads JSON strictly into `Value`s that know where they stand (RFC 8259).
///
/// Bounded in size and depth. A name that stands twice in an object is refused: two readers would see two policies.
struct PolicyJSON {
    /// The largest text, in bytes; AWS's largest policy has 20 KiB.
    static let maximumSize = 4 << 20
    /// The deepest nesting.
    static let maximumDepth = 32

    private let bytes: [UInt8]
    private let file: String
    private var at = 0
    private var line = 1
    /// Up to where the columns of the line are counted, and how many there are to there.
    private var counted = 0
    private var column = 1

    /// Reads one value, with nothing after it.
    ///
    /// - Throws: `ResourceError` for text that is no JSON, or exceeds a bound.
    static func read(
        _ text: some Sequence<UInt8>,
        file: String,
        maximumSize: Int = PolicyJSON.maximumSize
    ) throws -> Value {
        var reader = PolicyJSON(bytes: Array(text), file: file)
        guard reader.bytes.count <= maximumSize else {
            throw reader.error("a file of more than \(maximumSize) bytes is not read")
        }
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.at == reader.bytes.count else { throw reader.error("expected nothing after the value") }
        return value
    }

    private init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    private var location: SourceLocation {
        // Columns count characters: continuation bytes do not.
        let more = bytes[counted..<min(max(at, counted), bytes.count)].count { $0 & 0xC0 != 0x80 }
        return SourceLocation(file: file, line: line, column: column + more)
    }

    /// Where the reader stands, remembered so that nothing is counted twice.
    private mutating func mark() -> SourceLocation {
        let place = location
        counted = at
        column = place.column
        return place
    }

    private func error(_ message: String) -> ResourceError { ResourceError(at: location, message) }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x0A:
                line += 1
                counted = at + 1
                column = 1
            case 0x20, 0x09, 0x0D: break
            default: return
            }
            at += 1
        }
    }

    private mutating func value(depth: Int) throws -> Value {
        guard depth < Self.maximumDepth else { throw error("nested more than \(Self.maximumDepth) deep") }
        skipSpace()
        let place = mark()
        guard at < bytes.count else { throw error("expected a value, found the end of the text") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return Value(.mapping(try object(depth: depth)), at: place)
        case UInt8(ascii: "["): return Value(.list(try array(depth: depth)), at: place)
        case UInt8(ascii: "\""): return Value(.string(try string()), at: place)
        case UInt8(ascii: "t"): return try word("true", .bool(true), at: place)
        case UInt8(ascii: "f"): return try word("false", .bool(false), at: place)
        case UInt8(ascii: "n"): return try word("null", .null, at: place)
        default: return Value(.number(try number()), at: place)
        }
    }

    private mutating func word(_ text: String, _ content: Value.Content, at place: SourceLocation) throws -> Value {
        guard bytes[at...].starts(with: text.utf8) else { throw error("expected a value") }
        at += text.utf8.count
        return Value(content, at: place)
    }

    private mutating func object(depth: Int) throws -> [Value.Entry] {
        at += 1
        var entries: [Value.Entry] = []
        var names: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return [] }
        while true {
            skipSpace()
            let place = mark()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw error("expected a name in quotes") }
            let name = try string()
            guard names.insert(name).inserted else {
                throw ResourceError(at: place, "`\(name.prefix(80))` stands twice in one object")
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("expected `:` after a name") }
            entries.append(Value.Entry(key: name, keyLocation: place, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return entries }
            guard take(UInt8(ascii: ",")) else { throw error("expected `,` or `}`") }
        }
    }

    private mutating func array(depth: Int) throws -> [Value] {
        at += 1
        var elements: [Value] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return [] }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw error("expected `,` or `]`") }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func number() throws -> String {
        let start = at
        func isDigit(_ index: Int) -> Bool {
            index < bytes.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index])
        }
        func skipDigits() -> Bool {
            guard isDigit(at) else { return false }
            while isDigit(at) { at += 1 }
            return true
        }
        _ = take(UInt8(ascii: "-"))
        if isDigit(at), bytes[at] == UInt8(ascii: "0"), isDigit(at + 1) { throw error("a number begins with no 0") }
        guard skipDigits() else { throw error("expected a value") }
        if take(UInt8(ascii: ".")) { guard skipDigits() else { throw error("expected digits after `.`") } }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard skipDigits() else { throw error("expected digits in the exponent") }
        }
        guard at - start <= 64 else { throw error("a number of more than 64 bytes is not read") }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func string() throws -> String {
        at += 1
        var result: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                guard let text = String(validating: result, as: UTF8.self) else {
                    throw error("the text is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"):
                at += 1
                try escape(into: &result)
            case 0..<0x20: throw error("a control character in a string has to be written with `\\`")
            default:
                result.append(byte)
                at += 1
            }
        }
        throw error("expected the end of a string")
    }

    private mutating func escape(into result: inout [UInt8]) throws {
        guard at < bytes.count else { throw error("expected the rest of an escape") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error("half a surrogate pair") }
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            result += Array(String(Character(scalar)).utf8)
        default: throw error("unknown escape in a string")
        }
    }

    private mutating func hexadecimal() throws -> UInt32 {
        guard at + 4 <= bytes.count,
            bytes[at..<at + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let code = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
        else { throw error("expected four hexadecimal digits") }
        at += 4
        return code
    }
}
