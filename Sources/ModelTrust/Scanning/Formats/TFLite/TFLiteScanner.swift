/// TensorFlow Lite: a graph of numbered operators over buffers of numbers, in a FlatBuffers file.
///
/// The runtime's own operators compute and nothing else. What a model names by text (custom operators, and those of
/// TensorFlow, which reach files) is whatever the program that loads it has registered under the name.
enum TFLiteScanner: FormatScanner {
    static let format = "tflite"

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        try input.head(8).dropFirst(4).elementsEqual("TFL3".utf8)
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var walk = TFLiteWalk(input, context)
        try walk.model()
    }
}

/// Walks a TensorFlow Lite model along its schema (version 3).
struct TFLiteWalk {
    private typealias Table = FlatBufferReader.Table

    /// What numbers up to this one stand for is in the runtime; above are operators of StableHLO, some of which call by
    /// name.
    private static let operators = 161
    /// CALL, CUSTOM, DELEGATE, and what stands for a higher number.
    private static let others: Set<Int> = [31, 32, 51, 127]
    /// Bits an element of each type of tensor; 0 where it varies.
    private static let bits: [UInt64] = [32, 16, 32, 8, 64, 0, 8, 16, 64, 8, 64, 128, 64, 0, 0, 32, 16, 4, 16]
    /// Options with vectors of 32-bit numbers, by the number of the options' type; all others hold plain numbers.
    private static let vectors: [UInt64: [Int]] = [3: [1, 2], 17: [0], 30: [0], 115: [0]]
    /// VarHandleOptions: names within the graph.
    private static let names: UInt64 = 111
    private static let options: UInt64 = 126

    private let input: ScanInput
    private let context: ScanContext
    private var reader: FlatBufferReader
    /// How many bytes each buffer holds; nil where they lie behind the tables.
    private var buffers: [UInt64] = []

    init(_ input: ScanInput, _ context: ScanContext) {
        self.input = input
        self.context = context
        reader = FlatBufferReader(input, context)
    }

    /// Checks the model.
    mutating func model() throws(ScanStop) {
        let model = try reader.root()
        try only(model, 0...7, "a model")
        guard try reader.number(model, 0, 4) == 3 else { throw fault("it is of no version that is known", model) }
        let codes = try reader.tables(model, 1)
        for code in codes { try operatorCode(code) }
        _ = try reader.text(model, 3)
        for buffer in try reader.tables(model, 4) { try self.buffer(buffer) }
        _ = try reader.vector(model, 5, 4)
        for metadata in try reader.tables(model, 6) {
            try only(metadata, 0...1, "metadata")
            _ = try reader.text(metadata, 0)
        }
        for signature in try reader.tables(model, 7) { try self.signature(signature) }
        for graph in try reader.tables(model, 2) { try self.graph(graph, operators: codes.count) }
        if let place = reader.unused() {
            throw ScanStop(
                rule: "trailing-bytes",
                offset: place,
                message: "bytes lie here that belong to nothing in the model"
            )
        }
    }

    private func fault(_ message: String, _ table: Table) -> ScanStop {
        ScanStop(rule: "tflite-model", offset: table.start, message: message)
    }

    private func only(_ table: Table, _ known: ClosedRange<Int>, _ what: String) throws(ScanStop) {
        guard let other = table.present.first(where: { !known.contains($0) }) else { return }
        throw fault("\(what) has a field (\(other)) that is not known", table)
    }

    private mutating func operatorCode(_ table: Table) throws(ScanStop) {
        try only(table, 0...3, "an operator's code")
        let name = try reader.text(table, 1)
        let former = Int(Int8(truncatingIfNeeded: try reader.number(table, 0, 1)))
        let number = max(former, Int(Int32(truncatingIfNeeded: try reader.number(table, 3, 4))))
        let isOwn = (0...Self.operators).contains(number) && !Self.others.contains(number)
        guard !isOwn || name != nil else { return }
        let shown = PickleText.clean(name ?? "number \(number)", limit: 80)
        let isHostile = name.map {
            TensorFlowOperators.hostile.contains(String($0.dropFirst(4))) && $0.hasPrefix("Flex")
        }
        try context.add(
            ScanFinding(
                rule: "tflite-operator",
                verdict: isHostile == true ? .unsafe : .notProven,
                path: input.path,
                offset: table.start,
                element: shown,
                message: isHostile == true
                    ? "the operator of TensorFlow reads or writes files, or runs code"
                    : "the operator is not one of the runtime's own that compute: examine the code that brings it"
            )
        )
    }

