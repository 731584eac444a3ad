/// Tells a template's markup from its sentences.
///
/// Markup is what marks turns: `<|im_start|>`, `[INST]`, `### Response:`, a role's name, JSON's own characters. Whatever
/// else has words in it is a sentence, in any language.
enum JinjaProse {
    private static let words: Set<String> = [
        "user", "assistant", "system", "tool", "tools", "model", "human", "ai", "bot", "gpt", "developer", "ipython",
        "python", "function", "functions", "name", "arguments", "args", "content", "contents", "role", "type",
        "parameters", "properties", "required", "description", "id", "ids", "call", "calls", "result", "results",
        "response", "responses", "instruction", "input", "output", "think", "thinking", "thought", "final", "analysis",
        "commentary", "message", "messages", "json", "string", "object", "text", "image", "images", "video", "audio",
        "picture", "document", "documents", "title", "true", "false", "null", "none", "end", "start", "inst", "sys",
        "environment", "to", "turn", "begin", "header", "error", "question", "answer", "context", "constrain", "or",
        "observation", "reasoning", "effort", "mode", "low", "medium", "high", "efficient", "strength",
        "nothink", "declaration",
        // The types that tools declare.
        "value", "values", "key", "keys", "number", "integer", "float", "int", "str", "bool", "boolean", "array",
        "list", "dict", "map", "tuple", "union", "optional", "any", "nullable", "unknown", "date", "default", "format",
        "enum", "items", "param", "params", "parameter", "example", "examples", "minimum", "maximum", "pattern",
    ]
    /// The letters of escapes, as a string's are written out.
    private static let escapes: Set<Unicode.Scalar> = ["n", "r", "t", "b", "f"]
    private static let active: Set<String> = ["script", "img", "iframe", "svg", "object", "embed", "link", "meta"]

    /// What transformers puts behind a message that is to be gone on with, to find its end, and cuts off again.
    private static let tag = "CONTINUE_FINAL_MESSAGE_TAG"

    /// Whether a text has a sentence's words in it.
    static func holds(_ text: String) -> Bool {
        let text = text.contains("_") ? text.replacing(tag, with: " ") : text
        var rest = Array(text.unicodeScalars)[...]
        var markers = 0
        var outside: [Unicode.Scalar] = []
        while let scalar = rest.first {
            if scalar == "\\", let next = rest.dropFirst().first, escapes.contains(next) {
                outside.append(" ")
                rest = rest.dropFirst(2)
            } else if let end = markerEnd(rest), markers < 16 {
                markers += 1
                outside.append(" ")
                rest = rest[end...]
            } else {
                outside.append(scalar)
                rest = rest.dropFirst()
            }
        }
        return outside.split { !$0.properties.isAlphabetic }
            .contains { !isRole($0) }
    }

    /// Whether a text brings markup that a browser runs.
    static func isActive(_ text: String) -> Bool {
        let lower = text.lowercased()
        return lower.contains("<script") || lower.contains("javascript:") || lower.contains("<iframe")
    }

    private static func isRole(_ word: ArraySlice<Unicode.Scalar>) -> Bool {
        words.contains(String(String.UnicodeScalarView(word)).lowercased())
    }

    /// Where a marker such as `<|im_start|>` or `[/INST]` ends that begins here.
    private static func markerEnd(_ text: ArraySlice<Unicode.Scalar>) -> Int? {
        let closing: Unicode.Scalar
        switch text.first {
        case "<": closing = ">"
        case "[": closing = "]"
        default: return nil
        }
        guard let end = text.prefix(48).firstIndex(of: closing) else { return nil }
        let inner = text[(text.startIndex + 1)..<end]
        guard !inner.isEmpty, !inner.contains(where: { $0.properties.isWhitespace || $0 == "<" || $0 == "[" }) else {
            return nil
        }
        let parts = inner.split { !$0.properties.isAlphabetic }
        let isActive = parts.contains { active.contains(String(String.UnicodeScalarView($0)).lowercased()) }
        guard parts.count <= 4, closing == "]" || !isActive else { return nil }
        return end + 1
    }
}
