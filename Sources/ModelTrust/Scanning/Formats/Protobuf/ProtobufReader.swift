/// Reads Protocol Buffers' wire format against a schema.
///
/// A field that the schema does not have, a wire type that it does
/// not have there and a length beyond the message are refusals.
struct ProtobufReader {
    private static let depth = 64
    /// How many fields a message may have itself: the largest vocabularies have half as many.
    private static let mostFields = 1 << 19

    private let input: ScanInput
    private let context: ScanContext
    private let schema: ProtobufSchema
    private var cursor: ByteCursor
    /// Steps that were taken from the budget and not yet made.
    private var steps = 0

    init(_ input: ScanInput, schema: ProtobufSchema, _ context: ScanContext) {
        self.input = input
        self.context = context
        self.schema = schema
        cursor = ByteCursor(input)
    }

    /// The whole input, as a message's bytes.
    var whole: Range<UInt64> { 0..<input.size }

    private func fault(_ rule: String, _ message: String, _ element: String? = nil, at offset: UInt64? = nil)
        -> ScanStop
    {
        ScanStop(rule: rule, offset: offset ?? cursor.offset, element: element, message: message)
    }

    /// The fields of a message, in their order.
    mutating func records(of message: String, in bytes: Range<UInt64>) throws(ScanStop) -> [ProtobufRecord] {
        let fields = schema[message] ?? [:]
        var result: [ProtobufRecord] = []
        cursor.move(to: bytes)
        while cursor.remaining > 0 {
            try step()
            let record = try record(message)
            guard let field = fields[record.record.number] else {
                throw fault(
                    "protobuf-field",
                    "the field \(record.record.number) is not one that is known",
                    message,
                    at: record.record.offset
                )
            }
            guard Self.agree(field, record.wire) else {
                throw fault(
                    "protobuf-wire",
                    "the field \(record.record.number) is not of its type",
                    message,
                    at: record.record.offset
                )
            }
            guard result.count < Self.mostFields else {
                throw fault("protobuf-size", "a message has more than \(Self.mostFields) fields", message)
            }
            result.append(record.record)
        }
        return result
    }

    /// Takes a step; few at a time from the budget, which others share.
    private mutating func step() throws(ScanStop) {
        if steps == 0 {
            let count = min(16, max(1, context.budget.steps))
            try context.budget.step(count)
            steps = count
        }
        steps -= 1
    }

    private mutating func record(_ message: String) throws(ScanStop) -> (record: ProtobufRecord, wire: UInt64) {
        let offset = cursor.offset
        let key = try varint()
        let (number, wire) = (key >> 3, key & 7)
        guard number > 0, number < 1 << 29 else {
            throw fault("protobuf-field", "a field has no number", message, at: offset)
        }
        var value: UInt64 = 0
        var bytes: Range<UInt64> = 0..<0
        switch wire {
        case 0: value = try varint()
        case 1: value = try cursor.number(8)
        case 5: value = try cursor.number(4)
        case 2:
            let length = try varint()
            guard length <= cursor.remaining else {
                throw fault("truncated", "a field is longer than its message", message)
            }
            bytes = cursor.offset..<(cursor.offset + length)
            try cursor.skip(length)
        default: throw fault("protobuf-wire", "a wire type that nobody writes", message, at: offset)
        }
        return (ProtobufRecord(number: number, value: value, bytes: bytes, offset: offset), wire)
    }

    private static func agree(_ field: ProtobufField, _ wire: UInt64) -> Bool {
        switch field {
        case .varint: wire == 0
        case .fixed32: wire == 5
        case .fixed64: wire == 1
        case .varints: wire == 0 || wire == 2
        case .fixed32s: wire == 5 || wire == 2
        case .fixed64s: wire == 1 || wire == 2
        case .string, .bytes, .message: wire == 2
        case .unread: true
        }
    }

