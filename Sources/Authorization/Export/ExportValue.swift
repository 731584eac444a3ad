/// A piece of an exported configuration, which can be written as YAML and as JSON.
public indirect enum ExportValue: Sendable, Hashable {
    /// Text.
    case string(String)
    /// A whole number.
    case number(Int)
    /// `true` or `false`.
    case bool(Bool)
    /// A sequence.
    case list([ExportValue])
    /// A mapping, in the order to be written.
    case mapping([Entry])

    /// One key of a mapping and its value.
    public struct Entry: Sendable, Hashable {
        /// The key.
        public let key: String
        /// The value.
        public let value: ExportValue
    }

    /// A mapping of the values that are there.
    static func object(_ entries: KeyValuePairs<String, ExportValue?>) -> ExportValue {
        .mapping(entries.compactMap { key, value in value.map { Entry(key: key, value: $0) } })
    }
}

extension ExportValue {
    /// The value as JSON, indented by two spaces.
    public var json: String {
        var text = ""
        writeJSON(to: &text, indent: 0)
        return text
    }

    /// The value as a YAML document, without its end.
    public var yaml: String {
        var text = ""
        writeYAML(to: &text, indent: 0, isInline: false)
        return text
    }

    private func writeJSON(to text: inout String, indent: Int) {
        let inner = String(repeating: " ", count: indent + 2)
        let outer = String(repeating: " ", count: indent)
        switch self {
        case .list(let elements) where !elements.isEmpty:
            text += "[\n"
            for (index, element) in elements.enumerated() {
                text += inner
                element.writeJSON(to: &text, indent: indent + 2)
                text += index == elements.count - 1 ? "\n" : ",\n"
            }
            text += outer + "]"
        case .mapping(let entries) where !entries.isEmpty:
            text += "{\n"
            for (index, entry) in entries.enumerated() {
                text += inner + Self.quoted(entry.key) + ": "
                entry.value.writeJSON(to: &text, indent: indent + 2)
                text += index == entries.count - 1 ? "\n" : ",\n"
            }
            text += outer + "}"
        default: text += flat
        }
    }

    /// Writes block style; a value that begins on the line of its dash is inline.
    private func writeYAML(to text: inout String, indent: Int, isInline: Bool) {
        let margin = String(repeating: " ", count: indent)
        switch self {
        case .list(let elements) where !elements.isEmpty:
            for (index, element) in elements.enumerated() {
                text += (index == 0 && isInline ? "" : margin) + "- "
                element.writeYAML(to: &text, indent: indent + 2, isInline: true)
            }
        case .mapping(let entries) where !entries.isEmpty:
            for (index, entry) in entries.enumerated() {
                text += (index == 0 && isInline ? "" : margin) + Self.plain(entry.key) + ":"
                if entry.value.isBlock {
                    text += "\n"
                    // A list stands at the margin of its key, as is the habit in Kubernetes.
                    let isList = if case .list = entry.value { true } else { false }
                    entry.value.writeYAML(to: &text, indent: isList ? indent : indent + 2, isInline: false)
                } else {
                    text += " " + entry.value.scalar + "\n"
                }
            }
        default: text += (isInline ? "" : margin) + scalar + "\n"
        }
    }

    private var isBlock: Bool {
        switch self {
        case .list(let elements): !elements.isEmpty
        case .mapping(let entries): !entries.isEmpty
        default: false
        }
    }

    private var scalar: String {
        if case .string(let text) = self { return Self.plain(text) }
        return flat
    }

    /// What needs no further line.
    private var flat: String {
        switch self {
        case .string(let text): Self.quoted(text)
        case .number(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .list: "[]"
        case .mapping: "{}"
        }
    }

    /// Text without quotes where no reader can take it for something else.
    private static func plain(_ text: String) -> String {
        let isLetter = text.utf8.first.map { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7a } ?? false
        let isSafe = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "/"):
                true
            default: false
            }
        }
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        return isLetter && isSafe && !words.contains(text.lowercased()) ? text : quoted(text)
    }

    /// Text in double quotes, which YAML and JSON read alike.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case _
            where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
                || (0x2028...0x2029).contains(scalar.value) || scalar.value == 0xfeff:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
