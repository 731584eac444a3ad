/// What stands in the place of a value.
enum Replacement {
    static func of(
        _ value: ArraySlice<UInt8>,
        action: OutputPolicy.Action,
        type: EntityType?,
        label: String,
        keys: OutputKeys,
        vault: ValueVault?
    ) -> [UInt8] {
        switch action {
        case .mask(let last): return mask(value, showing: last)
        case .hash: return marked(label, keys.hash(value, label: label))
        case .encrypt:
            guard let sealed = keys.encrypt(value, label: label) else { break }
            return marked(label, sealed)
        case .tokenise:
            guard let token = vault?.token(for: Array(value), type: type, label: label, keys: keys) else { break }
            return token
        case .redact, .flag, .block: break
        }
        return Array("[\(label)]".utf8)
    }

    private static func marked(_ label: String, _ text: [UInt8]) -> [UInt8] {
        Array("[\(label):".utf8) + text + [UInt8(ascii: "]")]
    }

    /// Letters and digits become `*`, but for the last ones; a code point beyond ASCII is one.
    private static func mask(_ value: ArraySlice<UInt8>, showing last: Int) -> [UInt8] {
        var left = value.count { UnitClass.isAlphanumeric($0) || $0 >= 0xC0 } - max(0, last)
        var output: [UInt8] = []
        var isHiding = false
        for byte in value {
            if byte & 0xC0 == 0x80 {
                if !isHiding { output.append(byte) }
            } else if UnitClass.isAlphanumeric(byte) || byte >= 0xC0 {
                isHiding = left > 0
                left -= 1
                output.append(isHiding ? UInt8(ascii: "*") : byte)
            } else {
                isHiding = false
                output.append(byte)
            }
        }
        return output
    }
}
