/// Walks a Core ML model from its description to its weights.
struct CoreMLWalk {
    private static let depth = 64
    /// How programs name the folder that their package has them in.
    private static let package = "@model_path/"

    private let input: ScanInput
    private let context: ScanContext
    private var reader: ProtobufReader
    private var reported: Set<String> = []

    init(_ input: ScanInput, _ context: ScanContext) {
        self.input = input
        self.context = context
        reader = ProtobufReader(input, schema: CoreMLSchema.messages, context)
    }

    /// The whole input, as a message's bytes.
    var whole: Range<UInt64> { reader.whole }

    /// Checks a message and all that is in it.
    mutating func visit(_ message: String, _ bytes: Range<UInt64>, _ depth: Int) throws(ScanStop) {
        guard depth < Self.depth else {
            throw ScanStop(
                rule: "coreml-model",
                offset: bytes.lowerBound,
                element: message,
                message: "messages nest more than \(Self.depth) deep"
            )
        }
        let records = try reader.records(of: message, in: bytes)
        switch message {
        case "Model": try model(records, bytes)
        case "MILSpec.Operation": try operation(records)
        case "MILSpec.Value.BlobFileValue": try file(records)
        default: break
        }
        for record in records {
            switch CoreMLSchema.messages[message]?[record.number] {
            case .message(let inner)?: try visit(inner, record.bytes, depth + 1)
            case .unread?: try unread(message, record)
            default: try reader.check(record, of: message)
            }
        }
    }

    /// A model is of one kind, since loaders take the last that stands in it.
    private func model(_ records: [ProtobufRecord], _ bytes: Range<UInt64>) throws(ScanStop) {
        guard records.count(where: { $0.number >= 200 }) == 1 else {
            throw ScanStop(
                rule: "coreml-model",
                offset: bytes.lowerBound,
                message: "a model is of one kind, and of no other"
            )
        }
    }

    private mutating func operation(_ records: [ProtobufRecord]) throws(ScanStop) {
        for record in records where record.number == 1 {
            let type = try reader.text(record)
            guard !CoreMLSchema.operations.contains(type), reported.insert(type).inserted else { continue }
            try find(record, "coreml-operation", .notProven, type, "the operation is not on the public list")
        }
    }

    /// Weights lie in the package.
    private mutating func file(_ records: [ProtobufRecord]) throws(ScanStop) {
        for record in records where record.number == 1 {
            let name = try reader.text(record)
            let inside = name.hasPrefix(Self.package) ? String(name.dropFirst(Self.package.count)) : ""
            guard RelativeName.isInside(inside) else {
                try find(
                    record,
                    "coreml-file",
                    .unsafe,
                    name,
                    "weights are read from outside the model's package"
                )
                continue
            }
            // A model within a container has nothing beside it.
            if !input.isMember { context.claim(inside) }
        }
    }

    private func unread(_ message: String, _ record: ProtobufRecord) throws(ScanStop) {
        let isCustom = message == "NeuralNetworkLayer" || record.number == 555
        let what =
            isCustom
            ? "a layer or model of a class that the loading program brings, whose code nobody has looked at"
            : "what the field \(record.number) holds is not read: linked models, trees, support vectors, and models that "
                + "only Apple's frameworks know; have it converted to a program (`.mlpackage`) or to ONNX"
        try find(record, isCustom ? "coreml-custom" : "coreml-kind", .notProven, message, what)
    }

    private func find(
        _ record: ProtobufRecord,
        _ rule: String,
        _ verdict: ScanVerdict,
        _ element: String,
        _ message: String
    ) throws(ScanStop) {
        try context.find(rule, verdict, in: input.path, at: record.offset, element, message)
    }
}
