public import SPIFFE
public import ZeroTrust

/// What a ``TokenVerifier`` finds of a request's tokens.
public enum TokenVerdict: Sendable {
    /// There is no token; the request proves nothing by one and may still be allowed.
    case absent
    /// The token is valid.
    case verified(RequestIdentity)
    /// There is a token that is not valid: answer 401.
    case refused(TokenRefusal)

    /// Why the token is refused, where it is.
    public var refusal: TokenRefusal? { if case .refused(let refusal) = self { refusal } else { nil } }

    /// What a valid token proves.
    public var identity: RequestIdentity? { if case .verified(let identity) = self { identity } else { nil } }
}

/// What becomes of a verified token's places, and which headers carry what it says upstream.
public struct TokenForwarding: Sendable, Hashable {
    /// The headers, in lower case, that do not go upstream since the token stands in them.
    public var removedHeaders: [String] = []
    /// The query parameters that do not go upstream.
    public var removedParameters: [String] = []
    /// The cookies that do not go upstream.
    public var removedCookies: [String] = []
    /// The headers to set.
    public var setHeaders: [Exchange.Header] = []

    /// Nothing changes.
    public init() {}

    /// A path without the query parameters that do not go upstream.
    public func path(_ path: String) -> String {
        guard !removedParameters.isEmpty, let mark = path.firstIndex(of: "?") else { return path }
        let kept = path[mark...].dropFirst().split(separator: "&", omittingEmptySubsequences: false).filter { pair in
            !removedParameters.contains(TokenRequest.decoded(pair.prefix { $0 != "=" }))
        }
        return kept.isEmpty ? String(path[..<mark]) : path[...mark] + kept.joined(separator: "&")
    }
}
