public import ZeroTrust

/// Whose word counts: one identity, or all below a path.
///
/// `spiffe://cluster.local/ns/ml-eval/sa/evaluation` is that identity and no other;
/// `spiffe://cluster.local/ns/ml-eval/*` is every identity whose path begins so. The trust domain is never a pattern.
public struct IdentityPattern: Hashable, Sendable {
    /// The pattern as it was written.
    public let text: String

    /// A pattern; nil where it is empty, or has `*` anywhere but behind the last `/` of a path.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 2048 else { return nil }
        if let star = text.firstIndex(of: "*") {
            guard text.index(after: star) == text.endIndex, text.hasSuffix("/*"), text.hasPrefix("spiffe://"),
                text.dropFirst(9).dropLast(2).contains("/")
            else { return nil }
        }
        self.text = text
    }

    /// A pattern of SPIFFE IDs alone: one, or the beginning of some and `/*`; nil for anything else.
    public init?(spiffe text: String) {
        let id = text.hasSuffix("/*") ? String(text.dropLast(2)) : text
        guard (try? SPIFFEID(id)) != nil else { return nil }
        self.text = text
    }

    /// Whether a SPIFFE ID fits.
    public func matches(_ id: SPIFFEID) -> Bool { matches(id.description) }

    /// Whether an identity that was verified fits.
    public func matches(_ identity: String) -> Bool {
        guard text.hasSuffix("*") else { return text.utf8.elementsEqual(identity.utf8) }
        return identity.utf8.count > text.utf8.count - 1 && identity.utf8.starts(with: text.utf8.dropLast())
    }
}

extension IdentityPattern: CustomStringConvertible {
    /// The pattern as it was written.
    public var description: String { text }
}

extension [IdentityPattern] {
    /// Whether one of them fits.
    func match(_ identity: String) -> Bool { contains { $0.matches(identity) } }
}
