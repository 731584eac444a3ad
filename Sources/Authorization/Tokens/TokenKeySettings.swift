/// On what terms the keys of issuers are fetched.
public struct TokenKeySettings: Sendable, Hashable {
    /// How often keys are fetched.
    public var refresh: Duration
    /// How long keys are believed after they were fetched, while they cannot be fetched again.
    public var lifetime: Duration
    /// A file of certificate authorities, in PEM, that vouch for issuers; nil for those of the system.
    public var authoritiesFile: String?
    /// Whether keys may come over plaintext from loopback.
    public var allowsPlaintext: Bool

    /// The defaults, any of them changed; the first is Istio's.
    public init(
        refresh: Duration = .seconds(20 * 60),
        lifetime: Duration = .seconds(60 * 60),
        authoritiesFile: String? = nil,
        allowsPlaintext: Bool = false
    ) {
        self.refresh = refresh
        self.lifetime = lifetime
        self.authoritiesFile = authoritiesFile
        self.allowsPlaintext = allowsPlaintext
    }
}
