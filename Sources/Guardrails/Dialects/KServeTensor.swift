/// One input of KServe's protocol: its shape, its type and its data have to agree.
enum KServeTensor {
    /// The bytes of one element; zero for text, which has its length before it.
    private static let widths: [String: Int] = [
        "BOOL": 1, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8, "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8,
        "FP16": 2, "BF16": 2, "FP32": 4, "FP64": 8, "BYTES": 0,
    ]
    /// The elements that a tensor may have.
    private static let maximumElements = 1 << 28

    static func read(
        _ input: JSONValue,
        _ path: JSONPath,
        _ body: [UInt8],
        _ rest: inout Range<Int>,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        try KServeV2.refuseSharedMemory(input, path)
        var fields = try RequestFields(input, at: path, "an input")
        fields.expect("name")
        let type = try fields.need("datatype")
        guard let name = type.string, let width = widths[name] else {
            throw type.refusal(at: path.appending("datatype"), "expected a datatype of the protocol")
        }
        let count = try elements(fields.need("shape"), path.appending("shape"))
        let parameters = fields.take("parameters")
        if let parameters { reading.takeAll(parameters, as: .user) }
        let data = fields.take("data")
        let size = parameters?["binary_data_size"]
        switch (data, size) {
        case (let data?, nil): try list(data, name, count, path.appending("data"), &reading)
        case (nil, let size?):
            guard let length = size.integer, length >= 0, length <= rest.count else {
                throw size.refusal(
                    "tensor_size",
                    at: path.appending("parameters").appending("binary_data_size"),
                    "expected a number of bytes that the body has"
                )
            }
            let place = rest.lowerBound..<rest.lowerBound + length
            rest = place.upperBound..<rest.upperBound
            try binary(place, of: body, width, count, path, &reading)
        case (.some, .some):
            throw input.refusal("ambiguous_field", at: path, "an input has `data` and `binary_data_size`")
        case (nil, nil): throw input.refusal("missing_field", at: path.appending("data"), "`data` is missing")
        }
        try fields.finish(&reading)
    }

    private static func elements(_ shape: JSONValue, _ path: JSONPath) throws(DialectRefusal) -> Int {
        var count = 1
        for (value, path) in try shape.list(at: path) {
            guard let side = value.integer, side >= 0, count <= maximumElements, side <= maximumElements else {
                throw value.refusal(
                    "tensor_size",
                    at: path,
                    "expected a whole number of zero or more, and no larger product"
                )
            }
            count *= side
        }
        guard count <= maximumElements else { throw shape.refusal("tensor_size", at: path, "the tensor is too large") }
        return count
    }

    /// Data as JSON: flat, or in rows.
    private static func list(
        _ data: JSONValue,
        _ type: String,
        _ count: Int,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        guard data.kind == .array else { throw data.refusal(at: path, "expected an array, found \(data.kind.name)") }
        var found = 0
        var stack = [(data, path)]
        var texts: [(JSONValue, JSONPath)] = []
        while let (array, path) = stack.popLast() {
            for (place, element) in array.elements.enumerated() {
                let path = path.appending(place)
                if element.kind == .array {
                    stack.append((element, path))
                    continue
                }
                found += 1
                guard fits(element, type) else {
                    throw element.refusal("tensor_type", at: path, "expected an element of the type \(type)")
                }
                if type == "BYTES" { texts.append((element, path)) }
            }
        }
        guard found == count else {
            throw data.refusal("tensor_size", at: path, "the shape asks for \(count) elements, and \(found) are there")
        }
        texts.sort { $0.0.range.lowerBound < $1.0.range.lowerBound }
        for (text, path) in texts { try reading.take(text, as: .user, at: path) }
    }

    private static func fits(_ value: JSONValue, _ type: String) -> Bool {
        switch type {
        case "BOOL": return value.bool != nil
        case "BYTES": return value.kind == .string
        case "FP16", "FP32", "FP64", "BF16": return value.kind == .number
        default:
            guard value.kind == .number, let number = value.number, number.isInteger else { return false }
            let bits = Int(type.drop { !$0.isNumber }) ?? 64
            guard type.hasPrefix("U") else {
                let limit = Int64(1) << (bits - 1) &- 1
                return Int64(value.lexeme ?? "").map { $0 <= limit && $0 >= -limit - 1 } ?? false
            }
            return UInt64(value.lexeme ?? "").map { bits == 64 || $0 >> UInt64(bits) == 0 } ?? false
        }
    }

    /// Data in binary: elements of one width, or texts with their length before each, four bytes, least first.
    private static func binary(
        _ place: Range<Int>,
        of body: [UInt8],
        _ width: Int,
        _ count: Int,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        func refusal(_ at: Int, _ message: String) -> DialectRefusal {
            DialectRefusal(rule: "tensor_size", path: path.text, range: at..<place.upperBound, message: message)
        }
        if width > 0 {
            guard place.count == width * count else {
                throw refusal(
                    place.lowerBound,
                    "the shape asks for \(width * count) bytes, and \(place.count) are there"
                )
            }
            reading.request.counts.opaqueParts += 1
            return
        }
        var at = place.lowerBound
        for element in 0..<count {
            guard at + 4 <= place.upperBound else { throw refusal(at, "an element is missing") }
            let length = (0..<4).reduce(0) { $0 | Int(body[at + $1]) << (8 * $1) }
            at += 4
            guard length <= place.upperBound - at else { throw refusal(at, "an element is longer than the tensor") }
            if let text = String(validating: body[at..<at + length], as: UTF8.self) {
                reading.take(
                    text: text,
                    at..<at + length,
                    as: .user,
                    at: path.appending("data").appending(element).text
                )
            } else {
                reading.request.counts.opaqueParts += 1
            }
            at += length
        }
        guard at == place.upperBound else { throw refusal(at, "bytes stand behind the last element") }
    }
}
