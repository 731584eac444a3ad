import ZeroTrust

/// Text as a terminal may have it: what it would obey, or what would show it in another order than it stands, is shown as
/// an escape.
///
/// Names of files, refusals and records quote what others wrote. A control sequence in them could move the cursor over
/// what was said before, a direction mark could turn a name round.
enum TerminalText {
    /// The text with `\\u{…}` for what a terminal would obey; line ends and tabs stay.
    ///
    /// - Parameters:
    ///   - text: what others may have written.
    ///   - keepingColours: whether this program's own colours stay, where it colours at all.
    /// - Returns: what may be written to a terminal.
    static func plain(_ text: String, keepingColours: Bool = false) -> String {
        guard text.unicodeScalars.contains(where: isObeyed) else { return text }
        let kept = keepingColours && Style.isEnabled ? Style.sequences.map { Array($0.unicodeScalars) } : []
        let scalars = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        var place = 0
        while place < scalars.count {
            if let sequence = kept.first(where: { scalars[place...].starts(with: $0) }) {
                result.append(contentsOf: sequence)
                place += sequence.count
                continue
            }
            let scalar = scalars[place]
            if isObeyed(scalar) {
                result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            } else {
                result.append(scalar)
            }
            place += 1
        }
        return String(result)
    }

    /// What is not printable, but line end and tab.
    private static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
        scalar != "\n" && scalar != "\t" && !PrintableLine.isPrintable(scalar)
    }
}
