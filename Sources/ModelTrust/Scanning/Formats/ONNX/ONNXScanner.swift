/// ONNX models: a graph of operators that are on the public lists, and tensors within the file or beside it.
///
/// An operator of another domain is code that the model needs from elsewhere, unless the model defines it itself out of
/// known ones. External data has to lie in the model's folder.
enum ONNXScanner: FormatScanner {
    static let format = "onnx"

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard try PlainText.head(input) == nil, let shape = try ProtobufReader.shape(of: input) else { return false }
        return shape.contains(7)
            && shape.isSubset(of: Set(ONNXSchema.messages["ModelProto"].map { Array($0.keys) } ?? []))
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var walk = ONNXWalk(input, context)
        try walk.model()
    }
}
