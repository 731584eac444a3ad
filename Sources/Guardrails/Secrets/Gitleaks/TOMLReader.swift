/// What a file of settings says, in the part of TOML 1.0 that rule files use: tables, arrays of tables, strings of
/// all four kinds, numbers, booleans and arrays.
///
/// Dates and inline tables are errors, not guesses.
enum TOMLValue: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case array([TOMLValue])
    case table([String: TOMLValue])
}

/// Reads it, with the line and column of what is wrong, and within bounds.
struct TOMLReader {
    /// The largest file, in bytes.
    static let maximumSize = 4 << 20
    private static let maximumDepth = 16

    private let name: String
    private let bytes: [UInt8]
    private var index = 0

    private init(_ bytes: [UInt8], name: String) {
        self.bytes = bytes
        self.name = name
    }

    /// Reads a file; `name` is what errors call it.
    static func read(_ bytes: [UInt8], name: String) throws -> [String: TOMLValue] {
        guard bytes.count <= maximumSize else {
            throw PatternError(.file, "\(name): \(bytes.count) bytes; the most is \(maximumSize)")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw PatternError(.file, "\(name): not UTF-8")
        }
        var reader = TOMLReader(bytes, name: name)
        return try reader.document()
    }

    // MARK: - Document

    private mutating func document() throws -> [String: TOMLValue] {
        var root: [String: TOMLValue] = [:]
        var path: [String] = []
        var declared: Set<[String]> = []
        while true {
            skipLines()
            guard index < bytes.count else { return root }
            if peek == UInt8(ascii: "[") {
                index += 1
                let isArray = peek == UInt8(ascii: "[")
                if isArray { index += 1 }
                skipSpace()
                path = try key()
                skipSpace()
                try expect("]")
                if isArray { try expect("]") }
                if isArray {
                    try Self.update(&root, path[...]) { value in
                        guard case .array(var tables) = value ?? .array([]) else { return nil }
                        tables.append(.table([:]))
                        return .array(tables)
                    } failure: {
                        self.failure("`\(path.joined(separator: "."))` is something else already")
                    }
                    declared = declared.filter { !$0.starts(with: path) }
                } else {
                    guard declared.insert(path).inserted else {
                        throw failure("the table `\(path.joined(separator: "."))` stands here twice")
                    }
                    try Self.update(&root, path[...]) { value in
                        switch value {
                        case nil: .table([:])
                        case .table: value
                        default: nil
                        }
                    } failure: {
                        self.failure("`\(path.joined(separator: "."))` is something else already")
                    }
                }
            } else {
                let name = try key()
                skipSpace()
                try expect("=")
                skipSpace()
                let value = try value(depth: 0)
                try Self.update(&root, (path + name)[...]) { known in
                    known == nil ? value : nil
                } failure: {
                    self.failure("`\(name.joined(separator: "."))` stands here twice")
                }
            }
            skipSpace()
            if peek == UInt8(ascii: "#") { skipComment() }
            guard index == bytes.count || peek == 0x0A || peek == 0x0D else {
                throw failure("a line goes on where it should end")
            }
        }
    }

    /// Changes the value at a path; in an array of tables the path goes through the last.
    private static func update(
        _ table: inout [String: TOMLValue],
        _ path: ArraySlice<String>,
        _ change: (TOMLValue?) -> TOMLValue?,
        failure: () -> PatternError
    ) throws {
        guard let first = path.first else { throw failure() }
        let rest = path.dropFirst()
        if rest.isEmpty {
            guard let changed = change(table[first]) else { throw failure() }
            table[first] = changed
            return
        }
        switch table[first] ?? .table([:]) {
        case .table(var inner):
            try update(&inner, rest, change, failure: failure)
            table[first] = .table(inner)
        case .array(var tables):
            guard case .table(var inner)? = tables.popLast() else { throw failure() }
            try update(&inner, rest, change, failure: failure)
            table[first] = .array(tables + [.table(inner)])
        default: throw failure()
        }
    }

    private mutating func key() throws -> [String] {
        var parts: [String] = []
        repeat {
            if !parts.isEmpty { index += 1 }
            skipSpace()
            if peek == UInt8(ascii: "\"") || peek == UInt8(ascii: "'") {
                parts.append(try string())
            } else {
                let start = index
                while UnitClass.isAlphanumeric(peek) || peek == UInt8(ascii: "_") || peek == UInt8(ascii: "-") {
                    index += 1
                }
                guard index > start else { throw failure("a name is expected here") }
                parts.append(String(decoding: bytes[start..<index], as: UTF8.self))
            }
            skipSpace()
        } while peek == UInt8(ascii: ".")
        guard parts.count <= Self.maximumDepth else { throw failure("a name of more than \(Self.maximumDepth) parts") }
        return parts
    }

