/// What a GGUF file says of one tensor.
struct GGUFTensor {
    let name: [UInt8]
    /// Where it lies behind the start of the data, and how many bytes it takes.
    let offset, size: UInt64

    var text: String { String(decoding: name, as: UTF8.self) }
}
