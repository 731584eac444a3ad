/// Looks for keys that aliases could make too large to be compared.
///
/// libYAML's events know nothing of how large an alias is, and Yams compares the keys of each mapping as wholes while it
/// reads: a key of ten lists of ten aliases each, nine times over, is never compared to its end.
enum YAMLAliases {
    /// How many aliases may be in keys: so few become four times the text at most.
    private static let most = 4
    /// What may stand before a key's `?`, and what may begin a key that is no plain scalar.
    private static let (openers, starters) = (table("-?:{[,"), table("*[{&!"))

    private static func table(_ signs: String) -> [Bool] {
        signs.utf8.reduce(into: [Bool](repeating: false, count: 256)) { $0[Int($1)] = true }
    }

    /// Whether a text has many aliases, and keys that are lists, mappings or aliases themselves.
    static func mayBeKeys(_ bytes: [UInt8]) -> Bool {
        var anchors: Set<ArraySlice<UInt8>> = []
        var (aliases, hasFlow, mayBeKey, mayBeFlowKey) = (0, false, false, false)
        // The last byte that is no white space, and whether it is on the same line.
        var (before, isFirst): (UInt8, Bool) = (0x0A, true)
        let (openers, starters) = (openers, starters)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D:
                isFirst = isFirst || byte == 0x0A || byte == 0x0D
                continue
            case UInt8(ascii: "&"):
                // `R & D` is no anchor, and `* a` no alias but an item of Markdown's.
                let name = name(bytes, at: index)
                if !name.isEmpty { anchors.insert(name) }
            case UInt8(ascii: "*"):
                let name = name(bytes, at: index)
                guard anchors.contains(name) else { break }
                aliases += 1
                mayBeKey = mayBeKey || bytes[name.endIndex...].first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: ":")
            case UInt8(ascii: "?") where isFirst || openers[Int(before)]:
                mayBeKey = true
            case UInt8(ascii: ":"):
                mayBeKey = mayBeKey || before == UInt8(ascii: "]") || before == UInt8(ascii: "}")
            default: break
            }
            if starters[Int(byte)] {
                mayBeKey = mayBeKey || before == UInt8(ascii: "{")
                mayBeFlowKey = mayBeFlowKey || before == UInt8(ascii: ",")
            }
            hasFlow = hasFlow || byte == UInt8(ascii: "{")
            (before, isFirst) = (byte, false)
        }
        return aliases > most && (mayBeKey || mayBeFlowKey && hasFlow)
    }

    private static func name(_ bytes: [UInt8], at index: Int) -> ArraySlice<UInt8> {
        bytes[index...].prefix(while: isName)
    }

    private static func isName(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
