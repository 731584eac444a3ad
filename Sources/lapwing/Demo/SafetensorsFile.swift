/// A model's weights as they lie in a safetensors file: named arrays, and nothing that could run.
///
/// Reading is strict. The tensors must cover the file's data exactly, in order and without gaps, and every number in
/// the header has to agree with every other; a file that another reader might understand differently is refused.
///
/// ```swift
/// let file = try SafetensorsFile(bytes)
/// let weights = try file.floats("classifier.weight", shape: [5, 1024])
/// ```
struct SafetensorsFile: Sendable {
    /// One named array.
    struct Tensor: Sendable {
        let element: Element
        let shape: [Int]
        /// Where its values lie in ``bytes``.
        let range: Range<Int>
    }

    /// The types of number that the demo's model is made of.
    enum Element: String, Sendable {
        case u8 = "U8"
        case u16 = "U16"
        case f16 = "F16"
        case f32 = "F32"

        var width: Int {
            switch self {
            case .u8: 1
            case .u16, .f16: 2
            case .f32: 4
            }
        }
    }

    /// The longest header read, in bytes.
    static let maximumHeaderLength = 65_536

    let bytes: [UInt8]
    let tensors: [String: Tensor]
    let metadata: [String: String]

    /// Reads a whole file.
    init(_ bytes: [UInt8]) throws(SafetensorsError) {
        guard bytes.count >= 8 else { throw SafetensorsError("the file has no header length") }
        var length: UInt64 = 0
        for index in 0..<8 { length |= UInt64(bytes[index]) << UInt64(8 * index) }
        guard length <= Self.maximumHeaderLength, Int(length) <= bytes.count - 8 else {
            throw SafetensorsError("the header length \(length) is out of range")
        }
        let dataStart = 8 + Int(length)
        var header = SafetensorsHeader(bytes[8..<dataStart])
        try header.parse()

        var tensors: [String: Tensor] = [:]
        var end = 0
        for entry in header.entries.sorted(by: { $0.offsets.lowerBound < $1.offsets.lowerBound }) {
            guard let element = Element(rawValue: entry.element) else {
                throw SafetensorsError("tensor `\(entry.name)` has the unknown type `\(entry.element)`")
            }
            guard entry.offsets.lowerBound == end else {
                throw SafetensorsError("tensor `\(entry.name)` leaves a gap or overlaps the one before it")
            }
            guard entry.offsets.upperBound <= bytes.count - dataStart else {
                throw SafetensorsError("tensor `\(entry.name)` ends behind the file")
            }
            guard Self.size(of: entry.shape, width: element.width) == entry.offsets.count else {
                throw SafetensorsError("the shape of tensor `\(entry.name)` does not fit its length")
            }
            end = entry.offsets.upperBound
            tensors[entry.name] = Tensor(
                element: element,
                shape: entry.shape,
                range: dataStart + entry.offsets.lowerBound..<dataStart + entry.offsets.upperBound
            )
        }
        guard end == bytes.count - dataStart else { throw SafetensorsError("bytes follow the last tensor") }
        self.bytes = bytes
        self.tensors = tensors
        self.metadata = header.metadata
    }

    /// The bytes that a shape takes, or nil where that is more than a file can hold.
    private static func size(of shape: [Int], width: Int) -> Int? {
        var size = width
        for extent in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard !overflow else { return nil }
            size = product
        }
        return size
    }
}

extension SafetensorsFile {
    /// The values of a tensor of 16- or 32-bit floating-point numbers.
    func floats(_ name: String, shape: [Int]) throws(SafetensorsError) -> [Float] {
        let tensor = try tensor(name)
        guard tensor.shape == shape else {
            throw SafetensorsError("tensor `\(name)` has the shape \(tensor.shape) and not \(shape)")
        }
        let values: [Float]
        switch tensor.element {
        case .f16:
            values = shorts(in: tensor.range).map { Float(Float16(bitPattern: $0)) }
        case .f32:
            values = stride(from: tensor.range.lowerBound, to: tensor.range.upperBound, by: 4).map { start in
                var pattern: UInt32 = 0
                for index in 0..<4 { pattern |= UInt32(bytes[start + index]) << UInt32(8 * index) }
                return Float(bitPattern: pattern)
            }
        case .u8, .u16:
            throw SafetensorsError("tensor `\(name)` does not hold floating-point numbers")
        }
        guard values.allSatisfy(\.isFinite) else {
            throw SafetensorsError("tensor `\(name)` holds a value that is no number")
        }
        return values
    }

    /// The values of a tensor of 16-bit whole numbers, in the order that they lie in.
    func integers(_ name: String) throws(SafetensorsError) -> [Int] {
        let tensor = try tensor(name)
        guard tensor.element == .u16 else { throw SafetensorsError("tensor `\(name)` does not hold whole numbers") }
        return shorts(in: tensor.range).map(Int.init)
    }

    /// The values of a tensor of bytes.
    func bytes(_ name: String) throws(SafetensorsError) -> ArraySlice<UInt8> {
        let tensor = try tensor(name)
        guard tensor.element == .u8 else { throw SafetensorsError("tensor `\(name)` does not hold bytes") }
        return bytes[tensor.range]
    }

    private func tensor(_ name: String) throws(SafetensorsError) -> Tensor {
        guard let tensor = tensors[name] else { throw SafetensorsError("there is no tensor `\(name)`") }
        return tensor
    }

    private func shorts(in range: Range<Int>) -> [UInt16] {
        stride(from: range.lowerBound, to: range.upperBound, by: 2).map { start in
            UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8
        }
    }
}

/// Why a file is not taken for a model.
struct SafetensorsError: Error, CustomStringConvertible {
    let message: String

    init(_ message: String) { self.message = message }

    var description: String { "the model does not load: \(message)" }
}
