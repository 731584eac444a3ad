/// Writes text so that any reader of YAML reads the same text back.
package enum YAMLText {
    /// A text in double quotes, unless it is a plain word in every version of YAML.
    package static func scalar(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

    /// A text in double quotes.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case " "..."~": result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                let isShort = scalar.value <= 0xffff
                result += isShort ? "\\u" : "\\U"
                result += String(repeating: "0", count: (isShort ? 4 : 8) - digits.count) + digits
            }
        }
        return result + "\""
    }

    /// Words that YAML 1.1 or 1.2 reads as something else than text, in any case.
    private static let special: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]

    private static func isPlain(_ text: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) }
        guard let first = text.utf8.first, let last = text.utf8.last, isLetter(first) || first == UInt8(ascii: "/"),
            last != UInt8(ascii: "/") || text == "/", !special.contains(text.lowercased())
        else { return false }
        return text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || "-._/".utf8.contains($0) }
    }
}
