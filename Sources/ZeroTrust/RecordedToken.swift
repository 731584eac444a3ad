/// What a verified token said, as far as a record tells: never the token itself.
///
/// Who issued it and whom it is about are always told; of its claims only those that a policy looks at.
public struct RecordedToken: Hashable, Sendable {
    /// The value of a claim.
    public indirect enum Claim: Hashable, Sendable {
        /// A string.
        case text(String)
        /// The strings of a list.
        case list([String])
        /// The members of an object that a policy looks at.
        case members([String: Claim])
    }

    /// Its claim `iss`, or nil where it has none.
    public var issuer: String?
    /// Its claim `sub`, or nil where it has none.
    public var subject: String?
    /// The claims that policies look at, by name.
    public var claims: [String: Claim]

    /// What a token said.
    public init(issuer: String?, subject: String?, claims: [String: Claim] = [:]) {
        self.issuer = issuer
        self.subject = subject
        self.claims = claims
    }
}