    private mutating func varint() throws(ScanStop) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<10 {
            let byte = try cursor.byte()
            if index == 9, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte < 0x80 { return value }
        }
        throw fault("protobuf-varint", "a number is longer than 64 bits")
    }

    /// Checks a message that nobody has to look into: all its fields against the schema.
    mutating func check(_ message: String, in bytes: Range<UInt64>, _ depth: Int = 0) throws(ScanStop) {
        guard depth < Self.depth else {
            throw fault("protobuf-depth", "messages nest more than \(Self.depth) deep", message)
        }
        let fields = schema[message] ?? [:]
        for record in try records(of: message, in: bytes) {
            try check(record, of: message, as: fields[record.number], depth)
        }
    }

    /// Checks a field of a message, and all that is in it.
    mutating func check(_ record: ProtobufRecord, of message: String) throws(ScanStop) {
        try check(record, of: message, as: schema[message]?[record.number], 0)
    }

    private mutating func check(
        _ record: ProtobufRecord,
        of message: String,
        as field: ProtobufField?,
        _ depth: Int
    ) throws(ScanStop) {
        switch field {
        case .message(let inner): try check(inner, in: record.bytes, depth + 1)
        case .string:
            if try !isShortASCII(record.bytes) { _ = try text(record) }
        case .varints: _ = try numbers(record)
        case .fixed32s where record.bytes.count % 4 != 0, .fixed64s where record.bytes.count % 8 != 0:
            throw fault("protobuf-packed", "packed numbers are cut short", message, at: record.offset)
        case .unread:
            throw fault(
                "protobuf-field",
                "what the field \(record.number) holds is not read",
                message,
                at: record.offset
            )
        default: break
        }
    }

    /// The text of a string.
    func text(_ record: ProtobufRecord) throws(ScanStop) -> String {
        guard record.bytes.count <= 64 << 20,
            case let bytes = try bytes(record), PlainText.isUTF8(bytes)
        else { throw fault("protobuf-text", "a string is not UTF-8, or is too long", at: record.offset) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether bytes are few, and all of them of ASCII: most names are, and need not be made strings to be checked.
    private mutating func isShortASCII(_ bytes: Range<UInt64>) throws(ScanStop) -> Bool {
        guard bytes.count <= 128 else { return false }
        cursor.move(to: bytes)
        while cursor.remaining > 0 {
            if try cursor.byte() >= 0x80 { return false }
        }
        return true
    }

    /// The bytes of a field.
    func bytes(_ record: ProtobufRecord) throws(ScanStop) -> [UInt8] {
        try input.read(at: record.bytes.lowerBound, count: record.bytes.count)
    }

    /// The numbers of a repeated field's record: one, or those that are packed in it.
    mutating func numbers(_ record: ProtobufRecord) throws(ScanStop) -> [UInt64] {
        guard !record.bytes.isEmpty else { return [record.value] }
        var result: [UInt64] = []
        cursor.move(to: record.bytes)
        while cursor.remaining > 0 {
            try context.budget.step()
            result.append(try varint())
        }
        return result
    }

    /// The numbers of the input's own fields, or nil where it is not a message from its first byte to its last; looks at
    /// a bounded number of them.
    static func shape(of input: ScanInput) throws(ScanStop) -> Set<UInt64>? {
        guard input.size > 0 else { return nil }
        if let known = input.shape { return known }
        let shape = try readShape(of: input)
        input.shape = .some(shape)
        return shape
    }

    private static func readShape(of input: ScanInput) throws(ScanStop) -> Set<UInt64>? {
        var reader = ProtobufReader(input, schema: [:], ScanContext(scanners: []))
        var numbers: Set<UInt64> = []
        do throws(ScanStop) {
            for _ in 0..<200_000 {
                guard reader.cursor.remaining > 0 else { return numbers }
                numbers.insert(try reader.record("").record.number)
            }
            return nil
        } catch {
            if error.rule == "unreadable" { throw error }
            return nil
        }
    }
}
