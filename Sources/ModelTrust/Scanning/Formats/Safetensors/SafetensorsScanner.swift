/// The safetensors format: a length, a JSON header, and tensors that lie without a gap behind it.
///
/// Stricter than the library that everybody uses, which takes duplicate keys, fields that it does not know and white
/// space where the format has none. Tensor data is never looked at: nothing in it is ever run.
enum SafetensorsScanner: FormatScanner {
    static let format = "safetensors"
    /// The longest header that is read: the format allows three times as much, and models of a trillion numbers have a
    /// twentieth of it.
    private static let longestHeader: UInt64 = 32 << 20

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard input.size >= 8 else { return false }
        let head = try input.head(9)
        let binary = head.prefix(8).contains { $0 < 0x09 || $0 >= 0x80 }
        guard binary else { return false }
        if head.count == 9, head[8] == UInt8(ascii: "{") { return true }
        let length = Self.length(head)
        guard length <= Self.longestHeader, length <= input.size - 8 else { return false }
        // A header that begins wrongly is still a header.
        let start = try input.read(at: 8, count: Int(min(length, 16)))
        guard let first = start.first(where: { $0 != 0x20 && $0 != 0x0A && $0 != 0x09 && $0 != 0x0D }) else {
            return false
        }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || start.starts(with: [0xEF, 0xBB, 0xBF])
            || start.elementsEqual("null".utf8)
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        let length = Self.length(try input.head(8))
        guard length <= longestHeader, length <= input.size - 8 else {
            throw refusal(
                "safetensors-header",
                at: 0,
                "the header's length, \(length), is more than there is or may be"
            )
        }
        let header = try input.read(at: 8, count: Int(length))
        guard header.first == UInt8(ascii: "{") else {
            throw refusal("safetensors-header", at: 8, "the header does not begin with a brace")
        }
        var tensors: [SafetensorsTensor] = []
        let metadata = "__metadata__"
        let end = try JSONText.members(header, at: 8, context, opening: metadata, checkMetadata) {
            (member) throws(ScanStop) in
            if member.key.elementsEqual(metadata.utf8) {
                throw refusal(
                    "safetensors-metadata",
                    at: 8 + UInt64(member.value.offset),
                    "the metadata is not an object"
                )
            }
            try checkName(member, input, context)
            tensors.append(try SafetensorsTensor(member))
        }
        for index in end..<header.count where header[index] != 0x20 {
            throw refusal("safetensors-header", at: 8 + UInt64(index), "the header is padded with something but spaces")
        }
        try checkCover(tensors, of: input.size - 8 - length)
    }

    private static func length(_ head: [UInt8]) -> UInt64 {
        head.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func refusal(_ rule: String, at offset: UInt64, _ message: String) -> ScanStop {
        ScanStop(rule: rule, offset: offset, message: message)
    }

    /// Metadata maps strings to strings.
    private static func checkMetadata(_ member: JSONNode.Member) throws(ScanStop) {
        if case .string = member.value.value { return }
        throw ScanStop(
            rule: "safetensors-metadata",
            offset: 8 + UInt64(member.value.offset),
            element: member.name,
            message: "metadata holds something but strings"
        )
    }

    /// A name that is a path out of a folder is a trap for tools that make a file of each tensor.
    private static func checkName(_ member: JSONNode.Member, _ input: ScanInput, _ context: ScanContext)
        throws(ScanStop)
    {
        let parts = member.key.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\")
        }
        let climbs = parts.contains { $0.elementsEqual("..".utf8) }
        let absolute = member.key.first == UInt8(ascii: "/") || member.key.contains(UInt8(ascii: "\\"))
        guard climbs || absolute || member.key.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return }
        try context.add(
            ScanFinding(
                rule: "safetensors-name",
                verdict: .notProven,
                path: input.path,
                offset: 8 + UInt64(member.value.offset),
                element: String(member.name.unicodeScalars.prefix(200).map { $0.value < 0x20 ? "?" : Character($0) }),
                message: "the tensor's name is a path out of its folder, or holds a control character"
            )
        )
    }

    /// The tensors cover the data from its first byte to its last, in order, without gap or overlap.
    private static func checkCover(_ tensors: [SafetensorsTensor], of size: UInt64) throws(ScanStop) {
        var expected: UInt64 = 0
        for tensor in tensors.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            guard tensor.start == expected, tensor.end >= tensor.start else {
                throw ScanStop(
                    rule: "safetensors-offsets",
                    offset: 8 + tensor.place,
                    message: "the tensor begins at \(tensor.start) where \(expected) is next: a gap or an overlap"
                )
            }
            expected = tensor.end
        }
        guard expected == size else {
            throw ScanStop(
                rule: "safetensors-offsets",
                message: "the tensors take \(expected) bytes and \(size) follow the header"
            )
        }
    }
}
