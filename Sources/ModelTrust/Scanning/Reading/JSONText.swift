/// Reads JSON (RFC 8259) strictly: one value, no duplicate key, no byte order mark, no comment, no lone surrogate, UTF-8
/// throughout.
///
/// What another parser might read in another way is refused.
struct JSONText {
    private static let depth = 128
    /// How many arrays and objects a text of any length may have, and how many bytes it needs for each more.
    private static let (freeContainers, bytesPerContainer) = (1 << 17, 12)

    private let bytes: [UInt8]
    private var index = 0
    private let base: UInt64
    private let context: ScanContext
    private let infinities: Bool
    private var words = JSONWords()
    /// Steps that were taken from the budget and not yet made.
    private var steps = 0
    /// Arrays and objects, of which a text has one for each few bytes, beside some.
    private var containers = 0

    /// Reads a text; `base` is where it begins within its input, and `infinities` lets Python's `NaN` and `Infinity`
    /// pass, which configurations of real models hold.
    private init(_ bytes: [UInt8], base: UInt64, infinities: Bool, context: ScanContext) {
        self.bytes = bytes
        self.base = base
        self.infinities = infinities
        self.context = context
    }

    /// The value of a text and how many bytes it took; what stands behind it is the caller's to judge.
    static func prefix(
        _ bytes: [UInt8],
        at base: UInt64 = 0,
        infinities: Bool = false,
        _ context: ScanContext
    ) throws(ScanStop) -> (node: JSONNode, length: Int) {
        var reader = try JSONText(validating: bytes, at: base, infinities: infinities, context)
        defer { context.budget.steps += reader.steps }
        let node = try reader.value(0)
        return (node, reader.index)
    }

    /// Reads an object whose members are looked at one by one and not kept, nor are those of the object under one of its
    /// keys; returns how many bytes it took.
    static func members(
        _ bytes: [UInt8],
        at base: UInt64 = 0,
        _ context: ScanContext,
        opening key: String,
        _ inner: (JSONNode.Member) throws(ScanStop) -> Void,
        _ body: (JSONNode.Member) throws(ScanStop) -> Void
    ) throws(ScanStop) -> Int {
        var reader = try JSONText(validating: bytes, at: base, infinities: false, context)
        defer { context.budget.steps += reader.steps }
        guard bytes.first == UInt8(ascii: "{") else { throw reader.fail("an object is expected") }
        try reader.members { (reader, name) throws(ScanStop) in
            reader.blanks()
            guard name.elementsEqual(key.utf8), reader.index < bytes.count, bytes[reader.index] == UInt8(ascii: "{")
            else { return try body(JSONNode.Member(key: name, value: try reader.value(1))) }
            try reader.step()
            try reader.members { (reader, name) throws(ScanStop) in
                try inner(JSONNode.Member(key: name, value: try reader.value(2)))
            }
        }
        return reader.index
    }

    private init(
        validating bytes: [UInt8],
        at base: UInt64,
        infinities: Bool,
        _ context: ScanContext
    ) throws(ScanStop) {
        guard PlainText.isUTF8(bytes) else {
            throw ScanStop(rule: "json-utf8", offset: base, message: "the JSON text is not UTF-8")
        }
        self.init(bytes, base: base, infinities: infinities, context: context)
    }

