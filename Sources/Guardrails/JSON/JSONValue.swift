/// One value of a ``JSONDocument``.
public struct JSONValue: Sendable {
    /// The text that it is in.
    public let document: JSONDocument
    let index: Int

    private var node: JSONNode { document.nodes[index] }

    /// What it is.
    public var kind: JSONKind { document.nodes[index].kind }

    /// Its bytes in the text, quotes and brackets included.
    public var range: Range<Int> { Int(node.start)..<Int(node.end) }

    /// The elements of an array, or the members of an object; zero for anything else.
    public var count: Int { Int(document.nodes[index].count) }

    /// Whether it is `null`.
    public var isNull: Bool { kind == .null }

    /// The boolean, or nil where it is none.
    public var bool: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The text, escapes decoded, or nil where it is no string.
    public var string: String? {
        kind == .string ? JSONString.text(node, of: document.bytes) : nil
    }

    /// The text in UTF-8, escapes decoded, or nil where it is no string.
    public var utf8: [UInt8]? {
        kind == .string ? JSONString.decoded(node, of: document.bytes) : nil
    }

    /// Whether the string has escapes, so that its text is not the bytes between its quotes.
    public var isEscaped: Bool { node.isEscaped }

    /// Whether it is this string.
    public func isString(_ text: String) -> Bool {
        let node = node
        guard node.kind == .string else { return false }
        if node.isEscaped { return JSONString.decoded(node, of: document.bytes).elementsEqual(text.utf8) }
        return document.bytes[Int(node.start) + 1..<Int(node.end) - 1].elementsEqual(text.utf8)
    }

    /// Whether it is the string of these bytes of UTF-8.
    func isBytes(_ text: [UInt8]) -> Bool {
        let node = node
        guard node.kind == .string else { return false }
        if node.isEscaped { return JSONString.decoded(node, of: document.bytes) == text }
        return document.bytes[Int(node.start) + 1..<Int(node.end) - 1].elementsEqual(text)
    }

    /// The bytes of the text in which a run of the decoded string is written.
    ///
    /// The run is counted in bytes of UTF-8; what lies beyond the string's end is cut off.
    public func range(ofDecoded run: Range<Int>) -> Range<Int> {
        let inside = range.lowerBound + 1..<range.upperBound - 1
        guard isEscaped else {
            return min(
                inside.lowerBound + run.lowerBound,
                inside.upperBound
            )..<min(
                inside.lowerBound + run.upperBound,
                inside.upperBound
            )
        }
        var count = 0
        var (start, end) = (inside.upperBound, inside.upperBound)
        JSONString.decode(document.bytes, inside) { _, place in
            if count == run.lowerBound { start = place }
            if count == run.upperBound { end = place }
            count += 1
        }
        return start..<max(start, end)
    }

    /// The number, or nil where it is none.
    public var number: JSONNumber? {
        kind == .number ? JSONNumber(document.bytes[range]) : nil
    }

    /// The number as written, or nil where it is none.
    public var lexeme: String? {
        kind == .number ? String(decoding: document.bytes[range], as: UTF8.self) : nil
    }

    /// The whole number, or nil where it is none: what is written with a point, with an exponent or too large is none.
    public var integer: Int? {
        guard kind == .number else { return nil }
        return Int(String(decoding: document.bytes[range], as: UTF8.self))
    }

    // MARK: What is in it

    /// The elements of an array; none for anything else.
    public var elements: Elements { Elements(document: document, index: index + 1, left: kind == .array ? count : 0) }

    /// The members of an object, in the order written; none for anything else.
    public var members: Members { Members(document: document, index: index + 1, left: kind == .object ? count : 0) }

    /// The member of this name, or nil where there is none or it is no object.
    public subscript(name: String) -> JSONValue? {
        for (key, value) in members where key.isString(name) { return value }
        return nil
    }

    /// The elements of an array.
    public struct Elements: Sequence, IteratorProtocol {
        fileprivate let document: JSONDocument
        fileprivate var index: Int
        fileprivate var left: Int

        /// The next element.
        public mutating func next() -> JSONValue? {
            guard left > 0 else { return nil }
            left -= 1
            defer { index = Int(document.nodes[index].next) }
            return JSONValue(document: document, index: index)
        }
    }

    /// The members of an object.
    public struct Members: Sequence, IteratorProtocol {
        fileprivate let document: JSONDocument
        fileprivate var index: Int
        fileprivate var left: Int

        /// The next member; the key is a string.
        public mutating func next() -> (key: JSONValue, value: JSONValue)? {
            guard left > 0 else { return nil }
            left -= 1
            let key = JSONValue(document: document, index: index)
            let value = JSONValue(document: document, index: index + 1)
            index = Int(document.nodes[index + 1].next)
            return (key, value)
        }
    }

    // MARK: Sameness

    /// Bytes that are the same for two values exactly where JSON Schema calls them equal (Core §4.2.2).
    ///
    /// Numbers are equal by value, however they are written; the order of an object's members is of no account.
    public var canonical: [UInt8] {
        var output: [UInt8] = []
        writeCanonical(to: &output)
        return output
    }

    private func writeCanonical(to output: inout [UInt8]) {
        switch kind {
        case .null, .true, .false: output.append(kind == .null ? 0x6E : kind == .true ? 0x74 : 0x66)
        case .number: (number ?? .zero).writeCanonical(to: &output)
        case .string: Self.write(utf8 ?? [], to: &output)
        case .array:
            output.append(UInt8(ascii: "["))
            for element in elements { element.writeCanonical(to: &output) }
            output.append(UInt8(ascii: "]"))
        case .object:
            output.append(UInt8(ascii: "{"))
            let sorted = members.map { (key: $0.key.utf8 ?? [], value: $0.value) }
                .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            for (key, value) in sorted {
                Self.write(key, to: &output)
                value.writeCanonical(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// A string with its length before it, so that nothing in it can be taken for structure.
    private static func write(_ text: [UInt8], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        output += String(text.count).utf8
        output.append(UInt8(ascii: ":"))
        output += text
    }
}

extension JSONValue: Equatable {
    /// Whether JSON Schema calls the two equal.
    public static func == (left: Self, right: Self) -> Bool {
        left.kind == right.kind && left.canonical == right.canonical
    }
}
