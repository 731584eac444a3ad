/// A model of OpenVINO: XML that says what is computed, and beside it a file of numbers.
enum OpenVINOModel {
    /// The file of numbers, by the name that OpenVINO gives it; nil where the text is no such model.
    static func data(of text: PlainText, _ input: ScanInput) -> String? {
        guard input.path.hasSuffix(".xml"), !input.isMember, MarkupEntities.isMarkup(text.bytes) else {
            return nil
        }
        let head = String(decoding: text.bytes.prefix(4096), as: UTF8.self)
        guard head.contains("<net "), head.contains("<layers>"), head.contains("<layer ") else { return nil }
        return input.name.dropLast(4) + ".bin"
    }
}
