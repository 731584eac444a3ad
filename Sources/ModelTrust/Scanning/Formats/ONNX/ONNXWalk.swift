/// Walks an ONNX model from its graph to its tensors.
struct ONNXWalk {
    private static let depth = 16

    private let input: ScanInput
    private let context: ScanContext
    private var reader: ProtobufReader
    /// Functions that the model defines, as `domain/name`.
    private var functions: Set<String> = []
    private var reported: Set<String> = []

    init(_ input: ScanInput, _ context: ScanContext) {
        self.input = input
        self.context = context
        reader = ProtobufReader(input, schema: ONNXSchema.messages, context)
    }

    private func find(
        _ rule: String,
        _ verdict: ScanVerdict,
        _ record: ProtobufRecord,
        _ element: String?,
        _ message: String
    ) throws(ScanStop) {
        try context.find(rule, verdict, in: input.path, at: record.offset, element, message)
    }

    /// Checks the model.
    mutating func model() throws(ScanStop) {
        let records = try reader.records(of: "ModelProto", in: reader.whole)
        guard records.count(where: { $0.number == 7 }) == 1 else {
            throw ScanStop(rule: "onnx-model", message: "a model has one graph")
        }
        for record in records where record.number == 25 {
            let fields = try reader.records(of: "FunctionProto", in: record.bytes)
            let name = try text(1, fields)
            let domain = try text(10, fields)
            if ONNXOperators.byDomain[domain] != nil {
                try find(
                    "onnx-function",
                    .notProven,
                    record,
                    name,
                    "a function takes the place of an operator of ONNX' own"
                )
            }
            functions.insert("\(domain)/\(name)")
        }
        for record in records {
            switch record.number {
            case 7: try graph(record.bytes, 0)
            case 20:
                let fields = try reader.records(of: "TrainingInfoProto", in: record.bytes)
                for field in fields {
                    if field.number <= 2 {
                        try graph(field.bytes, 0)
                    } else {
                        try reader.check(field, of: "TrainingInfoProto")
                    }
                }
            case 25:
                let fields = try reader.records(of: "FunctionProto", in: record.bytes)
                for field in fields {
                    switch field.number {
                    case 7: try node(field, 0)
                    case 11: try attribute(field.bytes, 0)
                    default: try reader.check(field, of: "FunctionProto")
                    }
                }
            default: try reader.check(record, of: "ModelProto")
            }
        }
    }

    private func text(_ number: UInt64, _ records: [ProtobufRecord]) throws(ScanStop) -> String {
        try records.last { $0.number == number }.map { (record) throws(ScanStop) in try reader.text(record) } ?? ""
    }

    private mutating func graph(_ bytes: Range<UInt64>, _ depth: Int) throws(ScanStop) {
        guard depth < Self.depth else {
            throw ScanStop(
                rule: "onnx-depth",
                offset: bytes.lowerBound,
                message: "graphs nest more than \(Self.depth) deep"
            )
        }
        for record in try reader.records(of: "GraphProto", in: bytes) {
            switch record.number {
            case 1: try node(record, depth)
            case 5: try tensor(record)
            case 15: try sparse(record)
            default: try reader.check(record, of: "GraphProto")
            }
        }
    }

    private mutating func node(_ record: ProtobufRecord, _ depth: Int) throws(ScanStop) {
        let fields = try reader.records(of: "NodeProto", in: record.bytes)
        let domain = try text(7, fields)
        let type = try text(4, fields)
        if !(ONNXOperators.byDomain[domain]?.contains(type) ?? false), !functions.contains("\(domain)/\(type)"),
            reported.insert("\(domain)/\(type)").inserted
        {
            let isKnown = ONNXOperators.byDomain[domain] != nil
            try find(
                isKnown ? "onnx-operator" : "onnx-domain",
                .notProven,
                record,
                domain.isEmpty ? type : "\(domain).\(type)",
                isKnown
                    ? "the operator is not on the public list" : "the operator is of a domain that brings its own code"
            )
        }
        for field in fields {
            if field.number == 5 { try attribute(field.bytes, depth) } else { try reader.check(field, of: "NodeProto") }
        }
    }

