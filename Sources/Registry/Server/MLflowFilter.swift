/// The filters of MLflow's searches that are understood: comparisons of `name` and of tags, joined by AND.
///
/// ```sql
/// name LIKE 'fraud/%' AND tag.`mlflow.prompt.is_prompt` != 'true'
/// ```
///
/// Nothing here has tags, so that a tag is never equal to a value; MLflow's own client asks in every search that the
/// models are no prompts.
struct MLflowFilter {
    private enum Term {
        case exact(String)
        case like([Substring], ignoresCase: Bool)
        /// What a comparison of a tag comes to.
        case constant(Bool)
    }

    /// The longest filter that is read.
    private static let maximumLength = 4096

    private var terms: [Term] = []

    /// Reads a filter; none matches everything.
    init(_ text: String?) throws(MLflowError) {
        guard let text, !text.allSatisfy({ $0 == " " }) else { return }
        guard text.utf8.count <= Self.maximumLength else { throw Self.unknown }
        var words = try Self.words(in: text)[...]
        repeat { terms.append(try Self.term(&words)) } while try Self.takeAnd(&words)
    }

    private static let unknown = MLflowError(
        400,
        "INVALID_PARAMETER_VALUE",
        "the filter is not understood; write name = 'NAME' or name LIKE 'PATTERN', joined by AND"
    )

    /// The words, with quoted texts as words that begin with their quote.
    private static func words(in text: String) throws(MLflowError) -> [Substring] {
        var words: [Substring] = []
        var rest = text[...]
        while let first = rest.first {
            switch first {
            case " ": rest = rest.dropFirst()
            case "'", "\"":
                guard let end = rest.dropFirst().firstIndex(of: first) else { throw unknown }
                words.append(rest[..<end])
                rest = rest[rest.index(after: end)...]
            case "=", "!":
                let sign = rest.prefix(while: { $0 == "=" || $0 == "!" })
                words.append(sign)
                rest = rest.dropFirst(sign.count)
            default:
                let word = rest.prefix(while: { !" '\"=!".contains($0) })
                words.append(word)
                rest = rest.dropFirst(word.count)
            }
        }
        return words
    }

    private static func term(_ words: inout ArraySlice<Substring>) throws(MLflowError) -> Term {
        guard words.count >= 3, let subject = words.popFirst()?.lowercased(),
            let operation = words.popFirst()?.lowercased(), let quoted = words.popFirst(),
            quoted.first == "'" || quoted.first == "\""
        else { throw unknown }
        let value = quoted.dropFirst()
        if subject.hasPrefix("tag.") || subject.hasPrefix("tags.") {
            guard operation == "=" || operation == "!=" else { throw unknown }
            return .constant(operation == "!=")
        }
        guard subject == "name" || subject == "`name`" else { throw unknown }
        switch operation {
        case "=": return .exact(String(value))
        case "like", "ilike":
            let pattern = operation == "ilike" ? value.lowercased() : String(value)
            return .like(
                pattern.split(separator: "%", omittingEmptySubsequences: false),
                ignoresCase: operation == "ilike"
            )
        default: throw unknown
        }
    }

    private static func takeAnd(_ words: inout ArraySlice<Substring>) throws(MLflowError) -> Bool {
        guard let word = words.popFirst() else { return false }
        guard word.lowercased() == "and" else { throw unknown }
        return true
    }

    /// Whether a model of this name is meant.
    func matches(_ name: String) -> Bool {
        terms.allSatisfy { term in
            switch term {
            case .exact(let wanted): name == wanted
            case .constant(let result): result
            case .like(let parts, let ignoresCase): Self.matches(ignoresCase ? name.lowercased() : name, parts)
            }
        }
    }

    private static func matches(_ name: String, _ parts: [Substring]) -> Bool {
        var rest = name[...]
        guard let first = parts.first, let last = parts.last, rest.hasPrefix(first) else { return false }
        if parts.count == 1 { return rest == first }
        rest = rest.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
