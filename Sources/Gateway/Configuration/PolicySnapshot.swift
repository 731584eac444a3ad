public import Authorization
import ZeroTrust

/// One generation of policy: an engine, what verifies tokens for it, what is asked of connections, and the digest that
/// records carry.
public final class PolicySnapshot: Sendable {
    /// Decides.
    public let engine: PolicyEngine
    /// Verifies the tokens of requests, or nil where no `RequestAuthentication` selects the workload.
    public let tokens: TokenVerifier?
    /// Whether there are any, which each request asks.
    let verifiesTokens: Bool
    /// Whether connections must be mutual TLS, on each port of the workload.
    public let mutualTLS: MutualTLSRequirement
    /// The SHA-256 of what the engine was made from, in hexadecimal.
    public let digest: String

    /// A generation.
    public init(
        engine: PolicyEngine,
        tokens: TokenVerifier? = nil,
        mutualTLS: MutualTLSRequirement = .strict,
        digest: String
    ) {
        self.engine = engine
        self.tokens = tokens
        self.verifiesTokens = tokens != nil
        self.mutualTLS = mutualTLS
        self.digest = digest
    }
}

extension PolicySnapshot {
    /// Whether a connection is let in that opened as it did.
    ///
    /// Under DISABLE we speak no TLS on any port, so that a connection on which it was spoken is not one of them.
    func admits(_ caller: ClientConnection.Caller?, to destination: Exchange.Endpoint) -> Bool {
        mutualTLS.mode(onPort: destination.port).admits(caller?.peer == nil ? .plaintext : .mutualTLS)
    }
}
