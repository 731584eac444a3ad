/// YAML that is written in one way only: keys in the order given, two spaces a level, text quoted where any reader of YAML
/// might take it for something else.
indirect enum KubernetesText: Sendable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([KubernetesText])
    case mapping([(String, KubernetesText)])

    /// A list of texts.
    static func texts(_ texts: [String]) -> KubernetesText { .list(texts.map { .text($0) }) }

    /// Labels, by key.
    static func labels(_ labels: [String: String]) -> KubernetesText {
        .mapping(labels.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })
    }

    /// The document, with a line break at the end.
    var document: String { lines(indent: 0).map { $0 + "\n" }.joined() }

    private func lines(indent: Int) -> [String] {
        let space = String(repeating: " ", count: indent)
        switch self {
        case .mapping(let entries) where !entries.isEmpty:
            return entries.flatMap { key, value -> [String] in
                let key = space + Self.scalar(key) + ":"
                if let inline = value.inline { return [key + " " + inline] }
                // The elements of a list stand as far in as its key.
                if case .list = value { return [key] + value.lines(indent: indent) }
                return [key] + value.lines(indent: indent + 2)
            }
        case .list(let elements) where !elements.isEmpty:
            return elements.flatMap { element -> [String] in
                if let inline = element.inline { return [space + "- " + inline] }
                var lines = element.lines(indent: indent + 2)
                lines[0] = space + "- " + lines[0].dropFirst(indent + 2)
                return lines
            }
        default: return [space + (inline ?? "")]
        }
    }

    /// What fits behind a key; nil for what needs lines of its own.
    private var inline: String? {
        switch self {
        case .text(let text): Self.scalar(text)
        case .number(let number): "\(number)"
        case .flag(let flag): flag ? "true" : "false"
        case .list(let elements): elements.isEmpty ? "[]" : nil
        case .mapping(let entries): entries.isEmpty ? "{}" : nil
        }
    }

    /// Text, in double quotes unless it is a plain word in every version of YAML.
    static func scalar(_ text: String) -> String {
        guard !isPlain(text) else { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case " "..."~": result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                let isShort = scalar.value <= 0xffff
                result += isShort ? "\\u" : "\\U"
                result += String(repeating: "0", count: (isShort ? 4 : 8) - digits.count) + digits
            }
        }
        return result + "\""
    }

    /// Words that YAML 1.1 or 1.2 reads as something else than text, in any case.
    private static let special: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]

    private static func isPlain(_ text: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) }
        guard let first = text.utf8.first, let last = text.utf8.last, isLetter(first) || first == UInt8(ascii: "/"),
            last != UInt8(ascii: "/") || text == "/", !special.contains(text.lowercased())
        else { return false }
        return text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || "-._/".utf8.contains($0) }
    }
}
