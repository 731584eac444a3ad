import Resources

/// Names of repositories or tags, in which `*` stands for any part of a component and `**` for any components.
///
/// ```swift
/// PathPattern("fraud/*")   // fraud/scorer, and not fraud/scorer/draft
/// PathPattern("fraud/**")  // both
/// PathPattern("v*")        // v1, v2.3
/// ```
public struct PathPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as written.
    public let description: String
    private let components: [Substring]

    /// Parses a pattern; nil where it is empty, has an empty component, or a character that no name has.
    public init?(_ text: String) {
        let components = text.split(separator: "/", omittingEmptySubsequences: false)
        let isAllowed = { (byte: UInt8) in
            (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "._-*".utf8.contains(byte)
        }
        guard text.utf8.count <= 255, components.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isAllowed) }),
            components.allSatisfy({ !$0.contains("**") || $0 == "**" }),
            components.count(where: { $0 == "**" }) <= 1
        else { return nil }
        self.description = text
        self.components = components
    }

    /// Whether a name is meant.
    public func matches(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let rest = components.firstIndex(of: "**") else {
            return parts.count == components.count && zip(components, parts).allSatisfy(Self.matches)
        }
        let tail = components.count - rest - 1
        guard parts.count > rest + tail else { return false }
        return zip(components[..<rest], parts).allSatisfy(Self.matches)
            && zip(components.suffix(tail), parts.suffix(tail)).allSatisfy(Self.matches)
    }

    private static func matches(_ pattern: Substring, _ text: Substring) -> Bool {
        Wildcard.matches(pattern.utf8, text.utf8)
    }
}
