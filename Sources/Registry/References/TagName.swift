/// A tag: a name that a repository gives to a manifest and may give to another later.
///
/// A letter, digit or `_`, then at most 127 of these, `.` and `-` (OCI distribution specification).
public struct TagName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The tag.
    public let description: String

    /// Parses a tag; nil where it is none.
    public init?(_ text: some StringProtocol) {
        let isWord = { (byte: UInt8) in
            (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
        }
        guard let first = text.utf8.first, isWord(first), text.utf8.count <= 128,
            text.utf8.allSatisfy({ isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") })
        else { return nil }
        self.description = String(text)
    }

    /// In the order of bytes.
    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
