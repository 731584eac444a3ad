public import Authorization

/// One generation of policy: an engine, what verifies tokens for it, and the digest that records carry.
public final class PolicySnapshot: Sendable {
    /// Decides.
    public let engine: PolicyEngine
    /// Verifies the tokens of requests, or nil where no `RequestAuthentication` selects the workload.
    public let tokens: TokenVerifier?
    /// The SHA-256 of what the engine was made from, in hexadecimal.
    public let digest: String

    /// A generation.
    public init(
        engine: PolicyEngine,
        tokens: TokenVerifier? = nil,
        digest: String
    ) {
        self.engine = engine
        self.tokens = tokens
        self.digest = digest
    }
}
