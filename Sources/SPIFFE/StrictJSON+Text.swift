extension StrictJSON {
    /// The value as JSON in one form only: names sorted, no white space.
    package var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let text): text
        case .string(let text): JSONText.quote(text)
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { JSONText.quote($0.key) + ":" + $0.value.text }
                .joined(separator: ",") + "}"
        }
    }
}
