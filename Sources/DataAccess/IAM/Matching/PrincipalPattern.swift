/// An element of `Principal` or `NotPrincipal`.
public struct PrincipalPattern: Hashable, Sendable {
    /// What kind of principal is named.
    public enum Kind: String, Hashable, Sendable {
        /// Accounts, users, roles and sessions.
        case aws = "AWS"
        /// Services.
        case service = "Service"
        /// Identity providers.
        case federated = "Federated"
        /// Canonical users of S3.
        case canonicalUser = "CanonicalUser"
    }

    /// What kind of principal is named.
    public let kind: Kind
    /// The name as written.
    public let text: String
    private let named: RequestPrincipal

    init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
        self.named = RequestPrincipal(text)
    }

    /// How a name fits a principal.
    public enum Match: Hashable, Sendable {
        /// Not at all.
        case none
        /// By the account, which leaves it to the account's own policies.
        case account
        /// By the role that the session is of.
        case sessionRole
        /// By its own name.
        case direct
        /// By `*`.
        case everyone
        /// By the name of another session of the same role.
        case otherSession(String)
    }

    /// Whether everyone is named.
    var isEveryone: Bool { text == "*" && kind == .aws }

    /// How this fits a principal.
    public func match(_ principal: RequestPrincipal) -> Match {
        if text == "*" {
            switch (kind, principal) {
            case (.aws, _), (.service, .service): return .everyone
            default: return .none
            }
        }
        switch principal {
        case .anonymous: return .none
        case .service(let name): return kind == .service && text == name ? .direct : .none
        case .other(let name): return text == name ? .direct : .none
        default: break
        }
        guard kind == .aws, let account = principal.account else { return .none }
        if text == account { return .account }
        switch (named, principal) {
        case (.root(_, let named), _): return named == account ? .account : .none
        case (.role(_, account, let name), .session(_, _, let role, _)):
            // A session's ARN has no path, and IAM's names are the same in upper and lower case.
            return name.lowercased() == role.lowercased() ? .sessionRole : .none
        case (.session(let arn, account, let name, let session), .session(let requested, _, let role, _)):
            if arn == requested { return .direct }
            return name.lowercased() == role.lowercased() ? .otherSession(session) : .none
        case (.session(_, account, let name, let session), .role(_, _, let role)):
            return name.lowercased() == role.lowercased() ? .otherSession(session) : .none
        default: return text == principal.description ? .direct : .none
        }
    }
}