    // MARK: - Values

    private mutating func value(depth: Int) throws -> TOMLValue {
        switch peek {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "{"): throw failure("inline tables are not read here; write a table of its own")
        default: break
        }
        let start = index
        while UnitClass.isAlphanumeric(peek)
            || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(peek)
        {
            index += 1
        }
        let word = String(decoding: bytes[start..<index], as: UTF8.self)
        if word == "true" || word == "false" { return .boolean(word == "true") }
        let plain = word.filter { $0 != "_" }
        if let integer = Int(plain) { return .integer(integer) }
        if plain.first?.isLetter == false, plain.last?.isNumber == true, let number = Double(plain), number.isFinite {
            return .number(number)
        }
        index = start
        throw failure("a value is expected here: a string, a number, true, false or an array")
    }

    private mutating func array(depth: Int) throws -> TOMLValue {
        guard depth < Self.maximumDepth else {
            throw failure("arrays within arrays, more than \(Self.maximumDepth) deep")
        }
        index += 1
        var values: [TOMLValue] = []
        while true {
            skipLines()
            if peek == UInt8(ascii: "]") {
                index += 1
                return .array(values)
            }
            values.append(try value(depth: depth + 1))
            skipLines()
            if peek == UInt8(ascii: ",") {
                index += 1
            } else if peek != UInt8(ascii: "]") {
                throw failure("`,` or `]` is expected here")
            }
        }
    }

    private mutating func string() throws -> String {
        let quote = peek
        let start = index
        let isLong = index + 2 < bytes.count && bytes[index + 1] == quote && bytes[index + 2] == quote
        index += isLong ? 3 : 1
        if isLong, peek == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { index += 1 }
        if isLong, peek == 0x0A { index += 1 }
        var text: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            if byte == quote {
                if !isLong {
                    index += 1
                    return String(decoding: text, as: UTF8.self)
                }
                var run = 0
                while run < 5, index + run < bytes.count, bytes[index + run] == quote { run += 1 }
                if run >= 3 {
                    text += Array(repeating: quote, count: run - 3)
                    index += run
                    return String(decoding: text, as: UTF8.self)
                }
            }
            if byte == 0x0A, !isLong { break }
            if byte < 0x20, byte != 0x09, byte != 0x0A, byte != 0x0D {
                throw failure("a control character in a string")
            }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                try escape(into: &text, isLong: isLong)
                continue
            }
            text.append(byte)
            index += 1
        }
        index = start
        throw failure("a string is not closed")
    }

    private mutating func escape(into text: inout [UInt8], isLong: Bool) throws {
        index += 1
        let letter = peek
        index += 1
        switch letter {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(letter)
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let count = letter == UInt8(ascii: "u") ? 4 : 8
            guard index + count <= bytes.count,
                let value = UInt32(String(decoding: bytes[index..<index + count], as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(value)
            else { throw failure("an escape that is no code point") }
            text += Array(String(Character(scalar)).utf8)
            index += count
        case 0x0A, 0x20, 0x09, 0x0D:
            guard isLong else { throw failure("a line ends in a string") }
            while [0x0A, 0x20, 0x09, 0x0D].contains(peek) { index += 1 }
        default:
            index -= 1
            throw failure("there is no such escape")
        }
    }

    // MARK: - Bytes

    private var peek: UInt8 { index < bytes.count ? bytes[index] : 0 }

    private mutating func skipSpace() { while peek == 0x20 || peek == 0x09 { index += 1 } }

    private mutating func skipComment() { while index < bytes.count, peek != 0x0A { index += 1 } }

    private mutating func skipLines() {
        while index < bytes.count {
            switch peek {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            case UInt8(ascii: "#"): skipComment()
            default: return
            }
        }
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        guard peek == UInt8(character.value) else { throw failure("`\(character)` is expected here") }
        index += 1
    }

    private func failure(_ message: String) -> PatternError {
        let before = bytes[..<min(index, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = before.count - ((before.lastIndex(of: 0x0A) ?? -1) + 1) + 1
        return PatternError(.file, "\(name):\(line):\(column): \(message)")
    }
}
