/// What a string of an answer is.
enum TextPlace: Sendable, Equatable {
    /// The next piece of a text: which one.
    case piece(String)
    /// The next piece of a tool call's arguments: of which call.
    case argumentsPiece(String)
    /// A whole text.
    case whole
    /// A tool call's whole arguments, as a JSON text.
    case wholeArguments
    /// An identifier or a word of the API, or what was signed: not text.
    case structure
    /// The next piece of a text that is signed: where it is changed, its signature does not go out (rule S17).
    case signedPiece(String)

    /// What a string of an event or a line is, by the API and where it stands.
    static func of(_ value: AnswerText.Value, in text: AnswerText, dialect: AnswerDialect, type: String) -> TextPlace {
        if isStructure(value, dialect: dialect) { return .structure }
        let key = value.key
        let isInDelta = value.path.contains(.key("delta"))
        switch dialect {
        case .plain:
            // A message of JSON-RPC is whole.
            if text.value(at: [.key("jsonrpc")]) != nil || key.map(words.contains) == true { break }
            return key == "arguments" && isInDelta
                ? .argumentsPiece(channel(value, text)) : .piece(channel(value, text))
        case .openAIChat:
            guard isInDelta, !value.path.contains(.key("annotations")) else { break }
            return key == "arguments" ? .argumentsPiece(channel(value, text)) : .piece(channel(value, text))
        case .openAICompletions:
            guard isInDelta || value.path.first == .key("choices") else { break }
            return key == "arguments" ? .argumentsPiece(channel(value, text)) : .piece(channel(value, text))
        case .openAIResponses:
            guard isInDelta else { break }
            return value.path.count == 1 && type.contains("arguments")
                ? .argumentsPiece(channel(value, text)) : .piece(channel(value, text))
        case .anthropicMessages:
            guard isInDelta, type == "content_block_delta", !value.path.contains(.key("citation")) else { break }
            switch key {
            case "thinking": return .signedPiece(channel(value, text))
            case "partial_json": return .argumentsPiece(channel(value, text))
            default: return .piece(channel(value, text))
            }
        }
        return key == "arguments" ? .wholeArguments : .whole
    }

    /// Whether a string is the API's own: never what a caller or a model can name or nest.
    static func isStructure(_ value: AnswerText.Value, dialect: AnswerDialect) -> Bool {
        guard let key = value.key, !isOpen(value.path) else { return false }
        let parent: String? =
            if value.path.count > 1, case .key(let name) = value.path[value.path.count - 2] { name } else { nil }
        if dialect != .plain, common.contains(key) { return true }
        switch dialect {
        case .plain: return false
        case .openAIChat:
            return key == "tool_call_id" || (key == "obfuscation" && parent == nil)
                || (key == "data" && parent == "audio")
                || (key == "name" && ["function", "custom", "function_call"].contains(parent))
        case .openAICompletions: return key == "obfuscation" && parent == nil
        case .openAIResponses: return responses.contains(key)
        case .anthropicMessages: return anthropic.contains(key)
        }
    }

    /// Whether a value stands in what a model or a tool made up: JSON of any form.
    static func isOpen(_ path: [AnswerText.Step]) -> Bool {
        path.dropLast().contains { step in
            if case .key(let key) = step { open.contains(key) } else { false }
        }
    }

    /// Whether a number may say something, by the API and where it stands.
    static func isNumber(_ value: AnswerText.Value, in text: AnswerText, dialect: AnswerDialect) -> Bool {
        guard value.kind == .literal, AnswerText.maySay(text.bytes[value.range]) else { return false }
        guard dialect == .plain else { return isOpen(value.path) }
        return value.path.count != 1 || value.key.map(counts.contains) != true
    }

    private static let open: Set<String> = ["input", "arguments", "structuredContent", "parsed", "metadata"]

    /// Keys whose strings are the API's own in all APIs.
    private static let common: Set<String> = [
        "id", "object", "model", "type", "role", "finish_reason", "system_fingerprint", "service_tier",
    ]
    private static let responses: Set<String> = [
        "status", "item_id", "call_id", "response_id", "previous_response_id", "obfuscation", "encrypted_content",
        "name",
    ]
    private static let anthropic: Set<String> = [
        "stop_reason", "signature", "encrypted_content", "encrypted_index", "tool_use_id", "name", "data",
    ]
    /// Keys whose strings come whole with each event of APIs of no known form.
    private static let words: Set<String> = [
        "id", "object", "model", "type", "role", "finish_reason", "done_reason", "stop_reason", "status", "created_at",
        "name", "model_name", "model_version", "datatype", "event", "system_fingerprint",
    ]
    /// Keys at the top whose numbers count seconds and the like.
    private static let counts: Set<String> = [
        "created", "total_duration", "load_duration", "prompt_eval_duration", "eval_duration",
    ]

    /// Which text it is: where it stands, with the index that an element gives itself in the place of its place.
    static func channel(_ value: AnswerText.Value, _ text: AnswerText) -> String {
        var parts: [String] = []
        for (depth, step) in value.path.enumerated() {
            switch step {
            case .key(let key): parts.append(key)
            case .place(let place):
                parts.append(text.text(at: Array(value.path[...depth]) + [.key("index")]) ?? String(place))
            }
        }
        for key in ["item_id", "output_index", "content_index", "summary_index", "index"] {
            if let name = text.text(at: [.key(key)]) { parts.append("\(key)=\(name)") }
        }
        return parts.joined(separator: ".")
    }
}
