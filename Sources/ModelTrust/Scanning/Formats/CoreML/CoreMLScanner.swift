/// Core ML's models: `.mlmodel` files, and the same within a `.mlpackage`.
///
/// They hold descriptions and numbers, or name weights in a file beside them. A custom layer or model is code of the
/// program that loads them, and is not proven.
enum CoreMLScanner: FormatScanner {
    static let format = "coreml"

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        // The version of the specification comes first.
        guard try input.head(1) == [0x08], try PlainText.head(input) == nil,
            let shape = try ProtobufReader.shape(of: input), shape.isSuperset(of: [1, 2]),
            shape.contains(where: { $0 >= 200 })
        else { return false }
        return shape.isSubset(of: Set(CoreMLSchema.messages["Model"].map { Array($0.keys) } ?? []))
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var walk = CoreMLWalk(input, context)
        try walk.visit("Model", walk.whole, 0)
    }
}
