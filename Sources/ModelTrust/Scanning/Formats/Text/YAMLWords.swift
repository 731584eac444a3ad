/// Words of configurations in texts that are not read as YAML here, and may be by somebody else.
///
/// Readers of YAML differ: PyYAML takes a key that stands twice, escapes of surrogates and versions to come, where
/// libYAML or Yams stop. A text in which Yams finds no document is therefore not without meaning to others, and must not
/// hold what would make them import something.
enum YAMLWords {
    /// Words that mean nothing else than a name to import, wherever they stand: an alias can make any text a key.
    private static let targets = ["_target_", "_partial_target_", "_factory_"].byFirstByte
    /// Those of jsonpickle, which reads no YAML.
    private static let words = [
        "py/object", "py/reduce", "py/type", "py/function", "py/newargs",
        "py/repr", "py/module",
    ].byFirstByte
    /// Words that are meant as keys where a colon follows.
    private static let keys = [
        "class_path", "target_class", "loader_module", "python_function", "auto_map", "trust_remote_code",
        "custom_pipelines", "init_parameters", "function_type", "chat_template", "activation_function",
    ].byFirstByte
    /// Whether any of them begins with a byte.
    private static let begins = (0...255).map { !targets[$0].isEmpty || !words[$0].isEmpty || !keys[$0].isEmpty }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    /// Adds a finding where a text holds one.
    static func check(_ text: PlainText, _ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard first(in: text.bytes) != nil else { return }
        // A readme shows configurations: keys in a document that nobody reads are none.
        let limit = YAMLScanner.brokenDocument(in: text) ?? text.bytes.count
        guard let word = first(in: text.bytes, keysBefore: limit) else { return }
        try context.add(
            ScanFinding(
                rule: "yaml-syntax",
                verdict: .notProven,
                path: input.path,
                element: PickleText.clean(word, limit: 60),
                message:
                    "it is no YAML that is read here, and may be to another reader, which would import what this names"
            )
        )
    }

    /// The first of them in a text, or what hides one: an escape in a key, a tag that is put together.
    static func first(in bytes: [UInt8], keysBefore limit: Int = .max) -> String? {
        let begins = begins
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "!"):
                // `!!name%2F…` and `!<tag:…>`: a tag that is written in another way.
                guard index + 1 < bytes.count, bytes[index + 1] == 0x21 || bytes[index + 1] == 0x3C else { continue }
                let tag = bytes[index...].prefix(200).prefix { !isBlank($0) }
                let isEscaped = tag.starts(with: "!!".utf8) && isName(tag.dropFirst(2).first) && tag.contains(0x25)
                if isEscaped || tag.starts(with: "!<tag:".utf8) {
                    return String(decoding: tag.prefix(60), as: UTF8.self)
                }
            case UInt8(ascii: "%") where index == 0 || bytes[index - 1] == 0x0A:
                if bytes[index...].starts(with: "%TAG".utf8) { return "%TAG" }
            case UInt8(ascii: ":"):
                if let key = escapedKey(bytes[..<index]) { return key }
            case UInt8(ascii: "_"), UInt8(ascii: "a")...UInt8(ascii: "z"):
                guard begins[Int(bytes[index])], index == 0 || !isName(bytes[index - 1]) else { continue }
                if let word = word(bytes, at: index, orKey: index < limit) { return word }
            default: continue
            }
        }
        return nil
    }

    private static func word(_ bytes: [UInt8], at index: Int, orKey: Bool) -> String? {
        let first = Int(bytes[index])
        func isWhole(_ word: [UInt8]) -> Bool {
            bytes.holds(word, at: index)
                && (index + word.count == bytes.count || !isName(bytes[index + word.count]))
        }
        for word in words[first] where isWhole(word) { return String(decoding: word, as: UTF8.self) }
        guard orKey else { return nil }
        for word in targets[first] where isWhole(word) { return String(decoding: word, as: UTF8.self) }
        for key in keys[first] where bytes.holds(key, at: index) {
            let behind = bytes[(index + key.count)...].drop { $0 == 0x22 || $0 == 0x27 || isBlank($0) }
            if behind.first == UInt8(ascii: ":") { return String(decoding: key, as: UTF8.self) }
        }
        return nil
    }

    /// A key in double quotes that has an escape in it.
    private static func escapedKey(_ before: ArraySlice<UInt8>) -> String? {
        guard let end = before.suffix(64).lastIndex(where: { !isBlank($0) }), before[end] == 0x22 else {
            return nil
        }
        let key = before[..<end].suffix(200)
        guard let start = key.lastIndex(of: 0x22), start == 0 || before[start - 1] != 0x5C else { return nil }
        // `\x74`, `\u0074`: escapes by which a word can be written in another way.
        let isHidden = key[start...].indices.contains { index in
            key[index] == 0x5C && index + 1 < end && Array("xuU".utf8).contains(before[index + 1])
        }
        guard isHidden else { return nil }
        return String(decoding: key[start...].prefix(60), as: UTF8.self)
    }

    private static func isName(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte)
    }
}

extension [String] {
    /// The UTF-8 of each, under its first byte.
    fileprivate var byFirstByte: [[[UInt8]]] {
        reduce(into: [[[UInt8]]](repeating: [], count: 256)) { result, word in
            let bytes = [UInt8](word.utf8)
            result[Int(bytes[0])].append(bytes)
        }
    }
}
