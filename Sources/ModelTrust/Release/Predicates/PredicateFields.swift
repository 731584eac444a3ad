internal import SPIFFE
internal import ZeroTrust

/// The fields of one JSON object, each taken once; what is left over is an error.
struct PredicateFields {
    /// Where the object stands: `predicate.dataset`.
    let path: String
    private var members: [String: StrictJSON]

    init(_ value: StrictJSON, at path: String) throws(PredicateError) {
        guard let members = value.object else { throw PredicateError(description: "`\(path)` is not an object") }
        self.path = path
        self.members = members
    }

    /// Whether a field is there and not taken yet.
    func has(_ name: String) -> Bool { members[name] != nil }

    /// Takes a field that need not be there.
    mutating func optional(_ name: String) -> StrictJSON? {
        switch members.removeValue(forKey: name) {
        case nil, .null?: nil
        case let value?: value
        }
    }

    /// Takes a field that must be there.
    mutating func required(_ name: String) throws(PredicateError) -> StrictJSON {
        guard let value = optional(name) else {
            throw PredicateError(description: "`\(path).\(name)` is missing")
        }
        return value
    }

    /// Takes a text that must be there, is not empty and has no control character.
    mutating func text(_ name: String) throws(PredicateError) -> String {
        guard let text = try required(name).string else { throw wrong(name, "a text") }
        guard !text.isEmpty, text.utf8.count <= 4096, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw wrong(name, "a text of 1 to 4096 bytes without control characters")
        }
        return text
    }

    /// Takes a moment in RFC 3339, UTC.
    mutating func moment(_ name: String) throws(PredicateError) -> Timestamp {
        guard let text = try required(name).string, let moment = Timestamp(text) else {
            throw wrong(name, "a time such as 2026-11-25T12:00:00Z")
        }
        return moment
    }

    /// Takes an integer that is not negative.
    mutating func count(_ name: String) throws(PredicateError) -> UInt64 {
        guard let number = try required(name).integer, number >= 0 else { throw wrong(name, "a number from 0") }
        return UInt64(number)
    }

    /// Takes an object.
    mutating func object(_ name: String) throws(PredicateError) -> PredicateFields {
        try PredicateFields(try required(name), at: "\(path).\(name)")
    }

    /// Takes a list, which may be absent.
    mutating func list<Element>(
        _ name: String,
        _ read: (StrictJSON, String) throws(PredicateError) -> Element
    ) throws(PredicateError) -> [Element] {
        guard let value = optional(name) else { return [] }
        guard let values = value.array else { throw wrong(name, "a list") }
        var elements: [Element] = []
        elements.reserveCapacity(values.count)
        for (index, value) in values.enumerated() { elements.append(try read(value, "\(path).\(name)[\(index)]")) }
        return elements
    }

    /// Takes every field that is left, with its name.
    mutating func rest() -> [(name: String, value: StrictJSON)] {
        defer { members = [:] }
        return members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Refuses what was not taken.
    func finish() throws(PredicateError) {
        guard let name = members.keys.min() else { return }
        throw PredicateError(description: "`\(path).\(name)` is not a field that is known here")
    }

    /// The error for a field that is not what it has to be.
    func wrong(_ name: String, _ expected: String) -> PredicateError {
        PredicateError(description: "`\(path).\(name)` is not \(expected)")
    }
}
