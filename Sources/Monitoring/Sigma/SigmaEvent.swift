import ZeroTrust

/// A record as Sigma's rules see it: its fields, each by the names that lead to it with points between them
/// (`request.method`), each with the values that it has.
///
/// What stands in a list has the list's name, so that a field may have several values; one of them has to match.
struct SigmaEvent: Sendable {
    /// One value of a field.
    struct Value: Sendable {
        /// The text, as it stands.
        let text: [UInt8]
        /// The text in lower case.
        let folded: [UInt8]
        /// The number that it is.
        let number: Double?
    }

    private(set) var fields: [String: [Value]] = [:]
    /// The names of what has no value of its own: objects, and lists without elements.
    private var groups: Set<String> = []
    private var count = 0
    /// Whether the record has more than is looked at, so that a rule may not match for that alone.
    private(set) var isCut = false

    /// Values beyond these are not looked at.
    static let maximumValues = 4_096
    /// What is behind these bytes of a value is not looked at.
    static let maximumLength = 16_384

    /// The fields of a record.
    ///
    /// - Parameters:
    ///   - record: the record.
    ///   - wanted: the fields to look at; nil for all.
    init(_ record: JSONText, wanted: Set<String>? = nil) {
        add(record, as: "", wanted)
    }

    subscript(name: String) -> [Value] { fields[name] ?? [] }

    /// Whether there is such a field, with a value or with fields of its own.
    func has(_ name: String) -> Bool { fields[name] != nil || groups.contains(name) }

    /// The first value of a field as text; nil where there is none.
    func text(_ name: String) -> String? { fields[name]?.first.map { String(decoding: $0.text, as: UTF8.self) } }

    /// Gives a field a value where it has none.
    mutating func complete(_ name: String, with text: String) {
        if fields[name] == nil { append(text, number: nil, to: name) }
    }

    private mutating func add(_ value: JSONText, as name: String, _ wanted: Set<String>?) {
        guard count < Self.maximumValues else {
            isCut = true
            return
        }
        switch value {
        case .object(let members):
            if wanted?.contains(name) ?? true { groups.insert(name) }
            var known: Set<String> = []
            // Of two members with one name the first counts.
            for member in members where known.insert(member.name).inserted {
                add(member.value, as: name.isEmpty ? member.name : "\(name).\(member.name)", wanted)
            }
        case .array(let elements):
            if wanted?.contains(name) ?? true { groups.insert(name) }
            for element in elements { add(element, as: name, wanted) }
        case .null: return
        case .bool(let flag):
            if wanted?.contains(name) ?? true { append(flag ? "true" : "false", number: nil, to: name) }
        case .number(let text): if wanted?.contains(name) ?? true { append(text, number: Double(text), to: name) }
        case .string(let text): if wanted?.contains(name) ?? true { append(text, number: Double(text), to: name) }
        }
    }

    private mutating func append(_ text: String, number: Double?, to name: String) {
        count += 1
        var bytes = Array(text.utf8.prefix(Self.maximumLength))
        if bytes.count < text.utf8.count {
            isCut = true
            // Not in the middle of a character, which would be no text.
            while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
            if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        }
        fields[name, default: []].append(Value(text: bytes, folded: SigmaPattern.folded(bytes), number: number))
    }
}
