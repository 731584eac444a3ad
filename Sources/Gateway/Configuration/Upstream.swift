import Resources
public import ZeroTrust

/// One place where permitted requests can go.
public struct Upstream: Hashable, Sendable {
    /// The upstream's name, by which routes refer to it.
    public var name: String
    /// How it is reached.
    public var transport: Transport
    /// The connections held to it at the same time, over all event loops.
    public var maximumConnections: Int
    /// The requests that may wait for one of those connections, over all event loops.
    public var maximumWaiting: Int
    /// How long reaching it may take, handshake included.
    public var connectTimeout: Duration
    /// How long a connection is kept that carries nothing.
    ///
    /// It is shorter than the five seconds after which common Python servers close theirs, so that a request seldom
    /// meets a connection that is being closed.
    public var idleTimeout: Duration

    /// How HTTP/2 is spoken with it; nil where HTTP/1.1 is.
    public var http2: HTTP2Upstream?
    /// Which model it has to be proved to have loaded; nil where none is asked for.
    public var model: ModelRequirement?

    /// How an upstream is reached.
    public enum Transport: Hashable, Sendable {
        /// A Unix socket, whose file's permissions say who may listen there.
        case unixSocket(String)
        /// Mutual TLS with the workload of this SPIFFE ID and no other.
        case mutualTLS(host: String, port: Int, id: SPIFFEID, serverName: String?)
        /// Plaintext on loopback. Any local process could go round the gateway, so that it has to be asked for.
        case plaintext(address: String, port: Int)
    }

    /// An upstream.
    public init(
        name: String,
        transport: Transport,
        maximumConnections: Int = 256,
        maximumWaiting: Int = 1024,
        connectTimeout: Duration = .seconds(5),
        idleTimeout: Duration = .seconds(4),
        http2: HTTP2Upstream? = nil,
        model: ModelRequirement? = nil
    ) {
        self.name = name
        self.transport = transport
        self.maximumConnections = maximumConnections
        self.maximumWaiting = maximumWaiting
        self.connectTimeout = connectTimeout
        self.idleTimeout = idleTimeout
        self.http2 = http2
        self.model = model
    }

    init(_ value: Value, warnings: inout [Diagnostic]) throws {
        var fields = try FieldReader(value, of: "an upstream")
        let name = try fields.required("name") { try $0.string() }
        let host = (name: "address", value: try fields.optional("address") { try $0.string() })
        let transport = try Self.transport(&fields, value, of: "the upstream `\(name)`", host: host, &warnings)
        self.init(name: name, transport: transport)
        if let count = try fields.optional("maximumConnections", { try $0.integer(in: 1...100_000) }) {
            maximumConnections = count
        }
        if let count = try fields.optional("maximumWaiting", { try $0.integer(in: 0...1_000_000) }) {
            maximumWaiting = count
        }
        if let timeout = try fields.optional("connectTimeout", { try $0.duration() }) { connectTimeout = timeout }
        if let timeout = try fields.optional("idleTimeout", { try $0.duration() }) { idleTimeout = timeout }
        http2 = try fields.optional("http2") { try HTTP2Upstream.read($0) } ?? nil
        model = try fields.optional("model") { try ModelRequirement($0) }
        try fields.finish()
    }

    /// Reads how something is reached whose host was read already; `owner` is what it is, for messages.
    static func transport(
        _ fields: inout FieldReader,
        _ value: Value,
        of owner: String,
        host: (name: String, value: String?),
        _ warnings: inout [Diagnostic]
    ) throws -> Transport {
        let path = try fields.optional("unixSocket") { value in
            let path = try value.string()
            guard path.hasPrefix("/"), path.utf8.count < 108 else {
                throw value.error("expected an absolute path of at most 107 bytes, found `\(path)`")
            }
            return path
        }
        let port = try fields.optional("port") { try $0.integer(in: 1...65535) }
        let id = try fields.optional("spiffeID") { value in
            do { return try SPIFFEID(try value.string()) } catch let error as SPIFFEIDError {
                throw value.error(error.description)
            }
        }
        let serverName = try fields.optional("serverName") { try $0.string() }
        let isPlaintext = try fields.optional("plaintext") { try $0.bool() } ?? false
        if let path {
            guard host.value == nil, port == nil, id == nil, serverName == nil, !isPlaintext else {
                throw value.error(
                    "\(owner) has `unixSocket`, and then neither `\(host.name)`, `port`, `spiffeID`, "
                        + "`serverName` nor `plaintext`"
                )
            }
            return .unixSocket(path)
        }
        guard let address = host.value, let port else {
            throw value.error("\(owner) needs `unixSocket`, or `\(host.name)` and `port`")
        }
        if let id {
            guard !isPlaintext else {
                throw value.error("\(owner) cannot both have a `spiffeID` and be `plaintext`")
            }
            return .mutualTLS(host: address, port: port, id: id, serverName: serverName)
        }
        guard isPlaintext else {
            throw value.error(
                "\(owner) needs the `spiffeID` that it must prove; plaintext on loopback has to be asked "
                    + "for with `plaintext: true`"
            )
        }
        guard Loopback.contains(address) else {
            throw value.error("plaintext is spoken on loopback only; `\(address)` is not on loopback")
        }
        warnings.append(
            Diagnostic(
                .warning,
                at: value.location,
                "\(owner) is plaintext: any process on this machine can call it without the gateway"
            )
        )
        return .plaintext(address: address, port: port)
    }
}
