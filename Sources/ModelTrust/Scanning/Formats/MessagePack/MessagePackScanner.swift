/// MessagePack as Flax writes its parameters: maps of names to arrays.
///
/// Extension types are where a reader makes something else than data. Flax' own three are taken apart as well: an array's
/// is its shape, its type and its bytes, and they have to agree.
enum MessagePackScanner: FormatScanner {
    static let format = "msgpack"

    /// Bytes after which a value that is a file's, and not the beginning of something else, has not ended.
    private static let least: UInt64 = 64

    /// Whether it begins with a map that has a name for its first key, or is an extension.
    ///
    /// The length that a safetensors file begins with may be the first byte of either: `C8 10` is 4,296 bytes of header,
    /// and an extension of 4,096. What follows an extension no reader takes, and a map of such a length has numbers for
    /// keys, which end at once.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        let head = try input.head(16)
        guard let first = head.first else { return false }
        let isMap = (0x81...0x8F).contains(first) || first == 0xDE || first == 0xDF
        guard isMap || isExtension(head, of: input.size), try PlainText(input) == nil else { return false }
        guard isMap else { return true }
        let place = first == 0xDE ? 3 : first == 0xDF ? 5 : 1
        guard place < head.count, (0xA0...0xBF).contains(head[place]) || (0xD9...0xDB).contains(head[place]) else {
            return false
        }
        let context = ScanContext(scanners: [], budget: ScanBudget(expansion: 0, steps: Int(2 * least)))
        var reader = MessagePackReader(input, context)
        do throws(ScanStop) { try reader.value(0) } catch { if error.rule.hasPrefix("limit-") { return true } }
        return reader.cursor.offset > least || reader.cursor.remaining == 0
    }

    /// Whether it is one extension from its first byte to its last.
    private static func isExtension(_ head: [UInt8], of size: UInt64) -> Bool {
        switch head[0] {
        case 0xC7...0xC9:
            let bytes = 1 << Int(head[0] - 0xC7)
            guard head.count > 1 + bytes else { return false }
            return head[1...bytes].reduce(0) { $0 << 8 | UInt64($1) } == size - UInt64(2 + bytes)
        case 0xD4...0xD8: return size == 2 + 1 << UInt64(head[0] - 0xD4)
        default: return false
        }
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var reader = MessagePackReader(input, context)
        try reader.value(0)
        guard reader.cursor.remaining == 0 else {
            throw ScanStop(rule: "msgpack-trailing", offset: reader.cursor.offset, message: "more follows the value")
        }
    }
}
