/// TensorFlow's `saved_model.pb`: graphs of operators that compute.
enum SavedModelScanner: FormatScanner {
    static let format = "tensorflow-savedmodel"

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard try input.head(2).starts(with: [0x08]), let shape = try ProtobufReader.shape(of: input), shape == [1, 2]
        else {
            return false
        }
        // ONNX without a graph and others have texts there; a MetaGraphDef begins with a message.
        var reader = ProtobufReader(input, schema: TensorFlowSchema.messages, ScanContext(scanners: []))
        do throws(ScanStop) {
            let records = try reader.records(of: "SavedModel", in: reader.whole)
            guard let graph = records.first(where: { $0.number == 2 }) else { return false }
            return try !reader.records(of: "MetaGraphDef", in: graph.bytes).isEmpty
        } catch {
            return false
        }
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var walk = SavedModelWalk(input, context)
        try walk.model()
    }
}
