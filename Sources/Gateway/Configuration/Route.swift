import Resources

/// Which permitted requests go to which upstream, and how.
public struct Route: Hashable, Sendable {
    /// The route's name, which records carry.
    public var name: String
    /// The hosts that it serves, in lower case and without a port: exact, `*.suffix`, or empty for any.
    public var hosts: [String]
    /// The paths that it serves.
    public var path: PathMatch
    /// The name of the upstream.
    public var upstream: String
    /// When the decision must be on disk.
    public var record: RecordOrder
    /// The guardrail that judges its requests; nil where none does.
    public var guardrail: String?
    /// Whether a request may ask to become a WebSocket.
    public var allowsWebSocket: Bool
    /// Whether a CONNECT to its hosts may become a tunnel to the upstream.
    public var allowsConnect: Bool
    /// The bytes of content that a request may have.
    public var bodyLimit: UInt64
    /// How long an upstream may think before its response head.
    public var responseTimeout: Duration
    /// How long either side may be silent in the middle of a body.
    public var streamTimeout: Duration

    /// The paths of a route; they are compared with the normalised path without its query.
    public enum PathMatch: Hashable, Sendable {
        /// This path alone.
        case exact(String)
        /// This path and everything below it, by whole segments.
        case prefix(String)
    }

    /// When a decision must be on disk.
    public enum RecordOrder: String, Hashable, Sendable, CaseIterable {
        /// Before the response head leaves; the upstream works meanwhile.
        case overlapped
        /// Before the upstream is called, for requests that change state.
        case first
    }

    /// A route.
    public init(
        name: String,
        hosts: [String] = [],
        path: PathMatch = .prefix("/"),
        upstream: String,
        record: RecordOrder = .overlapped,
        guardrail: String? = nil,
        allowsWebSocket: Bool = false,
        allowsConnect: Bool = false,
        bodyLimit: UInt64 = 16 << 20,
        responseTimeout: Duration = .seconds(60),
        streamTimeout: Duration = .seconds(120)
    ) {
        self.name = name
        self.hosts = hosts
        self.path = path
        self.upstream = upstream
        self.record = record
        self.guardrail = guardrail
        self.allowsWebSocket = allowsWebSocket
        self.allowsConnect = allowsConnect
        self.bodyLimit = bodyLimit
        self.responseTimeout = responseTimeout
        self.streamTimeout = streamTimeout
    }

    init(_ value: Value, upstreams: [Upstream], guardrails: [String]) throws {
        var fields = try FieldReader(value, of: "a route")
        self.init(
            name: try fields.required("name") { try $0.string() },
            upstream: try fields.required("upstream") { try $0.oneOf(upstreams.map(\.name), of: "upstream") }
        )
        if let hosts = try fields.optional("hosts", { try $0.list { try Self.host($0) } }) { self.hosts = hosts }
        let path = try fields.optional("path") { ($0, try PathMatch($0)) }
        if let path { self.path = path.1 }
        if let order = try fields.optional("record", { try $0.oneOf(RecordOrder.allCases.map(\.rawValue)) }) {
            record = RecordOrder(rawValue: order) ?? .first
        }
        let names = Upgrade.allCases.map(\.rawValue)
        if let upgrades = try fields.optional("upgrade", { try $0.list { ($0, try $0.oneOf(names)) } }) {
            let isShared = upstreams.first { $0.name == upstream }?.http2 != nil
            if let (value, _) = upgrades.first, isShared {
                throw value.error("tunnels begin in HTTP/1.1, and the upstream `\(upstream)` speaks HTTP/2")
            }
            allowsWebSocket = upgrades.contains { $0.1 == Upgrade.webSocket.rawValue }
            if let (value, _) = upgrades.first(where: { $0.1 == Upgrade.connect.rawValue }) {
                guard !hosts.isEmpty else {
                    throw value.error("a CONNECT asks for any host: name under `hosts` those that the route serves")
                }
                guard self.path == .prefix("/") else {
                    throw (path?.0 ?? value).error("a CONNECT has no path: leave out `path`, or `connect`")
                }
                allowsConnect = true
            }
        }
        guardrail = try fields.optional("guardrail") { value in
            let name = try value.oneOf(guardrails, of: "Guardrail")
            guard !allowsWebSocket, !allowsConnect else {
                throw value.error("what goes through a tunnel is not judged: leave out `upgrade` or `guardrail`")
            }
            return name
        }
        if let limit = try fields.optional("bodyLimit", { try $0.byteCount(in: 0...(1 << 40)) }) {
            bodyLimit = UInt64(limit)
        }
        if let timeouts = fields.value("timeouts") {
            var fields = try FieldReader(timeouts, of: "timeouts")
            if let timeout = try fields.optional("response", { try $0.duration() }) { responseTimeout = timeout }
            if let timeout = try fields.optional("stream", { try $0.duration() }) { streamTimeout = timeout }
            try fields.finish()
        }
        try fields.finish()
    }

    /// What a route may let its requests become.
    private enum Upgrade: String, CaseIterable {
        case webSocket = "websocket"
        case connect
    }

    private static func host(_ value: Value) throws -> String {
        let host = try value.string()
        let name = host.hasPrefix("*.") ? host.dropFirst(2) : host[...]
        guard !name.isEmpty, name.utf8.allSatisfy(ByteClass.isHostName) else {
            throw value.error("expected a host name without a port, or `*.` and one, found `\(host)`")
        }
        return host.lowercased()
    }
}

extension Route.PathMatch {
    /// The path as written.
    var text: String {
        switch self {
        case .exact(let path), .prefix(let path): path
        }
    }

    /// What two that serve the same paths share: `/v1` and `/v1/` are one prefix.
    var key: String {
        switch self {
        case .exact(let path): "exact \(path)"
        case .prefix(let path): "prefix \(path.hasSuffix("/") ? String(path.dropLast()) : path)"
        }
    }

    fileprivate init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "path")
        let read = { (value: Value) throws -> String in
            let path = try value.string()
            guard path.hasPrefix("/"), !path.utf8.contains(UInt8(ascii: "?")) else {
                throw value.error("expected a path that begins with `/` and has no query, found `\(path)`")
            }
            return path
        }
        let exact = try fields.optional("exact", read)
        let prefix = try fields.optional("prefix", read)
        try fields.finish()
        switch (exact, prefix) {
        case (let path?, nil): self = .exact(path)
        case (nil, let path?): self = .prefix(path)
        default: throw value.error("a path needs either `exact` or `prefix`")
        }
    }
}