    /// The value of a text that holds nothing else but white space.
    static func document(
        _ bytes: [UInt8],
        at base: UInt64 = 0,
        infinities: Bool = false,
        _ context: ScanContext
    ) throws(ScanStop) -> JSONNode {
        let (node, length) = try prefix(bytes, at: base, infinities: infinities, context)
        for index in length..<bytes.count where !Self.isBlank(bytes[index]) {
            throw ScanStop(rule: "json-trailing", offset: base + UInt64(index), message: "more follows the JSON value")
        }
        return node
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private func fail(_ message: String) -> ScanStop {
        ScanStop(rule: "json-syntax", offset: base + UInt64(index), message: message)
    }

    private mutating func blanks() {
        while index < bytes.count, Self.isBlank(bytes[index]) { index += 1 }
    }

    private mutating func step() throws(ScanStop) {
        if steps == 0 {
            let count = min(1 << 10, max(1, context.budget.steps))
            try context.budget.step(count)
            steps = count
        }
        steps -= 1
    }

    /// Begins an array or an object, each of which takes some memory.
    private mutating func begin() throws(ScanStop) {
        index += 1
        containers += 1
        guard containers <= Self.freeContainers + bytes.count / Self.bytesPerContainer else {
            throw ScanStop(
                rule: "limit-values",
                offset: base + UInt64(index),
                message: "it has more arrays and objects than a text of its length does"
            )
        }
    }

    private mutating func value(_ depth: Int) throws(ScanStop) -> JSONNode {
        try step()
        guard depth < Self.depth else { throw fail("the JSON text nests more than \(Self.depth) deep") }
        blanks()
        guard index < bytes.count else { throw fail("the JSON text ends where a value is expected") }
        let start = index
        let value: JSONNode.Value
        switch bytes[index] {
        case UInt8(ascii: "{"): value = .object(try object(depth))
        case UInt8(ascii: "["): value = try array(depth)
        case UInt8(ascii: "\""): value = .string(try string())
        case UInt8(ascii: "t"): value = .bool(true); try word("true")
        case UInt8(ascii: "f"): value = .bool(false); try word("false")
        case UInt8(ascii: "n"): value = .null; try word("null")
        case UInt8(ascii: "N") where infinities: value = .null; try word("NaN")
        case UInt8(ascii: "I") where infinities: value = .null; try word("Infinity")
        case UInt8(ascii: "-") where infinities && index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "I"):
            value = .null
            try word("-Infinity")
        default: value = .number(try number())
        }
        return JSONNode(value: value, offset: start)
    }

    private mutating func word(_ word: StaticString) throws(ScanStop) {
        let expected = Array("\(word)".utf8)
        guard bytes[index...].starts(with: expected) else { throw fail("not a JSON value") }
        index += expected.count
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func object(_ depth: Int) throws(ScanStop) -> [JSONNode.Member] {
        var members: [JSONNode.Member] = []
        try self.members { (reader, key) throws(ScanStop) in
            members.append(JSONNode.Member(key: key, value: try reader.value(depth + 1)))
        }
        return members
    }

    /// Reads an object, whose keys differ from one another; the function reads the value of each.
    private mutating func members(
        _ value: (inout JSONText, [UInt8]) throws(ScanStop) -> Void
    ) throws(ScanStop) {
        try begin()
        var keys = ByteKeys()
        blanks()
        if take(UInt8(ascii: "}")) { return }
        while true {
            blanks()
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw fail("a key is expected") }
            let place = index
            let key = try string()
            guard keys.insert(key) else {
                index = place
                throw ScanStop(
                    rule: "json-duplicate-key",
                    offset: base + UInt64(place),
                    element: String(decoding: key.prefix(80), as: UTF8.self),
                    message: "a key stands twice: parsers differ in which they take"
                )
            }
            blanks()
            guard take(UInt8(ascii: ":")) else { throw fail("a colon is expected") }
            try value(&self, key)
            blanks()
            if take(UInt8(ascii: "}")) { return }
            guard take(UInt8(ascii: ",")) else { throw fail("a comma or a closing brace is expected") }
        }
    }

    private mutating func array(_ depth: Int) throws(ScanStop) -> JSONNode.Value {
        let start = index
        try begin()
        blanks()
        if take(UInt8(ascii: "]")) { return .array([]) }
        var numbers: [JSONNumber] = []
        var elements: [JSONNode] = []
        var areWords = true
        while true {
            let element = try value(depth + 1)
            areWords = areWords && Self.isWord(element)
            if elements.isEmpty, case .number(let number) = element.value {
                numbers.append(number)
            } else {
                if !numbers.isEmpty {
                    elements = numbers.map { JSONNode(value: .number($0), offset: start) }
                    numbers = []
                }
                elements.append(element)
            }
            blanks()
            if take(UInt8(ascii: "]")) { return numbers.isEmpty ? .array(elements) : .numbers(numbers) }
            guard take(UInt8(ascii: ",")) else { throw fail("a comma or a closing bracket is expected") }
            if areWords, elements.count == JSONWordList.least {
                if try skipWords() { return .words(JSONWordList(in: bytes, at: start..<index)) }
                areWords = false
            }
        }
    }

