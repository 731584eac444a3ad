/// A piece of a YAML document that knows where it stands.
///
/// Reading is strict: a reader asks for the type it expects, and anything else is a ``ResourceError`` that names the
/// place, what was expected and what was found.
public struct Value: Hashable, Sendable {
    /// What the piece is.
    public indirect enum Content: Hashable, Sendable {
        /// `null`, `~` or nothing.
        case null
        /// A plain `true` or `false`.
        case bool(Bool)
        /// A plain number, as written.
        case number(String)
        /// Text: quoted, a block, or plain and none of the above.
        case string(String)
        /// A sequence.
        case list([Value])
        /// A mapping, in the order written.
        case mapping([Entry])
    }

    /// One key of a mapping and its value.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public let key: String
        /// Where the key stands.
        public let keyLocation: SourceLocation
        /// The value.
        public let value: Value

        /// A key and its value.
        public init(key: String, keyLocation: SourceLocation, value: Value) {
            self.key = key
            self.keyLocation = keyLocation
            self.value = value
        }
    }

    /// What the piece is.
    public let content: Content
    /// Where it begins.
    public let location: SourceLocation

    /// A piece at a place.
    public init(_ content: Content, at location: SourceLocation) {
        self.content = content
        self.location = location
    }

    /// An error at this place.
    public func error(_ message: String) -> ResourceError {
        ResourceError(at: location, message)
    }

    /// An error at this place, with what to write instead.
    private func error(_ message: String, correction: Diagnostic.Correction?) -> ResourceError {
        ResourceError([Diagnostic(at: location, message, correction: correction)])
    }

    /// Whether this is `null` or was left empty.
    public var isNull: Bool { content == .null }

    /// The text.
    ///
    /// - Throws: ``ResourceError`` for anything but text; a number or boolean is asked to be quoted.
    public func string() throws -> String {
        switch content {
        case .string(let text): return text
        case .number(let text):
            throw error(
                "expected a string, found the number \(text); write \"\(text)\" in quotes",
                correction: .init(of: text, to: text, .quotes)
            )
        case .bool(let flag):
            throw error(
                "expected a string, found \(flag); write \"\(flag)\" in quotes",
                correction: .init(of: "\(flag)", to: "\(flag)", .quotes)
            )
        default: throw error("expected a string, found \(kindInWords)")
        }
    }

    /// The boolean.
    ///
    /// - Throws: ``ResourceError`` for anything but a plain `true` or `false`.
    public func bool() throws -> Bool {
        guard case .bool(let flag) = content else { throw error("expected `true` or `false`, found \(kindInWords)") }
        return flag
    }

    /// The whole number, which must lie in a range.
    ///
    /// - Throws: ``ResourceError`` for anything else.
    public func integer(in range: ClosedRange<Int>) throws -> Int {
        guard case .number(let text) = content, let number = Int(text) else {
            if case .number(let text) = content, Self.isWhole(text) {
                throw error(
                    "expected a number from \(range.lowerBound) to \(range.upperBound), found \(text.prefix(60))"
                )
            }
            if case .string(let text) = content {
                if Int(text) != nil {
                    throw error("expected a whole number, found the string `\(text)`; write it without quotes")
                }
                for (suffix, shift) in [("Ki", 10), ("Mi", 20), ("Gi", 30)] where text.hasSuffix(suffix) {
                    guard let count = UInt32(text.dropLast(2)) else { break }
                    throw error(
                        "expected a whole number, found the string `\(text)`; write it out: \(Int(count) << shift)"
                    )
                }
            }
            throw error("expected a whole number, found \(kindInWords)")
        }
        guard range.contains(number) else {
            throw error("expected a number from \(range.lowerBound) to \(range.upperBound), found \(number)")
        }
        return number
    }

    /// Whether a number has digits alone, so that it is only too large.
    private static func isWhole(_ text: String) -> Bool {
        let digits = text.utf8.first.map { "+-".utf8.contains($0) } ?? false ? text.utf8.dropFirst() : text.utf8[...]
        return digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// The number of bytes, which must lie in a range: digits alone, or with `Ki`, `Mi` or `Gi`, as Kubernetes writes
    /// quantities.
    ///
    /// - Throws: ``ResourceError`` for anything else.
    public func byteCount(in range: ClosedRange<Int>) throws -> Int {
        let bytes: Int
        switch content {
        case .number: return try integer(in: range)
        case .string(let text):
            guard let count = Self.byteCount(text) else { fallthrough }
            bytes = count
        default:
            throw error(
                "expected a number of bytes such as `65536`, `512Ki`, `16Mi` or `1Gi`, found \(kindInWords)"
            )
        }
        guard range.contains(bytes) else {
            throw error("expected \(range.lowerBound) to \(range.upperBound) bytes, found \(bytes)")
        }
        return bytes
    }

    private static func byteCount(_ text: String) -> Int? {
        for (suffix, shift) in [("Ki", 10), ("Mi", 20), ("Gi", 30)] where text.hasSuffix(suffix) {
            let digits = text.utf8.dropLast(2)
            guard (1...9).contains(digits.count),
                digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { return nil }
            return Int(Substring(digits)).map { $0 << shift }
        }
        return nil
    }

    /// The text, which must be one of a few; `thing` says what they are of where they are the user's own: `Guardrail`.
    ///
    /// - Throws: ``ResourceError`` with the nearest of them for anything else.
    public func oneOf(_ names: [String], of thing: String? = nil) throws -> String {
        let text = try string()
        guard names.contains(text) else {
            throw error(
                "\(thing.map { "there is no \($0)" } ?? "unknown value") `\(text)`; \(suggestion(for: text, among: names))",
                correction: nearestName(to: text, among: names).map { .init(of: text, to: $0) }
            )
        }
        return text
    }

    /// The elements of a sequence, each read; what is wrong with several of them is reported together.
    ///
    /// - Throws: ``ResourceError`` where this is no sequence or an element is refused.
    public func list<Element>(_ read: (Value) throws -> Element) throws -> [Element] {
        guard case .list(let elements) = content else {
            if case .string(let text) = content, text.utf8.count <= 60 {
                throw error("expected a list, found \(kindInWords); write `[\"\(text)\"]`")
            }
            throw error("expected a list, found \(kindInWords)")
        }
        return try collectingDiagnostics(elements, read)
    }

    /// The entries of a mapping, in the order written.
    ///
    /// - Throws: ``ResourceError`` where this is no mapping.
    public func mapping() throws -> [Entry] {
        guard case .mapping(let entries) = content else { throw error("expected a mapping, found \(kindInWords)") }
        return entries
    }

    /// A length of time: digits with `h`, `m`, `s` or `ms`, several in falling order: `1h30m`, `250ms`.
    ///
    /// - Throws: ``ResourceError`` for anything else, for zero, and for more than a year.
    public func duration() throws -> Duration {
        if case .number(let text) = content {
            // Quotes would not help: what it lacks is the unit.
            throw error("expected a length of time, found the number \(text); write its unit, such as `\(text)s`")
        }
        let text = try string()
        guard let duration = DurationText.parse(text) else {
            throw error("expected a length of time such as `30s`, `5m`, `1h30m` or `250ms`, found `\(text)`")
        }
        guard duration > .zero, duration <= .seconds(366 * 86400) else {
            throw error("expected a length of time above zero and of at most a year, found `\(text)`")
        }
        return duration
    }

    /// What was found, for messages.
    var kindInWords: String {
        switch content {
        case .null: "nothing"
        case .bool(let flag): "`\(flag)`"
        case .number(let text): "the number \(text)"
        case .string(let text): "the string `\(text.prefix(60))`"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// Reads lengths of time as Go and Kubernetes write them.
package enum DurationText {
    /// The length, or nil where the text is not of the form.
    package static func parse(_ text: String) -> Duration? {
        var rest = text.utf8[...]
        var milliseconds = 0
        var lastUnit = Int.max
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard (1...9).contains(digits.count), let count = Int(Substring(digits)) else { return nil }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest.dropFirst(name.count)
            let units = ["h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1]
            guard let unit = units[String(Substring(name))], unit < lastUnit else { return nil }
            lastUnit = unit
            milliseconds += count * unit
        }
        return .milliseconds(milliseconds)
    }
}
