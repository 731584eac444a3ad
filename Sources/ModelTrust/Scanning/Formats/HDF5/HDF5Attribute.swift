/// An attribute of an object: a name, a type, a shape and the values.
struct HDF5Attribute {
    /// Attributes under which Keras keeps configurations.
    private static let configurations: Set<String> = ["model_config", "training_config", "layer_config", "config"]

    let name: String
    private let isText, isVariable: Bool
    private let size: UInt64
    private let count: UInt64
    private let data: Range<UInt64>

    /// Reads an attribute's message of version 1 to 3.
    init(_ message: HDF5Message, _ file: inout HDF5File) throws(ScanStop) {
        func fault(_ text: String) -> ScanStop { HDF5File.fault("hdf5-attribute", text, at: message.start) }
        try file.move(to: message.start, count: message.count)
        let version = try file.number(1)
        guard (1...3).contains(version) else { throw fault("an attribute is of no version that is known") }
        let flags = try file.number(1)
        guard version == 1 || flags & 3 == 0 else {
            throw fault("an attribute's type lies elsewhere, which is not read")
        }
        let sizes = (name: try file.number(2), type: try file.number(2), space: try file.number(2))
        if version == 3 { try file.skip(1) }
        func padded(_ size: UInt64) -> UInt64 { version == 1 ? (size + 7) / 8 * 8 : size }
        let bytes = try file.bytes(padded(sizes.name))
        name = String(decoding: bytes.prefix(Int(sizes.name)).prefix { $0 != 0 }, as: UTF8.self)
        let type = try file.bytes(padded(sizes.type))
        let space = try file.bytes(padded(sizes.space))
        data = file.offset..<(message.start + message.count)
        guard type.count >= 8, space.count >= 4 else { throw fault("an attribute's type or shape is cut short") }
        size = type[4..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        let kind = type[0] & 0x0F
        isVariable = kind == 9
        isText = kind == 3 || (kind == 9 && type[1] & 0x0F == 1)
        let isKnown = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10].contains(kind)
        guard isKnown else { throw fault("an attribute's values are of a type that is not read") }
        var count: UInt64 = 1
        let rank = Int(space[1])
        var place = space[0] == 1 ? 8 : 4
        if space[0] == 2, space[3] == 2 { count = 0 }
        for _ in 0..<rank {
            guard place + file.lengthSize <= space.count else { throw fault("an attribute's shape is cut short") }
            let extent = space[place..<(place + file.lengthSize)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let (product, over) = count.multipliedReportingOverflow(by: extent)
            guard !over, product <= 1 << 24 else {
                throw fault("an attribute has more values than can be looked through")
            }
            count = product
            place += file.lengthSize
        }
        self.count = count
        guard size > 0, count <= UInt64(data.count) / size else { throw fault("an attribute's values are cut short") }
    }

    /// Gives out the values one by one, where they are strings or bytes of any length: all of them may be the same long
    /// one.
    func strings(
        _ file: inout HDF5File,
        _ context: ScanContext,
        _ body: ([UInt8]) throws(ScanStop) -> Void
    ) throws(ScanStop) {
        guard isText || isVariable else { return }
        for index in 0..<count {
            try context.budget.step()
            try file.move(to: data.lowerBound + index * size, count: size)
            guard isVariable else {
                try body(file.bytes(size))
                continue
            }
            let length = try file.number(4)
            guard length > 0, let heap = try file.address() else { continue }
            let object = try file.number(4)
            let bytes = try file.object(object, inHeapAt: heap, context)
            try context.budget.step(bytes.count / 64)
            try body(isText ? Array(bytes.prefix(Int(length))) : bytes)
        }
    }

    /// Judges a value: a configuration is walked, and a pickle refused.
    static func check(
        _ value: [UInt8],
        named name: String,
        place: String,
        _ input: ScanInput,
        _ offset: UInt64,
        _ context: ScanContext
    ) throws(ScanStop) {
        let text = Array(value.prefix { $0 != 0 })
        if name == "PSEUDOATOM" || (value.first == 0x80 && value.count > 2 && value[1] <= 5)
            || (value.last == 0x2E && value.first == 0x28)
            || (value.starts(with: "ccopy_reg".utf8))
        {
            try context.add(
                ScanFinding(
                    rule: "hdf5-pickle",
                    verdict: .notProven,
                    path: input.path,
                    offset: offset,
                    element: place,
                    message: "PyTables unpickles what this attribute holds"
                )
            )
        }
        let isConfiguration = configurations.contains(name)
        guard isConfiguration || text.first == UInt8(ascii: "{") else { return }
        do throws(ScanStop) {
            try JSONScanner.scan(text, path: input.path + "@" + name, offset: 0, context)
        } catch  where !isConfiguration && error.rule.hasPrefix("json-") {
            return
        }
    }
}
