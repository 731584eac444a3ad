/// A choice of headers by name: exact, `prefix*` or `*suffix`, without regard to case.
struct HeaderSelection: Hashable, Sendable {
    private let patterns: [String]

    init(_ patterns: [String]) {
        self.patterns = patterns.map { $0.lowercased() }
    }

    var isEmpty: Bool { patterns.isEmpty }

    /// Whether a header, by its name in lower case, is chosen.
    func contains(_ name: String) -> Bool {
        patterns.contains { pattern in
            if pattern.hasPrefix("*") { return name.hasSuffix(pattern.dropFirst()) }
            if pattern.hasSuffix("*") { return name.hasPrefix(pattern.dropLast()) }
            return name == pattern
        }
    }

    /// Whether a text is a pattern.
    static func isPattern(_ text: String) -> Bool {
        let name = text.hasPrefix("*") ? text.dropFirst() : text.hasSuffix("*") ? text.dropLast() : text[...]
        return text == "*" || !name.isEmpty && name.utf8.allSatisfy { ByteClass.isToken($0) && $0 != UInt8(ascii: "*") }
    }
}
