/// Walks the graphs and functions of a SavedModel.
struct SavedModelWalk {
    /// A node, as far as its operator and where it takes its names from.
    private struct Node {
        var name = ""
        var type = ""
        var inputs: [String] = []
        var constants: [String] = []
        var record: ProtobufRecord
    }

    private let input: ScanInput
    private let context: ScanContext
    private var reader: ProtobufReader
    private var functions: Set<String> = []
    private var assets: Set<String> = []
    private var reported: Set<String> = []

    init(_ input: ScanInput, _ context: ScanContext) {
        self.input = input
        self.context = context
        reader = ProtobufReader(input, schema: TensorFlowSchema.messages, context)
    }

    private func find(
        _ rule: String,
        _ verdict: ScanVerdict,
        _ record: ProtobufRecord,
        _ element: String,
        _ message: String
    ) throws(ScanStop) {
        try context.find(rule, verdict, in: input.path, at: record.offset, element, message)
    }

    /// Checks the model.
    mutating func model() throws(ScanStop) {
        for record in try reader.records(of: "SavedModel", in: reader.whole) where record.number == 2 {
            try metaGraph(record)
        }
    }

    private mutating func metaGraph(_ record: ProtobufRecord) throws(ScanStop) {
        let fields = try reader.records(of: "MetaGraphDef", in: record.bytes)
        for field in fields where field.number == 6 { try asset(field) }
        for field in fields {
            switch field.number {
            case 2: try graph(field)
            case 6: break
            case 7: try objects(field)
            default: try reader.check(field, of: "MetaGraphDef")
            }
        }
    }

    private mutating func asset(_ record: ProtobufRecord) throws(ScanStop) {
        for field in try reader.records(of: "AssetFileDef", in: record.bytes) {
            if field.number == 1 {
                for part in try reader.records(of: "TensorInfo", in: field.bytes) where part.number == 1 {
                    assets.insert(Self.node(try reader.text(part)))
                }
            } else {
                let name = try reader.text(field)
                if !RelativeName.isInside(name) {
                    try find(
                        "tensorflow-asset",
                        .unsafe,
                        field,
                        name,
                        "an asset is read from outside the model's folder"
                    )
                }
            }
        }
    }

    /// The objects of Keras in the graph of objects carry their configurations as JSON.
    private mutating func objects(_ record: ProtobufRecord) throws(ScanStop) {
        for object in try reader.records(of: "SavedObjectGraph", in: record.bytes) where object.number == 1 {
            for field in try reader.records(of: "SavedObject", in: object.bytes) {
                guard field.number == 4 else {
                    try reader.check(field, of: "SavedObject")
                    continue
                }
                for part in try reader.records(of: "SavedUserObject", in: field.bytes) where part.number == 3 {
                    try KerasMetadataScanner.configuration(part, reader, input, context)
                }
            }
        }
    }

    private mutating func graph(_ record: ProtobufRecord) throws(ScanStop) {
        let fields = try reader.records(of: "GraphDef", in: record.bytes)
        for field in fields where field.number == 2 {
            for part in try reader.records(of: "FunctionDefLibrary", in: field.bytes) where part.number == 1 {
                for inner in try reader.records(of: "FunctionDef", in: part.bytes) where inner.number == 1 {
                    for name in try reader.records(of: "OpDef", in: inner.bytes) where name.number == 1 {
                        functions.insert(try reader.text(name))
                    }
                }
            }
        }
        try nodes(fields.filter { $0.number == 1 })
        for field in fields {
            switch field.number {
            case 1: break
            case 2:
                for part in try reader.records(of: "FunctionDefLibrary", in: field.bytes) {
                    guard part.number == 1 else {
                        try reader.check(part, of: "FunctionDefLibrary")
                        continue
                    }
                    let inner = try reader.records(of: "FunctionDef", in: part.bytes)
                    try nodes(inner.filter { $0.number == 3 })
                    for rest in inner where rest.number != 3 { try reader.check(rest, of: "FunctionDef") }
                }
            default: try reader.check(field, of: "GraphDef")
            }
        }
    }

