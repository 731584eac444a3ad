/// `keras_metadata.pb` beside a SavedModel: configurations of Keras' objects as JSON.
enum KerasMetadataScanner: FormatScanner {
    static let format = "keras-metadata"

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard try input.head(1) == [0x0A], try ProtobufReader.shape(of: input) == [1] else { return false }
        var reader = ProtobufReader(input, schema: TensorFlowSchema.messages, ScanContext(scanners: []))
        do throws(ScanStop) {
            let records = try reader.records(of: "SavedMetadata", in: reader.whole)
            guard let first = records.first else { return false }
            let fields = try reader.records(of: "KerasObject", in: first.bytes)
            return fields.contains { $0.number == 5 } && fields.contains { $0.number == 4 }
        } catch {
            return false
        }
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var reader = ProtobufReader(input, schema: TensorFlowSchema.messages, context)
        for object in try reader.records(of: "SavedMetadata", in: reader.whole) {
            for field in try reader.records(of: "KerasObject", in: object.bytes) {
                if field.number == 5 {
                    try configuration(field, reader, input, context)
                } else {
                    try reader.check(field, of: "KerasObject")
                }
            }
        }
    }

    /// Scans a configuration that stands as text in a field.
    static func configuration(
        _ field: ProtobufRecord,
        _ reader: ProtobufReader,
        _ input: ScanInput,
        _ context: ScanContext
    ) throws(ScanStop) {
        let text = try reader.text(field)
        guard !text.isEmpty else { return }
        try JSONScanner.scan(Array(text.utf8), path: input.path, offset: field.bytes.lowerBound, context)
    }
}
