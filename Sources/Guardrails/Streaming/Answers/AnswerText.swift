/// A JSON text whose strings can be found by where they stand, and changed, with all else left as it came.
///
/// It is read strictly (RFC 8259) and within bounds: depth 64, and as many values as ``maximumValues``.
struct AnswerText: Sendable {
    static let maximumDepth = 64
    static let maximumValues = 100_000

    /// A step on the way to a value.
    enum Step: Sendable, Hashable {
        case key(String)
        case place(Int)
    }

    /// A string, a number, or an object or array under a key that is looked for.
    struct Value: Sendable {
        enum Kind: Sendable { case string, literal, composite }
        let path: [Step]
        /// Where it stands, quotes included.
        let range: Range<Int>
        let kind: Kind

        /// The key that it stands under; nil in an array.
        var key: String? {
            if case .key(let key) = path.last { key } else { nil }
        }
    }

    let bytes: [UInt8]
    /// What is in it, but short numbers and words that are elements of arrays: nothing is looked for in those.
    private(set) var values: [Value] = []
    /// The keys of its objects.
    private(set) var keys: Set<String> = []
    /// The places of the values that stand under keys.
    private var places: [[Step]: Int] = [:]

    /// The keys whose objects and arrays are noted.
    private static let composites: Set<String> = ["logprobs", "token_ids", "tokens", "input", "prompt_logprobs"]

    /// Reads a text; nil where it is no JSON, or beyond the bounds.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        var index = 0
        var path: [Step] = []
        guard value(&index, &path, depth: 0) else { return nil }
        skipSpace(&index)
        guard index == bytes.count else { return nil }
    }

    /// The value at a path.
    ///
    /// Elements of arrays are not found so.
    func value(at path: [Step]) -> Value? { places[path].map { values[$0] } }

    /// The bytes of a number or a word, or a string's decoded.
    func text(at path: [Step]) -> String? {
        value(at: path).map {
            String(decoding: $0.kind == .string ? decoded($0) : Array(bytes[$0.range]), as: UTF8.self)
        }
    }

    /// A string's text, in UTF-8; half a pair of surrogates is U+FFFD.
    func decoded(_ value: Value) -> [UInt8] {
        var decoder = StringDecoder()
        var output = decoder.decode(bytes[value.range.lowerBound + 1..<value.range.upperBound - 1])
        output += decoder.finish()
        return output
    }

    /// The text with some values replaced.
    func replacing(_ changes: [(Range<Int>, [UInt8])]) -> [UInt8] {
        var output: [UInt8] = []
        var index = 0
        for (range, replacement) in changes.sorted(by: { $0.0.lowerBound < $1.0.lowerBound })
        where range.lowerBound >= index {
            output += bytes[index..<range.lowerBound]
            output += replacement
            index = range.upperBound
        }
        return output + bytes[index...]
    }

    /// A string as JSON writes it, quotes included.
    static func quoted(_ text: some Sequence<UInt8>) -> [UInt8] {
        var output: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case 0x0A: output += Array("\\n".utf8)
            case 0x0D: output += Array("\\r".utf8)
            case 0x09: output += Array("\\t".utf8)
            case 0..<0x20: output += Array("\\u00".utf8) + OutputKeys.hexadecimal([byte])
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
        return output
    }

    // MARK: - Reading

    private func at(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

    private func skipSpace(_ index: inout Int) {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    private mutating func value(_ index: inout Int, _ path: inout [Step], depth: Int) -> Bool {
        guard depth < Self.maximumDepth, values.count < Self.maximumValues else { return false }
        skipSpace(&index)
        let start = index
        switch at(index) {
        case UInt8(ascii: "{"):
            index += 1
            guard members(&index, &path, depth: depth) else { return false }
            note(start..<index, path)
        case UInt8(ascii: "["):
            index += 1
            guard elements(&index, &path, depth: depth) else { return false }
            note(start..<index, path)
        case UInt8(ascii: "\""):
            guard string(&index) else { return false }
            add(Value(path: path, range: start..<index, kind: .string))
        default:
            while UnitClass.isAlphanumeric(at(index)) || at(index) == UInt8(ascii: "-")
                || at(index) == UInt8(ascii: "+")
                || at(index) == UInt8(ascii: ".")
            { index += 1 }
            guard Self.isLiteral(bytes[start..<index]) else { return false }
            if case .place = path.last, !Self.maySay(bytes[start..<index]) { break }
            add(Value(path: path, range: start..<index, kind: .literal))
        }
        return true
    }

    private mutating func note(_ range: Range<Int>, _ path: [Step]) {
        if case .key(let key) = path.last, Self.composites.contains(key) {
            add(Value(path: path, range: range, kind: .composite))
        }
    }

    private mutating func add(_ value: Value) {
        if value.key != nil { places[value.path] = values.count }
        values.append(value)
    }

    /// Whether a number is long enough to be a card's or a person's.
    static func maySay(_ literal: ArraySlice<UInt8>) -> Bool {
        guard let first = literal.first, first == UInt8(ascii: "-") || UnitClass.isDigit(first) else { return false }
        if literal.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) { return true }
        return literal.prefix { $0 != UInt8(ascii: ".") }.count >= 8
    }

    private mutating func members(_ index: inout Int, _ path: inout [Step], depth: Int) -> Bool {
        var keys: Set<String> = []
        skipSpace(&index)
        if at(index) == UInt8(ascii: "}") {
            index += 1
            return true
        }
        while true {
            skipSpace(&index)
            let start = index
            guard at(index) == UInt8(ascii: "\""), string(&index) else { return false }
            let key = String(decoding: decoded(Value(path: [], range: start..<index, kind: .string)), as: UTF8.self)
            // The same key twice is read one way here and another way there.
            guard keys.insert(key).inserted else { return false }
            self.keys.insert(key)
            skipSpace(&index)
            guard at(index) == UInt8(ascii: ":") else { return false }
            index += 1
            path.append(.key(key))
            guard value(&index, &path, depth: depth + 1) else { return false }
            path.removeLast()
            skipSpace(&index)
            let next = at(index)
            index += 1
            if next == UInt8(ascii: "}") { return true }
            guard next == UInt8(ascii: ",") else { return false }
        }
    }

    private mutating func elements(_ index: inout Int, _ path: inout [Step], depth: Int) -> Bool {
        skipSpace(&index)
        if at(index) == UInt8(ascii: "]") {
            index += 1
            return true
        }
        var place = 0
        while true {
            path.append(.place(place))
            guard value(&index, &path, depth: depth + 1) else { return false }
            path.removeLast()
            place += 1
            skipSpace(&index)
            let next = at(index)
            index += 1
            if next == UInt8(ascii: "]") { return true }
            guard next == UInt8(ascii: ",") else { return false }
        }
    }

    private func string(_ index: inout Int) -> Bool {
        index += 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                return true
            case UInt8(ascii: "\\"):
                let escape = at(index + 1)
                if escape == UInt8(ascii: "u") {
                    guard (2...5).allSatisfy({ UnitClass.isHex(at(index + $0)) }) else { return false }
                    index += 6
                } else {
                    guard "\"\\/bfnrt".utf8.contains(escape) else { return false }
                    index += 2
                }
            case 0..<0x20: return false
            default: index += 1
            }
        }
        return false
    }

    private static func isLiteral(_ bytes: ArraySlice<UInt8>) -> Bool {
        if bytes.elementsEqual("true".utf8) || bytes.elementsEqual("false".utf8) || bytes.elementsEqual("null".utf8) {
            return true
        }
        var rest = bytes
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let whole = rest.prefix(while: UnitClass.isDigit)
        guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else { return false }
        rest = rest.dropFirst(whole.count)
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: UnitClass.isDigit)
            guard !fraction.isEmpty else { return false }
            rest = rest.dropFirst(fraction.count + 1)
        }
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard !rest.isEmpty else { return false }
            rest = rest.drop(while: UnitClass.isDigit)
        }
        return rest.isEmpty
    }
}