    private static func node(_ tensor: String) -> String {
        let name = tensor.hasPrefix("^") ? tensor.dropFirst() : Substring(tensor)
        return String(name.prefix { $0 != ":" })
    }

    /// Checks the nodes of one graph or function.
    private mutating func nodes(_ records: [ProtobufRecord]) throws(ScanStop) {
        var nodes: [String: Node] = [:]
        var order: [String] = []
        for record in records {
            let node = try node(record)
            if nodes.updateValue(node, forKey: node.name) != nil {
                try find("tensorflow-graph", .notProven, record, node.name, "two nodes have the same name")
            }
            order.append(node.name)
        }
        for name in order {
            guard let node = nodes[name] else { continue }
            try judge(node)
            if let position = TensorFlowOperators.files[node.type], position < node.inputs.count {
                try follow(node.inputs[position], nodes, node)
            }
        }
    }

    private mutating func node(_ record: ProtobufRecord) throws(ScanStop) -> Node {
        var node = Node(record: record)
        for field in try reader.records(of: "NodeDef", in: record.bytes) {
            switch field.number {
            case 1: node.name = try reader.text(field)
            case 2: node.type = try reader.text(field)
            case 3: node.inputs.append(try reader.text(field))
            case 5:
                try reader.check(field, of: "NodeDef")
                if node.type == "Const" || node.type.isEmpty { node.constants += try strings(field) }
            default: try reader.check(field, of: "NodeDef")
            }
        }
        return node
    }

    /// The strings of a constant's tensor.
    private mutating func strings(_ record: ProtobufRecord) throws(ScanStop) -> [String] {
        var result: [String] = []
        for entry in try reader.records(of: "AttrEntry", in: record.bytes) where entry.number == 2 {
            for value in try reader.records(of: "AttrValue", in: entry.bytes) where value.number == 8 {
                for part in try reader.records(of: "Tensor", in: value.bytes) where part.number == 8 {
                    guard result.count < 64, part.bytes.count <= 4096 else { continue }
                    result.append(String(decoding: try reader.bytes(part), as: UTF8.self))
                }
            }
        }
        return result
    }

    private mutating func judge(_ node: Node) throws(ScanStop) {
        let type = node.type
        if TensorFlowOperators.hostile.contains(type) {
            try find(
                "tensorflow-operator",
                .unsafe,
                node.record,
                "\(type) \(node.name)",
                "the operator reads or writes files, or runs code"
            )
        } else if !TensorFlowOperators.known.contains(type), TensorFlowOperators.files[type] == nil,
            !functions.contains(type),
            reported.insert(type).inserted
        {
            try find(
                "tensorflow-operator",
                .notProven,
                node.record,
                type,
                "the operator is not on the list of those that compute"
            )
        }
    }

    /// Follows a file's name to where it comes from: an argument or an asset is whoever loads the model's, and what is
    /// written out may only be what savers put between.
    private mutating func follow(_ tensor: String, _ nodes: [String: Node], _ user: Node) throws(ScanStop) {
        var pending = [Self.node(tensor)]
        var seen: Set<String> = []
        while let name = pending.popLast() {
            try context.budget.step()
            guard seen.insert(name).inserted, let node = nodes[name], !assets.contains(name) else { continue }
            if node.type.hasPrefix("Placeholder") || node.type == "MergeV2Checkpoints" { continue }
            guard TensorFlowOperators.passing.contains(node.type) else {
                try find(
                    "tensorflow-file",
                    .notProven,
                    user.record,
                    "\(user.type) \(user.name)",
                    "it cannot be told where a file's name comes from"
                )
                continue
            }
            for text in node.constants where !TensorFlowOperators.isSaverPart(text) {
                try find(
                    "tensorflow-file",
                    .unsafe,
                    user.record,
                    "\(user.type) \(text)",
                    "the model itself names a file to read or write"
                )
            }
            pending += node.inputs.filter { !$0.hasPrefix("^") }.map(Self.node)
        }
    }
}
