import Resources

/// How HTTP/2 is spoken with an upstream.
///
/// ```yaml
/// upstreams:
///   - { name: model, unixSocket: /run/model.sock, http2: true }
///   - { name: scores, address: scores.internal, port: 8443, spiffeID: …, http2: { maximumStreams: 50 } }
/// ```
///
/// Over mutual TLS the upstream has to agree on `h2`; on a Unix socket or on loopback it has to know beforehand.
public struct HTTP2Upstream: Hashable, Sendable {
    /// The requests that one connection carries at a time, where the upstream does not ask for fewer.
    public var maximumStreams: Int
    /// How long an upstream may be silent while it has requests before it is asked whether it is there, and how long it
    /// may take to say so.
    public var keepalive: Duration

    /// The defaults, any of them changed.
    public init(maximumStreams: Int = 100, keepalive: Duration = .seconds(30)) {
        self.maximumStreams = maximumStreams
        self.keepalive = keepalive
    }

    /// `true`, `false`, or what is to be different.
    static func read(_ value: Value) throws -> HTTP2Upstream? {
        if case .mapping = value.content {
            var fields = try FieldReader(value, of: "http2")
            var http2 = HTTP2Upstream()
            if let count = try fields.optional("maximumStreams", { try $0.integer(in: 1...10_000) }) {
                http2.maximumStreams = count
            }
            if let keepalive = try fields.optional("keepalive", { try $0.duration() }) { http2.keepalive = keepalive }
            try fields.finish()
            return http2
        }
        return try value.bool() ? HTTP2Upstream() : nil
    }
}
