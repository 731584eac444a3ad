/// GGUF, versions 2 and 3: metadata, descriptions of tensors, and their data.
///
/// Every count is held against what is there before it is used, since the readers that people run have allocated by it.
/// Chat templates in the metadata are checked as ``ChatTemplate`` does.
enum GGUFScanner: FormatScanner {
    static let format = "gguf"

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        let head = try input.head(4)
        return head.elementsEqual("GGUF".utf8)
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var reader = GGUFReader(input, context)
        try reader.header()
        for _ in 0..<reader.metadataCount { try reader.metadata() }
        guard reader.keys.contains("general.architecture") || reader.keys.contains("general.type") else {
            throw refusal("gguf-metadata", nil, "it does not say of which architecture it is")
        }
        var tensors: [GGUFTensor] = []
        var names: Set<[UInt8]> = []
        for _ in 0..<reader.tensorCount {
            let tensor = try reader.tensor()
            guard names.insert(tensor.name).inserted else {
                throw refusal("gguf-tensor", tensor.text, "two tensors have the same name")
            }
            tensors.append(tensor)
        }
        try checkData(tensors, reader, input)
    }

    private static func refusal(_ rule: String, _ element: String?, _ message: String) -> ScanStop {
        ScanStop(rule: rule, element: element, message: message)
    }

    /// The tensors lie behind one another, each at its alignment, with nothing but zeros between, up to the file's end.
    private static func checkData(_ tensors: [GGUFTensor], _ reader: GGUFReader, _ input: ScanInput) throws(ScanStop) {
        let alignment = reader.alignment
        func aligned(_ offset: UInt64) throws(ScanStop) -> UInt64 {
            let (sum, over) = offset.addingReportingOverflow(alignment - 1)
            guard !over else { throw refusal("gguf-offset", nil, "an offset is more than 64 bits can count") }
            return sum / alignment * alignment
        }
        let end = reader.cursor.offset
        let start = try aligned(end)
        if tensors.isEmpty {
            guard input.size == end || input.size == start else {
                throw refusal("gguf-trailing", nil, "\(input.size - min(input.size, start)) bytes belong to no tensor")
            }
            return try zeros(from: end, to: input.size, input)
        }
        guard start <= input.size else { throw refusal("truncated", nil, "it ends before its tensors' data") }
        let size = input.size - start
        try zeros(from: end, to: start, input)
        var expected: UInt64 = 0
        for tensor in tensors.sorted(by: { ($0.offset, $0.size) < ($1.offset, $1.size) }) {
            guard tensor.offset % alignment == 0 else {
                throw refusal("gguf-offset", tensor.text, "the tensor does not lie at the alignment of \(alignment)")
            }
            let next = try aligned(expected)
            guard tensor.offset == next else {
                throw refusal(
                    "gguf-offset",
                    tensor.text,
                    "the tensor lies at \(tensor.offset) and \(next) is next: a gap or an overlap"
                )
            }
            guard tensor.offset <= size, tensor.size <= size - tensor.offset else {
                throw refusal("gguf-offset", tensor.text, "the tensor ends behind the file's end")
            }
            try zeros(from: start + expected, to: start + next, input)
            expected = tensor.offset + tensor.size
        }
        let padded = try aligned(expected)
        guard size == expected || size == padded else {
            throw refusal("gguf-trailing", nil, "\(size - expected) bytes belong to no tensor")
        }
        try zeros(from: start + expected, to: input.size, input)
    }

    private static func zeros(from start: UInt64, to end: UInt64, _ input: ScanInput) throws(ScanStop) {
        guard end > start else { return }
        for byte in try input.read(at: start, count: Int(end - start)) where byte != 0 {
            throw ScanStop(rule: "gguf-padding", offset: start, message: "padding holds something but zeros")
        }
    }
}
