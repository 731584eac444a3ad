/// What of a value is not as its schema has it.
public struct SchemaViolation: Hashable, Sendable {
    /// The value, as a JSON Pointer; empty for the whole.
    public let instance: String
    /// The bytes of the text in which the value stands.
    public let range: Range<Int>
    /// The keyword of the schema that does not hold: `#/properties/model/enum`.
    public let schema: String
    /// What was expected and what was found; no text of the value is in it.
    public let message: String
}

extension SchemaViolation: CustomStringConvertible {
    /// `/model: expected …, found … [#/properties/model/enum]`.
    public var description: String { "\(instance.isEmpty ? "/" : instance): \(message) [\(schema)]" }
}

/// What came of holding a value against a schema.
public enum SchemaVerdict: Hashable, Sendable {
    /// The value is as the schema has it.
    case valid
    /// It is not; at least one thing is named.
    case invalid([SchemaViolation])
    /// Nobody knows: the work or the depth that is allowed did not do. It counts as a refusal.
    case undecided(String)

    /// Whether the value was found to be as the schema has it.
    public var isValid: Bool { self == .valid }
}
