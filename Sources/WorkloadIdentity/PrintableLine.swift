/// One bounded, printable line of what somebody else said, for a log, a record or an answer.
enum PrintableLine {
    /// At most this many scalars are kept.
    static let limit = 240

    /// The text without control characters, cut where it is too long.
    static func of(_ text: String) -> String {
        let printable = text.unicodeScalars.prefix(limit).map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }
        return String(String.UnicodeScalarView(printable))
    }
}
