/// The name of a repository (OCI distribution specification, "Pulling manifests").
///
/// Components of lower-case letters and digits, joined by `.`, `_`, `__` or hyphens, and separated by `/`; at most 255
/// bytes. It can therefore never leave the directory or the URL that it is put into.
public struct RepositoryName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name.
    public let description: String

    /// Parses a name; nil where it is none.
    public init?(_ text: some StringProtocol) {
        guard (1...255).contains(text.utf8.count) else { return nil }
        for component in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard Self.isComponent(Array(component)) else { return nil }
        }
        self.description = String(text)
    }

    /// The components.
    public var components: [Substring] { description.split(separator: "/") }

    private static func isComponent(_ bytes: [UInt8]) -> Bool {
        let isAlphanumeric = { (byte: UInt8) in (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) }
        guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last) else {
            return false
        }
        var index = 0
        while index < bytes.count {
            if isAlphanumeric(bytes[index]) {
                index += 1
                continue
            }
            let start = index
            while index < bytes.count, !isAlphanumeric(bytes[index]) { index += 1 }
            let separator = bytes[start..<index]
            let isOne = separator.elementsEqual(".".utf8) || separator.elementsEqual("_".utf8)
            guard isOne || separator.elementsEqual("__".utf8) || separator.allSatisfy({ $0 == UInt8(ascii: "-") })
            else { return false }
        }
        return true
    }

    /// In the order of bytes.
    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
