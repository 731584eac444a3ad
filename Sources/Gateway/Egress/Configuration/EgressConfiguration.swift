import Resources
import ZeroTrust

/// The `egress` section of a ``GatewayConfiguration``: where local workloads connect in order to call out.
///
/// ```yaml
/// egress:
///   listeners:
///     - { name: proxy, port: 15001 }
///     - { name: socket, unixSocket: /run/lapwing/egress.sock }
///     - { name: redirected, port: 15006, transparent: true }
/// ```
///
/// Nothing is allowed by it: a `ServiceEntry` has to declare a destination, and an `AuthorizationPolicy` that targets the
/// entry has to allow the caller.
public struct EgressConfiguration: Hashable, Sendable {
    /// Where callers connect.
    public var listeners: [EgressListener]
    /// The connections at the same time, over all listeners.
    public var maximumConnections: Int
    /// The connections that one caller may have of them, by the identities that it is attested with.
    public var maximumConnectionsPerCaller: Int
    /// How long a caller may take to say where it wants to go.
    public var headTimeout: Duration
    /// How long a name may take to resolve.
    public var resolveTimeout: Duration
    /// How long answers are believed at most, whatever they say themselves.
    public var maximumAnswerAge: Duration
    /// How long reaching an address may take, handshake included.
    public var connectTimeout: Duration
    /// How long a connection may be silent in both directions.
    public var idleTimeout: Duration

    /// A configuration made in code.
    public init(
        listeners: [EgressListener],
        maximumConnections: Int = 4096,
        maximumConnectionsPerCaller: Int = 1024,
        headTimeout: Duration = .seconds(10),
        resolveTimeout: Duration = .seconds(5),
        maximumAnswerAge: Duration = .seconds(30),
        connectTimeout: Duration = .seconds(5),
        idleTimeout: Duration = .seconds(300)
    ) {
        self.listeners = listeners
        self.maximumConnections = maximumConnections
        self.maximumConnectionsPerCaller = maximumConnectionsPerCaller
        self.headTimeout = headTimeout
        self.resolveTimeout = resolveTimeout
        self.maximumAnswerAge = maximumAnswerAge
        self.connectTimeout = connectTimeout
        self.idleTimeout = idleTimeout
    }

    init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "egress")
        self.init(
            listeners: try fields.required("listeners") { value in
                let listeners = try value.list { try EgressListener($0) }
                guard !listeners.isEmpty else { throw value.error("egress needs at least one listener") }
                guard Set(listeners.map(\.name)).count == listeners.count else {
                    throw value.error("two egress listeners have the same name")
                }
                return listeners
            }
        )
        if let count = try fields.optional("maximumConnections", { try $0.integer(in: 1...1_000_000) }) {
            maximumConnections = count
        }
        if let count = try fields.optional("maximumConnectionsPerCaller", { try $0.integer(in: 1...1_000_000) }) {
            maximumConnectionsPerCaller = count
        }
        for (name, path) in [
            ("headTimeout", \EgressConfiguration.headTimeout), ("resolveTimeout", \.resolveTimeout),
            ("maximumAnswerAge", \.maximumAnswerAge), ("connectTimeout", \.connectTimeout),
            ("idleTimeout", \.idleTimeout),
        ] {
            if let duration = try fields.optional(name, { try $0.duration() }) { self[keyPath: path] = duration }
        }
        try fields.finish()
    }
}
