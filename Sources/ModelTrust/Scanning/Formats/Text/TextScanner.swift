/// Text that no loader takes for anything else: a readme, a vocabulary, merges, a licence.
///
/// It is proven where it is UTF-8 and holds none of what some loader runs: a script's first line, a tag that makes an
/// object, code.
enum TextScanner: FormatScanner {
    static let format = "text"
    static let basis = RecognitionBasis.guess

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard input.size > 0 else { return false }
        return try PlainText(input) != nil
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let text = try PlainText(input) else { return }
        try context.budget.step(1 + text.bytes.count / 256)
        if let entity = MarkupEntities.first(in: text) {
            try context.add(
                ScanFinding(
                    rule: "markup",
                    verdict: .notProven,
                    path: input.path,
                    element: entity,
                    message: "the markup names other files, or holds a script"
                )
            )
        }
        try YAMLWords.check(text, input, context)
        for tag in YAMLTags.hostile(in: text.bytes) {
            try context.add(
                ScanFinding(
                    rule: "yaml-tag",
                    verdict: .notProven,
                    path: input.path,
                    element: tag,
                    message: "the text names a tag that makes objects in some YAML loaders"
                )
            )
        }
    }
}
