/// What a safetensors header says of one tensor, after its shape was held against its bytes.
struct SafetensorsTensor {
    /// Bits of one element by type.
    private static let bits: [String: UInt64] = [
        "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
        "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
        "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64,
        "U64": 64,
    ]

    /// Where the header describes it.
    let place: UInt64
    /// Where its first byte lies behind the header, and where its last byte has been.
    let start, end: UInt64

    /// Reads a member of the header: `dtype`, `shape` and `data_offsets`, each once and nothing else.
    init(_ member: JSONNode.Member) throws(ScanStop) {
        func refusal(_ message: String) -> ScanStop {
            ScanStop(
                rule: "safetensors-tensor",
                offset: 8 + UInt64(member.value.offset),
                element: String(member.name.prefix(200)),
                message: message
            )
        }
        let node = member.value
        guard let fields = node.members, fields.count == 3, let type = node["dtype"]?.text,
            let shape = node["shape"]?.elements, let offsets = node["data_offsets"]?.elements
        else { throw refusal("a tensor has a dtype, a shape and data_offsets, and nothing else") }
        guard let bits = Self.bits[type] else { throw refusal("the type `\(type.prefix(40))` is not known") }
        guard offsets.count == 2, let start = offsets[0].unsigned, let end = offsets[1].unsigned, start <= end else {
            throw refusal("data_offsets are two whole numbers, the first not above the second")
        }
        var count: UInt64 = 1
        for dimension in shape {
            guard let size = dimension.unsigned else { throw refusal("a dimension is not a whole number") }
            let (product, over) = count.multipliedReportingOverflow(by: size)
            guard !over else { throw refusal("the shape is more than 64 bits can count") }
            count = product
        }
        let (total, over) = count.multipliedReportingOverflow(by: bits)
        guard !over, total % 8 == 0, total / 8 == end - start else {
            throw refusal("the shape and the type do not take the bytes that data_offsets give")
        }
        (place, self.start, self.end) = (UInt64(node.offset), start, end)
    }
}
