/// Text as a page may have it: what markup would obey is escaped, and what would hide, or turn the text around, is shown.
///
/// Names of callers, paths and models are what others wrote. A mark of direction in one could show it in another order
/// than it stands, and an invisible character could make two names look the same.
package enum VisibleText {
    /// The text with the five characters of markup as references, and `⟨U+…⟩` for what cannot be seen.
    ///
    /// - Parameters:
    ///   - text: what others may have written.
    ///   - keepingLines: whether line ends and tabs stay.
    /// - Returns: what may stand in an element or in a quoted attribute.
    static func escaped(_ text: String, keepingLines: Bool) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n" where keepingLines, "\t" where keepingLines: result.unicodeScalars.append(scalar)
            default: append(scalar, to: &result)
            }
        }
        return result
    }

    /// The text with what cannot be seen shown, for what is put into a page as text by our own script.
    package static func plain(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars { append(scalar, to: &result) }
        return result
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
        guard isHidden(scalar) else { return result.unicodeScalars.append(scalar) }
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "⟨U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "⟩"
    }

    /// Controls, marks of direction and other formats, separators of lines, and what Unicode assigns to nobody.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
        case .spaceSeparator: return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
