/// Reads MessagePack values and keeps nothing of them.
struct MessagePackReader {
    private static let depth = 64
    private static let elementBytes: [String: UInt64] = [
        "float32": 4, "float64": 8, "float16": 2, "bfloat16": 2, "int8": 1, "int16": 2, "int32": 4, "int64": 8,
        "uint8": 1,
        "uint16": 2, "uint32": 4, "uint64": 8, "bool": 1, "complex64": 8, "complex128": 16, "float8_e4m3fn": 1,
        "float8_e5m2": 1,
    ]

    private let input: ScanInput
    private let context: ScanContext
    private(set) var cursor: ByteCursor

    init(_ input: ScanInput, _ context: ScanContext, from: UInt64 = 0, to end: UInt64? = nil) {
        self.input = input
        self.context = context
        cursor = ByteCursor(input, from: from, to: end)
    }

    private func fault(_ rule: String, _ message: String, _ element: String? = nil) -> ScanStop {
        ScanStop(rule: rule, offset: cursor.offset, element: element, message: message)
    }

    /// Reads one value and all that is in it.
    mutating func value(_ depth: Int) throws(ScanStop) {
        try context.budget.step()
        guard depth < Self.depth else { throw fault("msgpack-depth", "it nests more than \(Self.depth) deep") }
        let byte = try cursor.byte()
        switch byte {
        case 0x00...0x7F, 0xE0...0xFF, 0xC0, 0xC2, 0xC3: break
        case 0x80...0x8F: try map(UInt64(byte & 0x0F), depth)
        case 0x90...0x9F: try array(UInt64(byte & 0x0F), depth)
        case 0xA0...0xBF: _ = try text(UInt64(byte & 0x1F))
        case 0xC4...0xC6: try cursor.skip(try cursor.bigEndian(1 << Int(byte - 0xC4)))
        case 0xC7...0xC9: try extend(try cursor.bigEndian(1 << Int(byte - 0xC7)), depth)
        case 0xCA: try cursor.skip(4)
        case 0xCB: try cursor.skip(8)
        case 0xCC...0xCF: try cursor.skip(1 << UInt64(byte - 0xCC))
        case 0xD0...0xD3: try cursor.skip(1 << UInt64(byte - 0xD0))
        case 0xD4...0xD8: try extend(1 << UInt64(byte - 0xD4), depth)
        case 0xD9...0xDB: _ = try text(try cursor.bigEndian(1 << Int(byte - 0xD9)))
        case 0xDC, 0xDD: try array(try cursor.bigEndian(byte == 0xDC ? 2 : 4), depth)
        case 0xDE, 0xDF: try map(try cursor.bigEndian(byte == 0xDE ? 2 : 4), depth)
        default: throw fault("msgpack-byte", "a byte that MessagePack never uses")
        }
    }

    private mutating func text(_ length: UInt64) throws(ScanStop) -> [UInt8] {
        guard length <= 16 << 20 else { throw fault("msgpack-text", "a text is longer than a name is") }
        let bytes = try cursor.bytes(length)
        guard PlainText.isUTF8(bytes) else { throw fault("msgpack-text", "a text is not UTF-8") }
        return bytes
    }

    private mutating func array(_ count: UInt64, _ depth: Int) throws(ScanStop) {
        guard count <= cursor.remaining else { throw fault("truncated", "it ends before what it declares") }
        for _ in 0..<count { try value(depth + 1) }
    }

    private mutating func map(_ count: UInt64, _ depth: Int) throws(ScanStop) {
        guard count <= cursor.remaining / 2 + 1 else { throw fault("truncated", "it ends before what it declares") }
        var keys = ByteKeys()
        for _ in 0..<count {
            let start = cursor.offset
            try value(depth + 1)
            guard cursor.offset - start <= 4096 else { throw fault("msgpack-key", "a key is longer than a name is") }
            let key = try input.read(at: start, count: Int(cursor.offset - start))
            guard keys.insert(key) else { throw fault("msgpack-key", "a key stands twice") }
            try value(depth + 1)
        }
    }

    /// Flax' extension types: 1 an array, 2 a complex number, 3 a scalar of NumPy.
    private mutating func extend(_ length: UInt64, _ depth: Int) throws(ScanStop) {
        let type = try cursor.byte()
        guard length <= cursor.remaining else { throw fault("truncated", "it ends before what it declares") }
        let end = cursor.offset + length
        guard (1...3).contains(type) else {
            throw fault("msgpack-extension", "an extension of type \(Int8(bitPattern: type)) is not Flax'", "ext")
        }
        var inner = MessagePackReader(input, context, from: cursor.offset, to: end)
        switch type {
        case 2:
            try inner.value(depth + 1)
        default:
            let isWhole = try inner.ndarray()
            guard isWhole else {
                throw fault(
                    "msgpack-extension",
                    "an array's extension does not hold a shape, a type and bytes that agree",
                    "ext"
                )
            }
        }
        guard inner.cursor.remaining == 0 else {
            throw fault("msgpack-extension", "more follows an extension's value", "ext")
        }
        try cursor.skip(length)
    }

    /// `[shape, type, bytes]`, whose lengths agree.
    private mutating func ndarray() throws(ScanStop) -> Bool {
        guard cursor.remaining > 3, try cursor.byte() == 0x93 else { return false }
        let shape = try cursor.byte()
        var count: UInt64 = 1
        guard (0x90...0x9F).contains(shape) else { return false }
        for _ in 0..<(shape & 0x0F) {
            guard let size = try unsigned() else { return false }
            let (product, over) = count.multipliedReportingOverflow(by: size)
            guard !over else { return false }
            count = product
        }
        let name = try cursor.byte()
        guard (0xA0...0xBF).contains(name) || name == 0xD9 else { return false }
        let length = name == 0xD9 ? try cursor.bigEndian(1) : UInt64(name & 0x1F)
        guard let bytes = Self.elementBytes[String(decoding: try text(length), as: UTF8.self)] else { return false }
        let kind = try cursor.byte()
        guard (0xC4...0xC6).contains(kind) else { return false }
        let size = try cursor.bigEndian(1 << Int(kind - 0xC4))
        let (total, over) = count.multipliedReportingOverflow(by: bytes)
        guard !over, total == size else { return false }
        try cursor.skip(size)
        return true
    }

    private mutating func unsigned() throws(ScanStop) -> UInt64? {
        let byte = try cursor.byte()
        switch byte {
        case 0x00...0x7F: return UInt64(byte)
        case 0xCC...0xCF: return try cursor.bigEndian(1 << Int(byte - 0xCC))
        default: return nil
        }
    }
}