/// Undoes the escapes of JSON strings, of which a pair of surrogates may be cut between two strings.
struct StringDecoder: Sendable {
    /// The first half of a pair, whose second may come with the next string.
    private var high: UInt32?

    /// The text of what stands between a string's quotes, which has to be well formed.
    mutating func decode(_ escaped: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(escaped.count)
        var index = escaped.startIndex
        while index < escaped.endIndex {
            let byte = escaped[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < escaped.endIndex else {
                output += finish()
                output.append(byte)
                index += 1
                continue
            }
            let escape = escaped[index + 1]
            guard escape == UInt8(ascii: "u"), index + 6 <= escaped.endIndex else {
                output += finish()
                output.append(Self.plain(escape))
                index += 2
                continue
            }
            let digits = String(decoding: escaped[index + 2..<index + 6], as: UTF8.self)
            let unit = UInt32(digits, radix: 16) ?? 0xFFFD
            index += 6
            switch unit {
            case 0xD800...0xDBFF:
                output += finish()
                high = unit
            case 0xDC00...0xDFFF:
                if let first = high {
                    high = nil
                    output += Self.utf8(0x1_0000 + (first - 0xD800) << 10 + (unit - 0xDC00))
                } else {
                    output += Self.utf8(0xFFFD)
                }
            default: output += finish() + Self.utf8(unit)
            }
        }
        return output
    }

    /// What half a pair is, when the other half does not come.
    mutating func finish() -> [UInt8] {
        guard high != nil else { return [] }
        high = nil
        return Self.utf8(0xFFFD)
    }

    /// Whether half a pair waits.
    var isWaiting: Bool { high != nil }

    private static func utf8(_ scalar: UInt32) -> [UInt8] {
        Array(String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
    }

    private static func plain(_ escape: UInt8) -> UInt8 {
        switch escape {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: escape
        }
    }
}
