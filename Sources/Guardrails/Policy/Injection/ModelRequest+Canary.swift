extension ModelRequest {
    /// The change of the body that puts a token into the request's system prompt; nil where there is none to put it into.
    func edit(adding canary: CanaryToken) -> BodyEdit? {
        guard let text = texts.first(where: { $0.channel == .system && $0.isPrompt }), let value = text.value else {
            return nil
        }
        return BodyEdit(
            range: value.range,
            bytes: AnswerText.quoted("\(text.text)\n\nReference \(canary.text).".utf8)
        )
    }
}

extension RequestText {
    /// Whether it is a prompt, and no name or part of a schema that happens to be the application's.
    fileprivate var isPrompt: Bool {
        let path = path
        if path == "instructions" || path == "system" { return true }
        let steps = path.split(separator: ".").map(String.init)
        switch steps.first?.prefix(while: { $0 != "[" }) {
        case "system": return steps.last == "text"
        case "messages", "input": return steps.count > 1 && steps[1].hasPrefix("content") && steps.last != "type"
        default: return false
        }
    }
}