    private mutating func buffer(_ table: Table) throws(ScanStop) {
        try only(table, 0...2, "a buffer")
        let data = try reader.vector(table, 0, 1)
        // Large models keep their numbers behind the tables.
        let (offset, size) = (try reader.number(table, 1, 8), try reader.number(table, 2, 8))
        guard offset > 1 else {
            buffers.append(UInt64(data?.count ?? 0))
            return
        }
        let (end, over) = offset.addingReportingOverflow(size)
        guard data == nil, !over, end <= input.size else { throw fault("a buffer lies outside the file", table) }
        try reader.use(offset..<end)
        buffers.append(size)
    }

    private mutating func signature(_ table: Table) throws(ScanStop) {
        try only(table, 0...4, "a signature")
        for field in 0...1 {
            for map in try reader.tables(table, field) {
                try only(map, 0...1, "a signature's tensor")
                _ = try reader.text(map, 0)
            }
        }
        _ = try reader.text(table, 2)
    }

    private mutating func graph(_ table: Table, operators: Int) throws(ScanStop) {
        try only(table, 0...5, "a graph")
        let tensors = try reader.tables(table, 0)
        for tensor in tensors { try self.tensor(tensor) }
        for field in 1...2 { try indices(table, field, tensors.count) }
        for node in try reader.tables(table, 3) { try self.node(node, operators: operators, tensors: tensors.count) }
        _ = try reader.text(table, 4)
    }

    private mutating func tensor(_ table: Table) throws(ScanStop) {
        try only(table, 0...8, "a tensor")
        guard try reader.table(table, 6) == nil else { throw fault("a tensor is sparse, which is not read", table) }
        let shape = try reader.integers(table, 0) ?? []
        _ = try reader.text(table, 3)
        _ = try reader.vector(table, 7, 4)
        if let scale = try reader.table(table, 4) {
            try only(scale, 0...6, "a tensor's scale")
            for field in 0...2 { _ = try reader.vector(scale, field, 4) }
            _ = try reader.vector(scale, 3, 8)
            guard try reader.table(scale, 5) == nil else {
                throw fault("a tensor's scale has details that are not read", scale)
            }
        }
        let (type, buffer) = (try reader.number(table, 1, 1), try reader.number(table, 2, 4))
        guard type < UInt64(Self.bits.count) else {
            throw fault("a tensor is of type \(type), which is not known", table)
        }
        guard buffer < UInt64(max(buffers.count, 1)) else {
            throw fault("a tensor has a buffer that is not there", table)
        }
        let size = buffers.isEmpty ? 0 : buffers[Int(buffer)]
        let bits = Self.bits[Int(type)]
        guard size > 0, bits > 0 else { return }
        var total = bits
        for dimension in shape {
            let (product, over) = total.multipliedReportingOverflow(by: UInt64(max(dimension, 0)))
            guard dimension >= 0, !over else { throw fault("a tensor's shape is none", table) }
            total = product
        }
        guard total / 8 + (total.isMultiple(of: 8) ? 0 : 1) == size else {
            throw fault("a tensor's bytes are not those of its shape", table)
        }
    }

    private mutating func node(_ table: Table, operators: Int, tensors: Int) throws(ScanStop) {
        // 3 and 4 are the options and their type; 9 and above those of operators that are none of the runtime's own.
        try only(table, 0...8, "an operator")
        guard try reader.number(table, 0, 4) < UInt64(operators) else {
            throw fault("an operator has a code that is not there", table)
        }
        for field in [1, 2, 8] { try indices(table, field, tensors) }
        let type = try reader.number(table, 3, 1)
        guard type <= Self.options else {
            throw fault("an operator has options of type \(type), which is not known", table)
        }
        if let options = try reader.table(table, 4) {
            for field in Self.vectors[type] ?? [] { _ = try reader.vector(options, field, 4) }
            if type == Self.names { for field in 0...1 { _ = try reader.text(options, field) } }
        }
        _ = try reader.vector(table, 5, 1)
        _ = try reader.vector(table, 7, 1)
    }

    /// Numbers of tensors, of which -1 stands for none.
    private mutating func indices(_ table: Table, _ field: Int, _ count: Int) throws(ScanStop) {
        guard let numbers = try reader.integers(table, field) else { return }
        guard numbers.allSatisfy({ (-1..<count).contains($0) }) else {
            throw fault("a tensor is named that is not there", table)
        }
    }
}
