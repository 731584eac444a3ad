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

    /// What a string is, by the API and where it stands.
    static func of(_ value: AnswerText.Value, in text: AnswerText, dialect: AnswerDialect, type: String) -> TextPlace {
        guard let key = value.key else { return .whole }
        switch dialect {
        case .openAIChat, .openAICompletions, .plain:
            if value.path.contains(.key("delta")) || (dialect != .openAIChat && pieces.contains(key)) {
                if key == "arguments" { return .argumentsPiece(channel(value, text)) }
                if pieces.contains(key) { return .piece(channel(value, text)) }
            }
        case .openAIResponses:
            if key == "delta", value.path.count == 1 {
                return type.contains("arguments") ? .argumentsPiece(channel(value, text)) : .piece(channel(value, text))
            }
        case .anthropicMessages:
            switch (type, key) {
            case ("content_block_delta", "text"): return .piece(channel(value, text))
            case ("content_block_delta", "thinking"): return .signedPiece(channel(value, text))
            case ("content_block_delta", "partial_json"): return .argumentsPiece(channel(value, text))
            default: break
            }
        }
        if structural.contains(key) { return .structure }
        return key == "arguments" ? .wholeArguments : .whole
    }

    /// Keys under which the next piece of a text comes.
    private static let pieces: Set<String> = [
        "content", "text", "refusal", "reasoning_content", "reasoning", "thinking", "delta", "response", "output",
        "text_output", "token", "generated_text", "completion",
    ]

    /// Keys whose strings are the API's own.
    private static let structural: Set<String> = [
        "id", "object", "model", "type", "role", "finish_reason", "stop_reason", "system_fingerprint", "service_tier",
        "signature", "encrypted_content", "item_id", "call_id", "response_id", "previous_response_id", "obfuscation",
        "status", "tool_call_id", "created_at", "name", "stop_sequence", "data",
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
