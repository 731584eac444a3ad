/// One bounded, printable line of what somebody else said, for a log, a record or an answer.
package enum PrintableLine {
    /// At most this many scalars are kept.
    package static let limit = 240

    /// The text with a blank for each scalar that is not printable, cut where it is too long.
    package static func of(_ text: String, limit: Int = limit) -> String {
        let scalars = text.unicodeScalars.prefix(limit).map { isPrintable($0) ? $0 : " " }
        return String(String.UnicodeScalarView(scalars))
    }

    /// Whether a terminal shows a scalar, and shows nothing else differently for it.
    ///
    /// It obeys C0 and C1 controls and DEL, line and paragraph separators, direction marks, embeddings, overrides and
    /// isolates (Unicode Standard Annex 9, section 2); some others are invisible and change nothing but a comparison.
    package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00..<0x20, 0x7f...0x9f: false
        case 0x061c, 0x200b, 0x200e, 0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff: false
        case 0xe0000...0xe007f: false
        default: true
        }
    }
}
