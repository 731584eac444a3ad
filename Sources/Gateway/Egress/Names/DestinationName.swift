/// A host name that a caller may ask for: lower-case letters, digits and hyphens in labels, and nothing that any resolver
/// would take for an address.
///
/// What several programs could read in several ways is refused, so that the name that was checked is the name that is
/// resolved and the name that the server is asked for.
public struct DestinationName: Hashable, Sendable {
    /// The name, in lower case and without a final dot.
    public let text: String

    /// The labels, from the left.
    public var labels: [Substring] { text.split(separator: ".") }

    private init(text: String) {
        self.text = text
    }

    /// The longest name (RFC 1035 §2.3.4, less the root and the length bytes).
    static let maximumLength = 253

    /// Reads a name.
    public static func parse(_ name: some StringProtocol) -> Result<DestinationName, EgressRefusal> {
        let bytes = Array(name.utf8)
        guard !bytes.isEmpty else { return .failure(EgressRefusal(.badName)) }
        if bytes.contains(where: { $0 >= 0x80 }) { return .failure(EgressRefusal(.nonASCIIName)) }
        if bytes.contains(UInt8(ascii: "@")) { return .failure(EgressRefusal(.userInfo)) }
        // Brackets, colons and zone ids are notations of addresses alone.
        if bytes.contains(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: ":") }) {
            return .failure(EgressRefusal(.ipLiteral))
        }
        guard bytes.count <= maximumLength + 1 else { return .failure(EgressRefusal(.badName)) }
        if isAddress(bytes) { return .failure(EgressRefusal(.ipLiteral)) }
        if bytes.last == UInt8(ascii: ".") { return .failure(EgressRefusal(.trailingDot)) }
        guard bytes.count <= maximumLength else { return .failure(EgressRefusal(.badName)) }
        for label in bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-"),
                label.allSatisfy(isLabelByte)
            else { return .failure(EgressRefusal(.badName)) }
        }
        return .success(DestinationName(text: String(decoding: bytes.map(lowercased), as: UTF8.self)))
    }

    /// Whether a label is punycode (RFC 5890 §2.3.2.1), or of the form that is kept for such encodings.
    var hasPunycode: Bool {
        labels.contains { label in
            let bytes = Array(label.utf8.prefix(4))
            return bytes.count == 4 && bytes[2] == UInt8(ascii: "-") && bytes[3] == UInt8(ascii: "-")
        }
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        ByteClass.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || byte == UInt8(ascii: "-")
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    /// Whether a resolver would read the text as an IPv4 address: `inet_aton` and browsers do so wherever the last label
    /// is a number, be it decimal, octal or hexadecimal.
    private static func isAddress(_ bytes: [UInt8]) -> Bool {
        var labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        guard let last = labels.last, !last.isEmpty else { return false }
        if last.allSatisfy(ByteClass.isDigit) { return true }
        guard last.count >= 2, last.first == UInt8(ascii: "0"), last.dropFirst().first.map({ $0 | 0x20 }) == 0x78 else {
            return false
        }
        return last.dropFirst(2).allSatisfy { ByteClass.hexValue($0) != nil }
    }
}

extension DestinationName: CustomStringConvertible {
    /// The name.
    public var description: String { text }
}
