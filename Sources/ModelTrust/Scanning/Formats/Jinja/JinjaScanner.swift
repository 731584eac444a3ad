/// A chat template in a file of its own: `chat_template.jinja`.
enum JinjaScanner: FormatScanner {
    static let format = "jinja"
    static let basis = RecognitionBasis.guess

    /// How files of templates are named; others are none where no loader could make anything of them.
    private static let endings = [".jinja", ".jinja2", ".j2"]

    /// Whether it is text with `{{ … }}` or `{% … %}` in it, and not a readme, a list of words or a template of another
    /// language that has these signs in it.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard input.size <= UInt64(JinjaChecker.longest), let text = try PlainText(input)?.text else { return false }
        let hasOutput = text.contains("{{") && text.contains("}}")
        guard hasOutput || text.contains("{%") && text.contains("%}") else { return false }
        if endings.contains(where: input.name.lowercased().hasSuffix) { return true }
        // Not counted: whoever scans it afterwards counts it.
        let faults = try JinjaChecker.faults(in: text) { (_) throws(ScanStop) in }
        // What asks for no messages, and for variables that nobody gives, is a form to be filled in by other means.
        let isForm = try? !JinjaLexer.tokens(of: text).contains { $0.kind == .name("messages") }
        let areOfNothing = faults.allSatisfy { fault in
            fault.isCertain || isForm == true && fault.rule == "template-name" && fault.verdict != .unsafe
        }
        return faults.isEmpty || !areOfNothing
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let text = try PlainText(input) else { return }
        try YAMLWords.check(text, input, context)
        try ChatTemplate.check(text.text, element: nil, path: input.path, offset: 0, context)
    }
}
