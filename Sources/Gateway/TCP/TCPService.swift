import Resources

/// What a listener of the protocol TCP does with its connections: each goes to one upstream, byte for byte.
public struct TCPService: Hashable, Sendable {
    /// The name of the upstream.
    public var upstream: String
    /// How long a connection may be silent in both directions.
    public var idleTimeout: Duration

    /// A service.
    public init(upstream: String, idleTimeout: Duration = .seconds(3600)) {
        self.upstream = upstream
        self.idleTimeout = idleTimeout
    }

    init(_ fields: inout FieldReader, upstreams: [String]) throws {
        self.init(upstream: try fields.required("upstream") { try $0.oneOf(upstreams, of: "upstream") })
        if let timeout = try fields.optional("idleTimeout", { try $0.duration() }) { idleTimeout = timeout }
    }
}
