/// The header of a safetensors file: one JSON object of a fixed form, read byte by byte.
///
/// Only that form is accepted: names of printable ASCII without escapes, each once; plain decimal numbers; the three
/// keys of a tensor and no other. A general JSON reader would let two readers see two different headers.
struct SafetensorsHeader {
    /// What the header says of one tensor, unchecked against the file.
    struct Entry {
        let name: String
        let element: String
        let shape: [Int]
        let offsets: Range<Int>
    }

    /// The most tensors, and the most dimensions of one.
    static let maximumTensors = 1024
    static let maximumDimensions = 8

    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// Reads the header to its end; what follows the object may only be spaces.
    mutating func parse() throws(SafetensorsError) {
        guard rest.first == UInt8(ascii: "{") else {
            throw SafetensorsError("the header does not start with an object")
        }
        var names: Set<String> = []
        try object { header, name throws(SafetensorsError) in
            guard names.insert(name).inserted else { throw SafetensorsError("the header names `\(name)` twice") }
            guard names.count <= Self.maximumTensors else {
                throw SafetensorsError("the header names too many tensors")
            }
            if name == "__metadata__" {
                try header.readMetadata()
            } else {
                try header.readTensor(name)
            }
        }
        guard rest.allSatisfy({ $0 == UInt8(ascii: " ") }) else {
            throw SafetensorsError("bytes follow the header's object")
        }
    }

    private mutating func readMetadata() throws(SafetensorsError) {
        try object { header, key throws(SafetensorsError) in
            let value = try header.string()
            guard header.metadata.updateValue(value, forKey: key) == nil else {
                throw SafetensorsError("the metadata has `\(key)` twice")
            }
        }
    }

    private mutating func readTensor(_ name: String) throws(SafetensorsError) {
        var element: String?
        var shape: [Int]?
        var offsets: [Int]?
        try object { header, key throws(SafetensorsError) in
            switch key {
            case "dtype" where element == nil: element = try header.string()
            case "shape" where shape == nil: shape = try header.numbers()
            case "data_offsets" where offsets == nil: offsets = try header.numbers()
            default: throw SafetensorsError("tensor `\(name)` has an unknown or repeated key `\(key)`")
            }
        }
        guard let element, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
            throw SafetensorsError("tensor `\(name)` lacks a type, a shape or its offsets")
        }
        entries.append(Entry(name: name, element: element, shape: shape, offsets: offsets[0]..<offsets[1]))
    }

    // MARK: The JSON that occurs

    private mutating func object(
        _ member: (inout Self, String) throws(SafetensorsError) -> Void
    ) throws(SafetensorsError) {
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while take(",")
        try expect("}")
    }

    private mutating func string() throws(SafetensorsError) -> String {
        try expect("\"")
        var text = ""
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return text
            case 0x20..<0x7F where byte != UInt8(ascii: "\\"): text.unicodeScalars.append(Unicode.Scalar(byte))
            default: throw SafetensorsError("the header has an escape or a byte outside ASCII in a name")
            }
        }
        throw SafetensorsError("the header ends within a name")
    }

    private mutating func numbers() throws(SafetensorsError) -> [Int] {
        try expect("[")
        if take("]") { return [] }
        var numbers: [Int] = []
        repeat {
            guard numbers.count < Self.maximumDimensions else {
                throw SafetensorsError("a list in the header is too long")
            }
            numbers.append(try number())
        } while take(",")
        try expect("]")
        return numbers
    }

    private mutating func number() throws(SafetensorsError) -> Int {
        var digits = ""
        while let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), digits.count < 16 {
            digits.unicodeScalars.append(Unicode.Scalar(byte))
            rest.removeFirst()
        }
        guard let value = Int(digits), digits == "0" || !digits.hasPrefix("0") else {
            throw SafetensorsError("a number in the header is not plain decimal")
        }
        return value
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: byte) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func expect(_ byte: Unicode.Scalar) throws(SafetensorsError) {
        guard take(byte) else { throw SafetensorsError("the header has no `\(byte)` where one belongs") }
    }
}
