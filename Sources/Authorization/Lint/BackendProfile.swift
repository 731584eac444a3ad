/// Which spellings of a path a kind of server takes for the same resource.
///
/// A policy that denies one spelling is passed by another wherever the server behind folds the two. The profiles say
/// what the servers do as they come; a profile that folds too much costs a warning, one that folds too little a hole.
public enum BackendProfile: String, Sendable, Codable, CaseIterable {
    /// Nothing is known: any spelling may be folded.
    case unknown
    /// Every spelling is a resource of its own.
    case exact
    /// nginx: merges slashes and decodes `%2F` before it looks for a location.
    case nginx
    /// Tomcat and what runs in it: cuts `;parameters` off, merges slashes.
    case tomcat
    /// IIS: ignores case, merges and decodes slashes.
    case iis
    /// Express: ignores case and a slash at the end, unless told otherwise.
    case express
    /// Starlette and FastAPI on an ASGI server: decodes `%2F`, redirects for a slash at the end.
    case starlette

    /// A way to spell a path differently.
    enum Folding: CaseIterable { case doubledSlash, encodedSlash, letterCase, parameters, trailingSlash }

    /// Whether the server takes spellings that differ so for the same.
    func folds(_ folding: Folding) -> Bool {
        switch self {
        case .unknown: true
        case .exact: false
        case .nginx: folding == .doubledSlash || folding == .encodedSlash
        case .tomcat: folding == .doubledSlash || folding == .parameters || folding == .trailingSlash
        case .iis: folding != .parameters
        case .express: folding == .letterCase || folding == .trailingSlash
        case .starlette: folding == .encodedSlash || folding == .trailingSlash
        }
    }
}
