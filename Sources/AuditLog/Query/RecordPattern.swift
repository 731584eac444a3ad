/// What a value has to be: a text, in which `*` stands for any number of characters.
public struct RecordPattern: Hashable, Sendable {
    /// The pattern as it was written.
    public let text: String

    /// A pattern.
    public init(_ text: String) {
        self.text = text
    }

    /// Whether it stands for one text alone.
    public var isExact: Bool { !text.utf8.contains(UInt8(ascii: "*")) }

    /// Whether a value is one that the pattern stands for.
    ///
    /// It takes no more steps than the product of both lengths.
    public func matches(_ value: String) -> Bool {
        let (pattern, value) = (Array(text.utf8), Array(value.utf8))
        var (index, position) = (0, 0)
        var star: (index: Int, position: Int)?
        while position < value.count {
            if index < pattern.count, pattern[index] == UInt8(ascii: "*") {
                star = (index, position)
                index += 1
            } else if index < pattern.count, pattern[index] == value[position] {
                index += 1
                position += 1
            } else if let last = star {
                index = last.index + 1
                position = last.position + 1
                star = (last.index, position)
            } else {
                return false
            }
        }
        return pattern[index...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
