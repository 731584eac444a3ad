/// Text that no loader takes for anything else: a readme, a vocabulary, merges, a licence.
///
/// It is proven where it is UTF-8 and holds none of what some loader runs: a script's first line, a tag that makes an
/// object, code.
enum TextScanner: FormatScanner {
    static let format = "text"
    static let basis = RecognitionBasis.guess

    /// How the names of models end whose formats are never text.
    private static let models: Set<String> = [
        "safetensors", "gguf", "ggml", "onnx", "npy", "npz", "h5", "hdf5", "keras", "pt", "pth", "ckpt", "pkl",
        "pickle",
        "joblib", "tflite", "msgpack",
    ]
    /// What Git LFS leaves in the place of a file that was not fetched.
    private static let pointer = Array("version https://git-lfs.github.com/spec/".utf8)

    private static func isModel(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        return models.contains(name[name.index(after: dot)...].lowercased())
    }

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard input.size > 0 else { return false }
        return try PlainText(input) != nil
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let text = try PlainText(input) else { return }
        try context.budget.step(1 + text.bytes.count / 16)
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
        if let data = OpenVINOModel.data(of: text, input) { context.claim(data) }
        if [".yaml", ".yml"].contains(where: input.name.lowercased().hasSuffix), !YAMLScanner.isReadable(text) {
            try context.add(
                ScanFinding(
                    rule: "yaml-syntax",
                    verdict: .notProven,
                    path: input.path,
                    message: "it is no YAML by its syntax, though its name says so; have it written anew"
                )
            )
        }
        if input.role == nil, isModel(input.name), !text.bytes.starts(with: pointer) {
            try context.add(
                ScanFinding(
                    rule: "unknown-format",
                    verdict: .notProven,
                    path: input.path,
                    message: "by its name it is a model, and it is text: fetch it again, or rename it"
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