    private mutating func attribute(_ bytes: Range<UInt64>, _ depth: Int) throws(ScanStop) {
        for field in try reader.records(of: "AttributeProto", in: bytes) {
            switch field.number {
            case 6, 11: try graph(field.bytes, depth + 1)
            case 5, 10: try tensor(field)
            case 22, 23: try sparse(field)
            default: try reader.check(field, of: "AttributeProto")
            }
        }
    }

    private mutating func sparse(_ record: ProtobufRecord) throws(ScanStop) {
        for field in try reader.records(of: "SparseTensorProto", in: record.bytes) {
            if field.number <= 2 { try tensor(field) } else { try reader.check(field, of: "SparseTensorProto") }
        }
    }

    /// Holds a tensor's shape against its bytes, and looks where external ones lie.
    private mutating func tensor(_ record: ProtobufRecord) throws(ScanStop) {
        let fields = try reader.records(of: "TensorProto", in: record.bytes)
        let name = try text(8, fields)
        var count: UInt64 = 1
        var bits: UInt64?
        var external: [String: String] = [:]
        var isExternal = false
        for field in fields {
            switch field.number {
            case 1:
                for size in try reader.numbers(field) {
                    let (product, over) = count.multipliedReportingOverflow(by: size)
                    guard size <= UInt64(Int64.max), !over else {
                        throw fault(
                            "onnx-shape",
                            field,
                            name,
                            "a tensor's shape is negative or more than 64 bits can count"
                        )
                    }
                    count = product
                }
            case 2:
                guard let known = ONNXSchema.elementBits[field.value] else {
                    throw fault("onnx-type", field, name, "tensor type \(field.value) is not known")
                }
                bits = known
            case 13:
                let entry = try reader.records(of: "StringStringEntryProto", in: field.bytes)
                let key = try text(1, entry)
                guard external.updateValue(try text(2, entry), forKey: key) == nil else {
                    throw fault("onnx-external", field, name, "external data says `\(key)` twice")
                }
            case 14:
                guard field.value <= 1 else {
                    throw fault("onnx-external", field, name, "data is at a place that is not known")
                }
                isExternal = field.value == 1
            default: try reader.check(field, of: "TensorProto")
            }
        }
        guard let bits else { throw fault("onnx-type", record, name, "a tensor has no type") }
        if isExternal || !external.isEmpty { try self.external(external, record, name) }
        let (total, over) = count.multipliedReportingOverflow(by: bits)
        guard !over else { throw fault("onnx-shape", record, name, "a tensor is larger than 64 bits can count") }
        if let raw = fields.last(where: { $0.number == 9 }), bits > 0, UInt64(raw.bytes.count) != (total + 7) / 8 {
            throw fault("onnx-shape", raw, name, "the tensor's bytes are not those of its shape")
        }
    }

    private func fault(_ rule: String, _ record: ProtobufRecord, _ name: String, _ message: String) -> ScanStop {
        ScanStop(rule: rule, offset: record.offset, element: String(name.prefix(200)), message: message)
    }

    private func external(
        _ entries: [String: String],
        _ record: ProtobufRecord,
        _ name: String
    ) throws(ScanStop) {
        guard let location = entries["location"], !location.isEmpty else {
            throw fault("onnx-external", record, name, "external data does not say where it is")
        }
        for (key, value) in entries {
            switch key {
            case "location": break
            case "offset", "length":
                guard UInt64(plain: value.utf8) != nil else {
                    throw fault("onnx-external", record, name, "`\(key)` of external data is not a number")
                }
            case "checksum": break
            default:
                throw fault("onnx-external", record, name, "external data says `\(key.prefix(40))`, which is not known")
            }
        }
        // ONNX Runtime takes `*/_ORT_MEM_ADDR_/*` for its own memory, and the offset for an address in it.
        guard RelativeName.isInside(location), !location.contains("*") else {
            return try find(
                "onnx-external",
                .unsafe,
                record,
                "\(name): \(location)",
                "external data is read from outside the model's folder"
            )
        }
        // A model within a container has nothing beside it.
        if !input.isMember { context.claim(location) }
    }
}
