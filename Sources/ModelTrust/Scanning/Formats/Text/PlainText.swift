/// An input that is text: valid UTF-8, no control characters but white space.
struct PlainText {
    /// The longest text that is read whole, in bytes.
    static let longest: UInt64 = 64 << 20

    let text: String
    let bytes: [UInt8]

    /// Reads an input as text; nil where it is something else.
    init?(_ input: ScanInput) throws(ScanStop) {
        guard input.size <= Self.longest else { return nil }
        // Most of what is no text shows it at once.
        let head = try input.head(4096)
        guard !Self.hasControls(head[...]) else { return nil }
        let bytes = try input.head(Int(input.size))
        guard !Self.hasControls(bytes[...]), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        self.text = text
        self.bytes = bytes
    }

    /// The beginning of an input that may be text; nil where it cannot be.
    ///
    /// Cheap, for formats that are no text.
    static func head(_ input: ScanInput) throws(ScanStop) -> [UInt8]? {
        let head = try input.head(256)
        return hasControls(head[...]) ? nil : head
    }

    private static func hasControls(_ bytes: ArraySlice<UInt8>) -> Bool {
        // DEL is none of JSON's, whose writers leave it as it is: it stands in vocabularies.
        bytes.contains { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D && $0 != 0x0C }
    }
}
