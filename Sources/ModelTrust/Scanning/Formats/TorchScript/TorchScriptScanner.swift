/// Code of a TorchScript archive, which is a small part of Python: calls of operators that compute, of the model's own
/// methods, and nothing else.
///
/// Other Python is recognised as well, and never proven.
enum TorchScriptScanner: FormatScanner {
    static let format = "torchscript"
    static let basis = RecognitionBasis.guess

    /// Whether the first line that says something is a statement of Python.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard try PlainText.head(input) != nil, let text = try PlainText(input) else { return false }
        if input.role == .torchScript { return true }
        for line in text.bytes.split(separator: 0x0A, maxSplits: 2_000).prefix(2_000) {
            let line = String(decoding: line.prefix(400), as: UTF8.self)
            guard let first = line.first(where: { !$0.isWhitespace }), first != "#" else { continue }
            return isStatement(line)
        }
        return false
    }

    private static func isStatement(_ line: String) -> Bool {
        let words = line.split { $0 == " " || $0 == "\t" || $0 == "(" }
        guard let first = words.first, line.first?.isWhitespace == false else { return false }
        let trimmed = line.last { !$0.isWhitespace }
        switch first {
        case "import": return words.count >= 2 && !line.contains("(") && words.count <= 6
        case "from": return words.count >= 4 && words[2] == "import"
        case "def", "class", "async": return words.count >= 2 && (trimmed == ":" || trimmed == "(" || trimmed == ",")
        case "try:": return true
        case "op_version_set": return true
        case "exec", "eval", "__import__", "print": return line.dropFirst(first.count).first == "("
        default: return first.hasPrefix("\"\"\"") || first.hasPrefix("'''") || (first.hasPrefix("@") && first.count > 1)
        }
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let text = try PlainText(input) else {
            throw ScanStop(rule: "torchscript-text", message: "the archive's code is not text")
        }
        var reader = TorchScriptReader(text.bytes, input, context)
        try reader.read()
    }
}
