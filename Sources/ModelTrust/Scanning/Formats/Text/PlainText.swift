/// An input that is text: valid UTF-8, no control characters but white space.
struct PlainText {
    /// The longest text that is read whole, in bytes.
    static let longest: UInt64 = 128 << 20

    let bytes: [UInt8]
    private let decoded: Decoded

    /// The text as a string, which is made when it is first asked for: most texts are judged by their bytes.
    var text: String { decoded.text }

    /// Reads an input as text; nil where it is something else.
    init?(_ input: ScanInput) throws(ScanStop) {
        switch input.text {
        case .none: return nil
        case .text(let text): self = text
        case .unknown:
            guard let bytes = try Self.read(input) else {
                input.text = .none
                return nil
            }
            self.bytes = bytes
            decoded = Decoded(bytes)
            input.text = .text(self)
        }
    }

    private static func read(_ input: ScanInput) throws(ScanStop) -> [UInt8]? {
        guard input.size <= longest else { return nil }
        // Most of what is no text shows it at once.
        let head = try input.head(4096)
        guard !hasControls(head) else { return nil }
        let bytes = try input.head(Int(input.size))
        return !hasControls(bytes) && isUTF8(bytes) ? bytes : nil
    }

    /// Whether bytes are UTF-8, without making a string of them.
    static func isUTF8(_ bytes: [UInt8]) -> Bool { (try? UTF8Span(validating: bytes.span)) != nil }

    /// The beginning of an input that may be text; nil where it cannot be.
    ///
    /// Cheap, for formats that are no text.
    static func head(_ input: ScanInput) throws(ScanStop) -> [UInt8]? {
        let head = try input.head(256)
        return hasControls(head) ? nil : head
    }

    private static func hasControls(_ bytes: [UInt8]) -> Bool {
        // DEL is none of JSON's, whose writers leave it as it is: it stands in vocabularies.
        bytes.contains { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D && $0 != 0x0C }
    }

    private final class Decoded {
        private let bytes: [UInt8]
        private(set) lazy var text = String(decoding: bytes, as: UTF8.self)

        init(_ bytes: [UInt8]) { self.bytes = bytes }
    }
}

/// What is known of an input as a text.
enum KnownText {
    case unknown
    case none
    case text(PlainText)
}