    // MARK: Long lists of words

    /// Reads an array again whose elements were not kept.
    static func elements(
        of bytes: [UInt8],
        at place: Int,
        _ context: ScanContext,
        _ body: (JSONNode) throws(ScanStop) -> Void
    ) throws(ScanStop) {
        var reader = JSONText(bytes, base: 0, infinities: true, context: context)
        defer { context.budget.steps += reader.steps }
        reader.index = place + 1
        repeat {
            try body(try reader.value(0))
            reader.blanks()
        } while reader.take(UInt8(ascii: ","))
    }

    private static func isWord(_ node: JSONNode) -> Bool {
        switch node.value {
        case .string: true
        case .array(let texts):
            !texts.isEmpty && texts.count <= JSONWordList.longestList
                && texts.allSatisfy { if case .string = $0.value { true } else { false } }
        default: false
        }
    }

    /// Goes behind the end of an array where all that is left of it is words; stays where it is not.
    private mutating func skipWords() throws(ScanStop) -> Bool {
        let start = index
        while try skipWord() {
            try step()
            blanks()
            if take(UInt8(ascii: "]")) { return true }
            guard take(UInt8(ascii: ",")) else { break }
        }
        index = start
        return false
    }

    private mutating func skipWord() throws(ScanStop) -> Bool {
        blanks()
        guard take(UInt8(ascii: "[")) else { return try skipText() }
        for _ in 0..<JSONWordList.longestList {
            blanks()
            guard try skipText() else { return false }
            blanks()
            if take(UInt8(ascii: "]")) { return true }
            guard take(UInt8(ascii: ",")) else { return false }
        }
        return false
    }

    private mutating func skipText() throws(ScanStop) -> Bool {
        let start = index
        guard take(UInt8(ascii: "\"")) else { return false }
        _ = plainRun()
        if take(UInt8(ascii: "\"")) { return true }
        // One with an escape in it.
        index = start
        _ = try string()
        return true
    }

    private mutating func number() throws(ScanStop) -> JSONNumber {
        let start = index
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        if index < bytes.count, (0x30...0x39).contains(bytes[index]) { throw fail("a number begins with 0") }
        return JSONNumber(bytes[start..<index])
    }

    private mutating func digits() throws(ScanStop) {
        let start = index
        while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
        guard index > start else { throw fail("not a JSON value") }
    }

    private mutating func plainRun() -> ArraySlice<UInt8> {
        let start = index
        while index < bytes.count, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\"),
            bytes[index] >= 0x20
        {
            index += 1
        }
        return bytes[start..<index]
    }

    private mutating func string() throws(ScanStop) -> [UInt8] {
        index += 1
        let plain = plainRun()
        if take(UInt8(ascii: "\"")) { return words.word(plain) }
        var result = Array(plain)
        while index < bytes.count {
            result += plainRun()
            guard index < bytes.count else { break }
            if take(UInt8(ascii: "\"")) { return result }
            guard take(UInt8(ascii: "\\")) else { throw fail("a control character stands in a string") }
            try escape(into: &result)
        }
        throw fail("a string has no end")
    }

    private mutating func escape(into result: inout [UInt8]) throws(ScanStop) {
        guard index < bytes.count else { throw fail("a string has no end") }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try unit()
            if (0xD800...0xDBFF).contains(scalar), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
                let low = try unit()
                guard (0xDC00...0xDFFF).contains(low) else { throw fail("half a surrogate pair") }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let unicode = Unicode.Scalar(scalar) else { throw fail("half a surrogate pair") }
            if let encoded = UTF8.encode(unicode) { result.append(contentsOf: encoded) }
        default: throw fail("an escape that JSON does not know")
        }
    }

    private mutating func unit() throws(ScanStop) -> UInt32 {
        guard index + 4 <= bytes.count else { throw fail("an escape is cut short") }
        var value: UInt32 = 0
        for byte in bytes[index..<(index + 4)] {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46, 0x61...0x66: value = value << 4 | UInt32((byte | 0x20) - 0x57)
            default: throw fail("not a hexadecimal digit")
            }
        }
        index += 4
        return value
    }
}
