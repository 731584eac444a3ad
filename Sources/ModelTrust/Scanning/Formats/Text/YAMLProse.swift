/// Tells prose, words and tables from YAML without reading them as such, which takes ten times as long.
enum YAMLProse {
    /// Whether a text is one plain scalar of YAML from its first sign to its last, or no YAML: it begins with a letter or a
    /// digit, and has no colon before a blank, no comment and nothing that may end a document.
    ///
    /// A plain scalar goes on over any number of lines until one of these comes (YAML 1.2, section 7.3.3).
    static func isOneScalar(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), isWord(bytes[first]) else { return false }
        var before: UInt8 = 0x0A
        for index in first..<bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: ":"):
                // Beyond ASCII are ends of lines that only YAML knows.
                guard index + 1 < bytes.count, isSign(bytes[index + 1]) else { return false }
            case UInt8(ascii: "#"):
                guard isSign(before) else { return false }
            case UInt8(ascii: "-"), UInt8(ascii: "."):
                if !isSign(before), index + 1 < bytes.count, bytes[index + 1] == byte { return false }
            default: break
            }
            before = byte
        }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D }

    private static func isSign(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
