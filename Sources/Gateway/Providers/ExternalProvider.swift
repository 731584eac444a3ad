package import Authorization
public import Resources

/// An external service that CUSTOM policies may ask, and how it is asked.
///
/// It is written as in Istio's mesh configuration, in a `Gateway`:
///
/// ```yaml
/// extensionProviders:
///   - name: opa
///     envoyExtAuthzGrpc: { unixSocket: /run/opa.sock, timeout: 250ms }
///   - name: sessions
///     envoyExtAuthzHttp:
///       service: sessions.ml-auth.svc.cluster.local
///       port: 8443
///       spiffeID: spiffe://cluster.local/ns/ml-auth/sa/sessions
///       includeRequestHeadersInCheck: [cookie]
/// ```
///
/// It is reached as an upstream is: over a Unix socket, or with mutual TLS by the service of one SPIFFE ID; plaintext on
/// loopback has to be asked for.
public struct ExternalProvider: Hashable, Sendable {
    /// How the service is spoken to.
    package enum Service: Hashable, Sendable {
        /// `envoy.service.auth.v3.Authorization`.
        case grpc
        /// A request like the one that is asked about, answered 200 where it may go on.
        case http(EnvoyAuthorizationProvider.HTTPSettings)
    }

    /// How long an answer may take where nothing is said: far less than Istio's ten minutes.
    static let defaultTimeout = Duration.seconds(5)
    /// The bytes of a request's body that a provider may be shown.
    static let maximumBody = 256 * 1024

    /// The name that policies use.
    public var name: String
    /// How the service is spoken to.
    package var service: Service
    /// How it is reached.
    public var transport: Upstream.Transport
    /// How long an answer may take, connecting included.
    public var timeout: Duration
    /// What the client is answered where the provider gives no answer.
    public var statusOnError: Int
    /// How much of a request's body the service sees; nil for nothing.
    package var body: EnvoyAuthorizationProvider.Body?
    /// Whether requests go on where the provider gives no answer.
    public var failOpen: FailOpen?

    /// That requests go on where a provider gives no answer, as a configuration says it.
    public struct FailOpen: Hashable, Sendable {
        /// Whether it is said with the switch `fail-open`, which strict mode demands.
        public var isNamed: Bool
        /// Where it is said.
        public var location: SourceLocation
    }

    /// A provider made in code.
    package init(name: String, service: Service, transport: Upstream.Transport) {
        self.name = name
        self.service = service
        self.transport = transport
        self.timeout = Self.defaultTimeout
        self.statusOnError = 403
    }

    /// Whether requests go on where the provider gives no answer.
    func failsOpen(_ compatibility: Compatibility) -> Bool {
        failOpen.map { $0.isNamed || compatibility == .istio } ?? false
    }

    /// What has to be told at every start, since it lets requests through that nobody decided on.
    ///
    /// - Throws: `ResourceError` under `strict` where Istio's `failOpen` stands alone.
    func checkFailOpen(_ compatibility: Compatibility) throws -> Diagnostic? {
        guard let failOpen else { return nil }
        guard failsOpen(compatibility) else {
            throw ResourceError(
                at: failOpen.location,
                "the provider `\(name)` would let requests through that it did not decide on; where that is meant, write "
                    + "`fail-open: true` instead of `failOpen: true`"
            )
        }
        return Diagnostic(
            .warning,
            at: failOpen.location,
            "fail-open: where the provider `\(name)` gives no answer, the requests that its policies match go on"
        )
    }
}
