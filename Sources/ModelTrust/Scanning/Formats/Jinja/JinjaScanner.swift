/// A chat template in a file of its own: `chat_template.jinja`.
enum JinjaScanner: FormatScanner {
    static let format = "jinja"
    static let basis = RecognitionBasis.guess

    /// How many steps are taken to tell a template from other text.
    private static let trial = 1 << 19

    /// How files of templates are named; others are none where no loader could make anything of them.
    private static let endings = [".jinja", ".jinja2", ".j2"]

    /// Whether it is text with `{{ … }}` or `{% … %}` in it, and not a readme, a list of words or a template of another
    /// language that has these signs in it.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        let isNamed = endings.contains(where: input.name.lowercased().hasSuffix)
        guard input.size <= UInt64(JinjaChecker.longest) || isNamed, let plain = try PlainText(input) else {
            return false
        }
        func holds(_ sign: String) -> Bool { plain.bytes.holds(Array(sign.utf8)) }
        guard holds("{{") && holds("}}") || holds("{%") && holds("%}") else { return false }
        let text = plain.text
        if isNamed { return true }
        // Whoever scans it afterwards counts it; what takes that long is no list of words.
        var steps = Self.trial
        let faults: [JinjaFault]
        do throws(ScanStop) {
            faults = try JinjaChecker.faults(in: text) { (count) throws(ScanStop) in
                steps -= count
                if steps < 0 { throw ScanStop(rule: "limit-steps", message: "the template takes too long") }
            }
        } catch { return true }
        // What asks for no messages, and for variables that nobody gives, is a form to be filled in by other means.
        let isForm = try? !JinjaLexer.tokens(of: text).contains { $0.kind == .name("messages") }
        let areOfNothing = faults.allSatisfy { fault in
            fault.isCertain || isForm == true && fault.rule == "template-name" && fault.verdict != .unsafe
        }
        return faults.isEmpty || !areOfNothing
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let text = try PlainText(input) else { return }
        // No reader of settings opens what is named as a template.
        if !endings.contains(where: input.name.lowercased().hasSuffix) { try YAMLWords.check(text, input, context) }
        try ChatTemplate.check(text.text, element: nil, path: input.path, offset: 0, context)
    }
}
