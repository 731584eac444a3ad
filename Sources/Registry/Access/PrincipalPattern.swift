public import ZeroTrust

/// Whom a rule is about: one SPIFFE ID, or all whose ID begins with a path and `/`.
public struct PrincipalPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as written.
    public let description: String
    private let prefix: String?

    /// Parses a SPIFFE ID, or one that ends with `/*`; nil for anything else.
    public init?(_ text: String) {
        if text.hasSuffix("/*") {
            let path = String(text.dropLast(2))
            guard (try? SPIFFEID(path)) != nil else { return nil }
            self.prefix = path + "/"
        } else {
            guard (try? SPIFFEID(text)) != nil else { return nil }
            self.prefix = nil
        }
        self.description = text
    }

    /// Whether an ID is meant.
    public func matches(_ id: SPIFFEID) -> Bool {
        let text = id.description
        return prefix.map { text.hasPrefix($0) && text.utf8.count > $0.utf8.count } ?? (text == description)
    }
}
