/// A chat template in a file of its own: `chat_template.jinja`.
enum JinjaScanner: FormatScanner {
    static let format = "jinja"
    static let basis = RecognitionBasis.guess

    /// Whether it is text with `{{ … }}` or `{% … %}` in it.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard input.size <= UInt64(JinjaChecker.longest), let text = try PlainText(input)?.text else { return false }
        let hasOutput = text.contains("{{") && text.contains("}}")
        return hasOutput || (text.contains("{%") && text.contains("%}"))
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let text = try PlainText(input) else { return }
        try YAMLWords.check(text, input, context)
        try ChatTemplate.check(text.text, element: nil, path: input.path, offset: 0, context)
    }
}
