public import Resources

/// A change of one key or value where it stands; everything around it stays as it is.
public struct LintEdit: Sendable, Hashable {
    /// What is done.
    public enum Change: Sendable, Hashable {
        /// Another text is written in its place; in quotes where it would be no text without.
        case replace(with: String, needsQuotes: Bool)
        /// A value is written after it, in the same list.
        case insertAfter(String)
        /// The value is taken out of its list.
        case remove
    }

    /// Where the key or value begins.
    public let location: SourceLocation
    /// The key or value as it was read.
    public let found: String
    /// What is done.
    public let change: Change

    /// A change at a place.
    public init(_ change: Change, of found: String, at location: SourceLocation) {
        self.change = change
        self.found = found
        self.location = location
    }

    init(_ change: Change, of value: AuthorizationPolicy.LocatedValue) {
        self.init(change, of: value.text, at: value.location)
    }

    init(_ correction: Diagnostic.Correction, at location: SourceLocation) {
        self.init(
            .replace(with: correction.replacement, needsQuotes: correction.kind == .quotes),
            of: correction.found,
            at: location
        )
    }
}
