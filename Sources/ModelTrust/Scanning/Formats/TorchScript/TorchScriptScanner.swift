/// Code of a TorchScript archive, which is a small part of Python: calls of operators that compute, of the model's own
/// methods, and nothing else.
///
/// Other Python is recognised as well, and never proven.
enum TorchScriptScanner: FormatScanner {
    static let format = "torchscript"
    static let basis = RecognitionBasis.guess

    /// Whether it is code by its role, or by what ``PythonLines`` sees.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard try PlainText.head(input) != nil, let text = try PlainText(input) else { return false }
        return input.role == .torchScript || PythonLines.looksLikeCode(text.bytes)
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let text = try PlainText(input) else {
            throw ScanStop(rule: "torchscript-text", message: "the archive's code is not text")
        }
        var reader = TorchScriptReader(text.bytes, input, context)
        try reader.read()
    }
}
