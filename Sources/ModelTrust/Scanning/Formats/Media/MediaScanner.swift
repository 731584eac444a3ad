/// Pictures and sounds that stand beside a model: PNG, JPEG, GIF, WebP, BMP and WAVE, as in a readme and its examples.
///
/// No loader of models opens them. What is looked at is that they are whole and hold nothing else: every part is of a
/// kind that the format knows, and nothing follows the last.
enum MediaScanner: FormatScanner {
    static let format = "media"

    private enum Kind { case png, jpeg, gif, riff, bitmap }

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool { try kind(input) != nil }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let kind = try kind(input) else { return }
        let end: UInt64
        switch kind {
        case .png: end = try MediaParts.png(input, context)
        case .jpeg: end = try MediaParts.jpeg(input, context)
        case .gif: end = try MediaParts.gif(input, context)
        case .riff: end = try MediaParts.riff(input, context)
        case .bitmap: end = try MediaParts.bitmap(input)
        }
        guard end == input.size else {
            let rest = input.size - end
            context.scan(try input.member("after the end", at: end, count: rest))
            throw ScanStop(rule: "trailing-bytes", offset: end, message: "\(rest) bytes follow its end")
        }
    }

    private static func kind(_ input: ScanInput) throws(ScanStop) -> Kind? {
        let head = try input.head(12)
        if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if head.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if head.starts(with: "GIF87a".utf8) || head.starts(with: "GIF89a".utf8) { return .gif }
        // Two letters are few: its length stands behind them, and zeros.
        if head.count == 12, head.starts(with: "BM".utf8), head[6..<10].elementsEqual([0, 0, 0, 0]),
            (2..<6).reversed().reduce(UInt64(0), { $0 << 8 | UInt64(head[$1]) }) == input.size
        {
            return .bitmap
        }
        guard head.count == 12, head.starts(with: "RIFF".utf8) else { return nil }
        return ["WEBP", "WAVE"].contains { head[8...].elementsEqual($0.utf8) } ? .riff : nil
    }
}
