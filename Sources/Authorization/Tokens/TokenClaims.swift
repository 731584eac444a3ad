import SPIFFE

/// What a token says of its bearer, in the form in which policies look at it.
///
/// Anyone may make claims up, for a hypothetical request; what a verified token said is a ``RequestIdentity``.
///
/// ```swift
/// let claims = TokenClaims(["iss": .text("https://issuer.example"), "sub": .text("alice"), "groups": .list([.text("ml")])])
/// ```
///
/// Copying claims is cheap, and looking one up allocates nothing.
public struct TokenClaims: Sendable {
    /// The value of a claim.
    public indirect enum Claim: Sendable, Hashable {
        /// A string.
        case text(String)
        /// A list; of its elements only strings ever match.
        case list([Claim])
        /// An object.
        case members([String: Claim])
        /// A number, a boolean or null, as written; it never matches.
        case other(String)
    }

    /// The claims whose text is always a list of words.
    public static let spaceDelimited: Set<String> = ["scope", "permission"]

    private let content: Content

    private final class Content: Sendable {
        let members: [String: Claim]
        let issuer: Claim?
        let subject: Claim?
        let audience: Claim?
        let presenter: Claim?

        init(_ members: [String: Claim]) {
            self.members = members
            self.issuer = members["iss"]
            self.subject = members["sub"]
            self.audience = members["aud"]
            self.presenter = members["azp"]
        }
    }

    /// Claims by their names.
    ///
    /// - Parameters:
    ///   - members: the claims of the token's payload.
    ///   - spaceDelimited: the names of those whose text is a list of words with spaces between them.
    public init(_ members: [String: Claim], spaceDelimited: Set<String> = TokenClaims.spaceDelimited) {
        var members = members
        for name in spaceDelimited {
            guard case .text(let text) = members[name] else { continue }
            members[name] = .list(text.split(separator: " ").map { .text(String($0)) })
        }
        self.content = Content(members)
    }

    /// Claims from the text of a token's payload, a JSON object; nil where it is none or is ambiguous.
    public init?(json text: String, spaceDelimited: Set<String> = TokenClaims.spaceDelimited) {
        guard let members = (try? StrictJSON(Array(text.utf8)))?.object else { return nil }
        self.init(members.mapValues(Claim.init), spaceDelimited: spaceDelimited)
    }

    /// The claims by their names.
    public var members: [String: Claim] { content.members }

    /// Who issued the token: its claim `iss`, where that is a string.
    public var issuer: String? { content.issuer?.text }

    /// Whom the token is about: its claim `sub`, where that is a string.
    public var subject: String? { content.subject?.text }

    /// For whom the token is meant: its claim `aud`.
    public var audience: Claim? { content.audience }

    /// For whom the token is meant, as a list.
    public var audiences: [String] { content.audience?.texts ?? [] }

    /// To whom the token was issued: its claim `azp`.
    public var presenter: Claim? { content.presenter }

    /// The claim that some names lead to, the outermost first.
    public func claim(at path: [String]) -> Claim? {
        guard !path.isEmpty, var claim = content.members[path[0]] else { return nil }
        var depth = 1
        while depth < path.count {
            guard case .members(let members) = claim, let next = members[path[depth]] else { return nil }
            claim = next
            depth += 1
        }
        return claim
    }
}

extension TokenClaims: Hashable {
    /// Whether both make the same claims.
    public static func == (left: Self, right: Self) -> Bool {
        left.content === right.content || left.content.members == right.content.members
    }

    /// Feeds the claims to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(content.members)
    }
}

extension TokenClaims.Claim {
    /// The string, or nil where the claim is none.
    public var text: String? { if case .text(let text) = self { text } else { nil } }

    /// The string, or the strings of the list.
    public var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .list(let elements): elements.compactMap(\.text)
        default: []
        }
    }

    init(_ json: StrictJSON) {
        switch json {
        case .null: self = .other("null")
        case .bool(let flag): self = .other("\(flag)")
        case .integer(let number): self = .other("\(number)")
        case .number(let text): self = .other(text)
        case .string(let text): self = .text(text)
        case .array(let elements): self = .list(elements.map(Self.init))
        case .object(let members): self = .members(members.mapValues(Self.init))
        }
    }
}
