import Resources

/// Finds where a name stands in the text of an estate, for messages.
struct EstatePlaces {
    let spec: Value?

    /// The first place of a text, as a value or a key, under some fields; nil where it is not there.
    func place(of text: String, under path: [String]) -> SourceLocation? {
        var value = spec
        for name in path {
            guard case .mapping(let entries) = value?.content else { return nil }
            value = entries.first { $0.key == name }?.value
        }
        return value.flatMap { first(text, in: $0) }
    }

    /// The first place of a text in the element of a list that begins at a place.
    func place(of text: String, in list: String, at location: SourceLocation) -> SourceLocation? {
        guard case .mapping(let entries) = spec?.content,
            case .list(let elements) = entries.first(where: { $0.key == list })?.value.content
        else { return nil }
        return elements.first { $0.location == location }.flatMap { first(text, in: $0) }
    }

    private func first(_ text: String, in value: Value) -> SourceLocation? {
        switch value.content {
        case .string(let found):
            // An API is named with its component before it.
            found == text || found.split(separator: ".").contains(where: { $0 == text }) ? value.location : nil
        case .list(let elements): elements.lazy.compactMap { first(text, in: $0) }.first
        case .mapping(let entries):
            entries.lazy.compactMap { $0.key == text ? $0.keyLocation : first(text, in: $0.value) }.first
        case .null, .bool, .number: nil
        }
    }
}
