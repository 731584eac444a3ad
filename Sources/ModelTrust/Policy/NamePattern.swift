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
    public func matches(_ name: String) -> Bool {
        let (pattern, name) = (Array(text.utf8), Array(name.utf8))
        let star = UInt8(ascii: "*")
        var (at, place) = (0, 0)
        var retry: (pattern: Int, name: Int)?
        while place < name.count {
            if at < pattern.count, pattern[at] == star {
                retry = (at + 1, place)
                at += 1
            } else if at < pattern.count, pattern[at] == name[place] {
                at += 1
                place += 1
            } else if let last = retry {
                retry = (last.pattern, last.name + 1)
                (at, place) = (last.pattern, last.name + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == star }
    }
}
