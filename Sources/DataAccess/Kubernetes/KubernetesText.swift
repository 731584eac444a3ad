import Resources

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
                let key = space + YAMLText.scalar(key) + ":"
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
        case .text(let text): YAMLText.scalar(text)
        case .number(let number): "\(number)"
        case .flag(let flag): flag ? "true" : "false"
        case .list(let elements): elements.isEmpty ? "[]" : nil
        case .mapping(let entries): entries.isEmpty ? "{}" : nil
        }
    }
}
