import ZeroTrust

/// The texts of the records that were read last: the next record often has the same, and then no text is made anew.
///
/// ```swift
/// let texts = RecordTexts()
/// for entry in entries { take(try entry.record(knowing: texts)) }
/// ```
public final class RecordTexts {
    /// Few enough to stay in the processor's caches: who makes texts meet in one place makes them be read again, and no
    /// more.
    private static let count = 64
    private var texts = [String?](repeating: nil, count: count)
    private var ids = [SPIFFEID?](repeating: nil, count: count)

    /// Knows no text yet.
    public init() {}

    /// A text that stands in a record as it is, without escapes; nil where another was seen last under its name and length.
    func text(_ name: StaticString, _ bytes: [UInt8], _ range: Range<Int>) -> String? {
        guard let text = texts[Self.place(name, range.count)] else { return nil }
        return Self.isSame(text, bytes, range) ? text : nil
    }

    /// Keeps a text, given how many bytes it takes in the record: with escapes these are more than its own.
    func keep(_ text: String, _ name: StaticString, count: Int) {
        guard text.utf8.count == count else { return }
        texts[Self.place(name, count)] = text
    }

    /// The ID of a text, as read before or now.
    func id(_ text: String) throws(SPIFFEIDError) -> SPIFFEID {
        // Names differ at their ends more than anywhere else.
        let place = text.utf8.suffix(4).reduce(text.utf8.count) { ($0 &* 31) ^ Int($1) } & (Self.count - 1)
        // Texts that Swift takes for the same may differ, but not in what is ASCII throughout: then their lengths do.
        if let id = ids[place], id.description.utf8.count == text.utf8.count, id.description == text { return id }
        let id = try SPIFFEID(text)
        ids[place] = id
        return id
    }

    private static func place(_ name: StaticString, _ count: Int) -> Int {
        // Where the literal lies tells the members apart; nothing is read there.
        let address = unsafe Int(bitPattern: name.utf8Start)
        return (address ^ address >> 6 ^ count &* 7) & (Self.count - 1)
    }

    private static func isSame(_ text: String, _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        var text = text
        guard text.utf8.count == range.count else { return false }
        return text.withUTF8 { known in
            // Both have as many bytes, and are only read within the closures.
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe known.elementsEqual(UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
        }
    }
}
