/// JSON that is written in one way only: names in the order given, two spaces a level.
indirect enum JSONText {
    case text(String)
    case flag(Bool)
    case number(Int)
    case list([JSONText])
    case object([(String, JSONText)])

    /// One text, or a list where there are several.
    static func oneOrMany(_ texts: [String]) -> JSONText {
        texts.count == 1 ? .text(texts[0]) : .list(texts.map { .text($0) })
    }

    /// The text, with a line break at the end.
    var pretty: String { write(indent: 0) + "\n" }

    /// How many bytes AWS counts: all but the spaces between things.
    var size: Int {
        switch self {
        case .text(let text): Self.quoted(text).utf8.count
        case .flag(let flag): flag ? 4 : 5
        case .number(let number): "\(number)".utf8.count
        case .list(let elements): elements.reduce(1 + max(1, elements.count)) { $0 + $1.size }
        case .object(let entries):
            entries.reduce(1 + max(1, entries.count)) { $0 + Self.quoted($1.0).utf8.count + 1 + $1.1.size }
        }
    }

    private func write(indent: Int) -> String {
        let inner = String(repeating: "  ", count: indent + 1)
        let outer = String(repeating: "  ", count: indent)
        switch self {
        case .text(let text): return Self.quoted(text)
        case .flag(let flag): return flag ? "true" : "false"
        case .number(let number): return "\(number)"
        case .list(let elements):
            guard !elements.isEmpty else { return "[]" }
            return "[\n" + elements.map { inner + $0.write(indent: indent + 1) }.joined(separator: ",\n")
                + "\n\(outer)]"
        case .object(let entries):
            guard !entries.isEmpty else { return "{}" }
            return "{\n"
                + entries.map { inner + Self.quoted($0.0) + ": " + $0.1.write(indent: indent + 1) }
                .joined(separator: ",\n") + "\n\(outer)}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
