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

    /// C0 and C1 controls but line end and tab, DEL, line and paragraph separators, direction marks, embeddings, overrides
    /// and isolates (Unicode Standard Annex 9, section 2), and what is invisible and changes nothing but a comparison.
    private static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0a: false
        case 0x00..<0x20, 0x7f...0x9f: true
        case 0x061c, 0x200b, 0x200e, 0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff: true
        case 0xe0000...0xe007f: true
        default: false
        }
    }
}
