import Resources

/// A pattern for the names of models: `*` stands for any characters, none included.
public struct NamePattern: Hashable, Sendable {
    /// The pattern as it was written.
    public let text: String

    /// A pattern; nil where it is empty or longer than 512 bytes.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 512 else { return nil }
        self.text = text
    }

    /// Whether a name fits; in time proportional to the two lengths' product at the most.
    public func matches(_ name: String) -> Bool { Wildcard.matches(text.utf8, name.utf8) }
}
