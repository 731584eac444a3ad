/// JSON documents: the configurations of Hugging Face libraries and Keras, tokenizers, vocabularies, indexes.
///
/// JSON is data. What makes a document unsafe is a key under which a framework looks for code, and ``ConfigurationWalk``
/// knows those.
enum JSONScanner: FormatScanner {
    static let format = "json"
    static let basis = RecognitionBasis.guess

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard input.size <= PlainText.longest else { return false }
        guard let first = try input.head(1024).first(where: { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "\"")
        else { return false }
        return try PlainText(input).map { !isTemplate($0.bytes) && !isList($0.bytes) } ?? false
    }

    /// `{{ …` and `{% …` begin templates, which are not JSON however they go on.
    private static func isTemplate(_ bytes: [UInt8]) -> Bool {
        let head = bytes.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }.prefix(2)
        return head.elementsEqual("{{".utf8) || head.elementsEqual("{%".utf8) || head.elementsEqual("{#".utf8)
    }

    /// `[PAD]` begins a list of words and `[section]` a list of settings: no JSON value begins so.
    private static func isList(_ bytes: [UInt8]) -> Bool {
        let spaces: Set<UInt8> = [0x20, 0x0A, 0x0D, 0x09]
        let text = bytes.drop { spaces.contains($0) }
        guard text.first == UInt8(ascii: "[") else { return false }
        let rest = text.dropFirst().drop { spaces.contains($0) }
        guard let next = rest.first else { return false }
        let isWord = ["true", "false", "null", "NaN", "Infinity"].contains { rest.starts(with: $0.utf8) }
        return !isWord && !Array("\"-0123456789[{]/".utf8).contains(next)
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        let bytes = if let text = try PlainText(input) { text.bytes } else { try input.head(Int(input.size)) }
        try scan(bytes, path: input.path, offset: 0, context)
    }

    /// The numbers of a model of TensorFlow.js lie in files beside it.
    private static func claims(of document: JSONNode, path: String, _ context: ScanContext) {
        guard document["modelTopology"] != nil, !path.contains("!/") else { return }
        for group in document["weightsManifest"]?.elements ?? [] {
            for name in (group["paths"]?.elements ?? []).compactMap(\.text)
            where name.hasSuffix(".bin") && MemberName.fault(name) == nil {
                context.claim(name)
            }
        }
    }

    /// Scans a JSON text that lies in something else.
    static func scan(_ bytes: [UInt8], path: String, offset: UInt64, _ context: ScanContext) throws(ScanStop) {
        do throws(ScanStop) {
            let document = try JSONText.document(bytes, at: offset, infinities: true, context)
            claims(of: document, path: path, context)
            var walk = ConfigurationWalk(path: path, base: offset, context: context)
            walk.visit(document)
            try walk.finish()
        } catch  where error.rule == "json-syntax" || error.rule == "json-trailing" {
            // One value to a line is common for data.
            guard bytes.contains(0x0A) else { throw error }
            try lines(bytes, path: path, offset: offset, context, error)
        }
    }

    private static func lines(
        _ bytes: [UInt8],
        path: String,
        offset: UInt64,
        _ context: ScanContext,
        _ whole: ScanStop
    ) throws(ScanStop) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != 0x0A }
            rest = rest[line.endIndex...].dropFirst()
            guard !line.allSatisfy({ $0 == 0x0D || $0 == 0x20 }) else { continue }
            let document: JSONNode
            do throws(ScanStop) {
                document = try JSONText.document(
                    Array(line),
                    at: offset + UInt64(line.startIndex),
                    infinities: true,
                    context
                )
            } catch  where error.rule == "json-syntax" {
                throw whole
            }
            var walk = ConfigurationWalk(path: path, base: offset + UInt64(line.startIndex), context: context)
            walk.visit(document)
            try walk.finish()
        }
    }
}
