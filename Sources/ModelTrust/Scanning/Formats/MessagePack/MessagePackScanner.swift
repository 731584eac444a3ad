/// MessagePack as Flax writes its parameters: maps of names to arrays.
///
/// Extension types are where a reader makes something else than data. Flax' own three are taken apart as well: an array's
/// is its shape, its type and its bytes, and they have to agree.
enum MessagePackScanner: FormatScanner {
    static let format = "msgpack"

    /// Whether it begins with a map that has a name for its first key, or with an extension.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        let head = try input.head(16)
        guard let first = head.first else { return false }
        let isMap = (0x81...0x8F).contains(first) || first == 0xDE || first == 0xDF
        let isExtension = (0xC7...0xC9).contains(first) || (0xD4...0xD8).contains(first)
        guard isMap || isExtension, try PlainText(input) == nil else { return false }
        guard isMap else { return true }
        let place = first == 0xDE ? 3 : first == 0xDF ? 5 : 1
        guard place < head.count else { return false }
        return (0xA0...0xBF).contains(head[place]) || (0xD9...0xDB).contains(head[place])
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var reader = MessagePackReader(input, context)
        try reader.value(0)
        guard reader.cursor.remaining == 0 else {
            throw ScanStop(rule: "msgpack-trailing", offset: reader.cursor.offset, message: "more follows the value")
        }
    }
}
