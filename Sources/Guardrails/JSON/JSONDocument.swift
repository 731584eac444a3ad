/// A JSON text that was read: its bytes, and a table of the values in them.
///
/// The reading is strict and bounded. What two readers could understand in two ways is refused: a key that comes twice,
/// bytes that are not UTF-8, half of a surrogate pair, a byte order mark, anything behind the value. Numbers keep the
/// digits that were written. Strings are not copied: a value is a place in the bytes, decoded when it is asked for.
///
/// ```swift
/// let document = try JSONDocument(bytes)
/// let model = document.root["model"]?.string
/// ```
public final class JSONDocument: Sendable {
    /// The text.
    public let bytes: [UInt8]
    /// The values in the order in which they begin; each key of an object comes before its value.
    let nodes: [JSONNode]

    /// Reads a text.
    ///
    /// - Throws: ``JSONFailure`` at the first byte that is wrong or over a limit.
    public init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONFailure) {
        var parser = JSONParser(bytes, limits)
        try parser.parse()
        self.bytes = bytes
        self.nodes = parser.nodes
    }

    /// Reads a text.
    ///
    /// - Throws: ``JSONFailure`` at the first byte that is wrong or over a limit.
    public convenience init(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONFailure) {
        try self.init(Array(text.utf8), limits: limits)
    }

    /// The value that the text is.
    public var root: JSONValue { JSONValue(document: self, index: 0) }
}

/// What a JSON value is.
public enum JSONKind: UInt8, Hashable, Sendable {
    case null, `false`, `true`, number, string, array, object

    /// The kind as JSON Schema calls it.
    public var name: String {
        switch self {
        case .null: "null"
        case .false, .true: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

/// One value in the table of a document.
struct JSONNode: Sendable {
    /// The first byte of the value, quote or bracket included.
    var start: UInt32
    /// The byte behind its last.
    var end: UInt32
    /// The node behind the last one in it.
    var next: UInt32
    /// The elements of an array, or the members of an object.
    var count: UInt32
    var kind: JSONKind
    /// Whether a string has escapes.
    var isEscaped = false
}
