/// A JSON document read so that no two readers can see two different ones.
///
/// A name that occurs twice in an object, a number that is not finite, text that is not UTF-8, nesting beyond
/// ``maximumDepth`` and anything after the value are errors (RFC 8259, with the strictness of RFC 7493).
indirect enum StrictJSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number as written.
    case number(String)
    case string(String)
    case array([StrictJSON])
    case object([String: StrictJSON])

    /// The deepest nesting that is read.
    static let maximumDepth = 32

    /// Why a text is not read.
    struct Failure: Error, Hashable {
        let reason: String
        /// The byte at which reading stopped.
        let offset: Int
    }

    /// Reads a whole document.
    init(_ bytes: [UInt8]) throws(Failure) {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Failure(reason: "it is not UTF-8", offset: 0)
        }
        var reader = Reader(bytes: bytes)
        self = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.offset == bytes.count else { throw reader.failure("something follows the value") }
    }

    private struct Reader {
        let bytes: [UInt8]
        var offset = 0

        func failure(_ reason: String) -> Failure { Failure(reason: reason, offset: offset) }

        var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

        mutating func skipBlanks() {
            while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            skipBlanks()
            guard next == UInt8(ascii: character) else { return false }
            offset += 1
            return true
        }

        mutating func word(_ text: StaticString, _ value: StrictJSON) throws(Failure) -> StrictJSON {
            let text = Array("\(text)".utf8)
            guard bytes[offset...].starts(with: text) else { throw failure("there is no value where one belongs") }
            offset += text.count
            return value
        }

        mutating func value(depth: Int) throws(Failure) -> StrictJSON {
            guard depth < StrictJSON.maximumDepth else { throw failure("it is nested too deeply") }
            skipBlanks()
            switch next {
            case UInt8(ascii: "{"): return try object(depth: depth)
            case UInt8(ascii: "["): return try array(depth: depth)
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try word("true", .bool(true))
            case UInt8(ascii: "f"): return try word("false", .bool(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            default: return try number()
            }
        }

        mutating func object(depth: Int) throws(Failure) -> StrictJSON {
            offset += 1
            var members: [String: StrictJSON] = [:]
            if take("}") { return .object(members) }
            repeat {
                skipBlanks()
                guard next == UInt8(ascii: "\"") else { throw failure("a member has no name") }
                let name = try string()
                guard members[name] == nil else { throw failure("the name `\(name.prefix(64))` occurs twice") }
                guard take(":") else { throw failure("there is no `:` after a name") }
                members[name] = try value(depth: depth + 1)
            } while take(",")
            guard take("}") else { throw failure("an object does not end") }
            return .object(members)
        }

        mutating func array(depth: Int) throws(Failure) -> StrictJSON {
            offset += 1
            var elements: [StrictJSON] = []
            if take("]") { return .array(elements) }
            repeat { elements.append(try value(depth: depth + 1)) } while take(",")
            guard take("]") else { throw failure("an array does not end") }
            return .array(elements)
        }

        mutating func string() throws(Failure) -> String {
            offset += 1
            var text: [UInt8] = []
            while let byte = next {
                offset += 1
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
                case UInt8(ascii: "\\"): try escape(into: &text)
                case 0x00..<0x20: throw failure("a control character stands in a string")
                default: text.append(byte)
                }
            }
            throw failure("a string does not end")
        }

        private mutating func escape(into text: inout [UInt8]) throws(Failure) {
            guard let byte = next else { throw failure("a string does not end") }
            offset += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0c)
            case UInt8(ascii: "n"): text.append(0x0a)
            case UInt8(ascii: "r"): text.append(0x0d)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                var code = try hexadecimal()
                if (0xd800..<0xdc00).contains(code) {
                    guard next == UInt8(ascii: "\\"), offset + 1 < bytes.count, bytes[offset + 1] == UInt8(ascii: "u")
                    else { throw failure("half a surrogate pair") }
                    offset += 2
                    let low = try hexadecimal()
                    guard (0xdc00..<0xe000).contains(low) else { throw failure("half a surrogate pair") }
                    code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
                }
                guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
                text.append(contentsOf: Array(String(Character(scalar)).utf8))
            default: throw failure("an unknown escape")
            }
        }

        private mutating func hexadecimal() throws(Failure) -> UInt32 {
            guard offset + 4 <= bytes.count else { throw failure("an escape does not end") }
            var code: UInt32 = 0
            for byte in bytes[offset..<offset + 4] {
                switch byte {
                case 0x30...0x39: code = code << 4 | UInt32(byte - 0x30)
                case 0x41...0x46: code = code << 4 | UInt32(byte - 0x41 + 10)
                case 0x61...0x66: code = code << 4 | UInt32(byte - 0x61 + 10)
                default: throw failure("an escape is not hexadecimal")
                }
            }
            offset += 4
            return code
        }

        private mutating func number() throws(Failure) -> StrictJSON {
            let start = offset
            if next == UInt8(ascii: "-") { offset += 1 }
            let isZero = next == UInt8(ascii: "0")
            let digits = try digits()
            guard !isZero || digits == 1 else { throw failure("a number begins with a zero") }
            if next == UInt8(ascii: ".") {
                offset += 1
                _ = try self.digits()
            }
            if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
                offset += 1
                if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
                _ = try self.digits()
            }
            guard offset - start <= 64 else { throw failure("a number is too long") }
            return .number(String(decoding: bytes[start..<offset], as: UTF8.self))
        }

        private mutating func digits() throws(Failure) -> Int {
            let start = offset
            while let byte = next, (0x30...0x39).contains(byte) { offset += 1 }
            guard offset > start else { throw failure("there is no value where one belongs") }
            return offset - start
        }
    }
}

extension StrictJSON {
    /// A member of an object; nil where it is absent or this is no object.
    subscript(name: String) -> StrictJSON? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The text, where this is one.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The whole number, where this is one that fits.
    var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        return Int64(text)
    }
}
