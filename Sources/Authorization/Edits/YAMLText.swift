/// Writes text so that any reader of YAML reads the same text back.
enum YAMLText {
    /// A text in double quotes.
    static func quoted(_ text: String) -> String {
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
}
