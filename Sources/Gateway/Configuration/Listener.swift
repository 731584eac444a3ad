import Resources
import ZeroTrust

/// One place where clients connect: by mutual TLS, unless a PeerAuthentication asks for less.
public struct Listener: Hashable, Sendable {
    /// The listener's name.
    public var name: String
    /// The address to bind.
    public var address: String
    /// The port to bind; zero lets the system choose.
    public var port: Int
    /// What its connections carry.
    public var service: Service
    /// Whether TLS 1.2 is spoken beside 1.3.
    public var allowsTLS12: Bool
    /// Whether HTTP/2 is spoken with clients that ask for it.
    public var acceptsHTTP2: Bool

    /// What the connections of a listener carry.
    public enum Service: Hashable, Sendable {
        /// HTTP: each request is decided on, and goes by the routes.
        case http
        /// Bytes that nobody here reads: each connection is decided on, and goes to one upstream.
        case tcp(TCPService)
    }

    /// A listener.
    public init(
        name: String = "mtls",
        address: String,
        port: Int,
        service: Service = .http,
        allowsTLS12: Bool = false,
        acceptsHTTP2: Bool = true
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.service = service
        self.allowsTLS12 = allowsTLS12
        self.acceptsHTTP2 = acceptsHTTP2
    }

    init(_ value: Value, upstreams: [String]) throws {
        var fields = try FieldReader(value, of: "a listener")
        self.name = try fields.optional("name") { try $0.string() } ?? "mtls"
        self.address =
            try fields.optional("address") { value in
                let address = try value.string()
                guard IPAddress(address) != nil else { throw value.error("expected an IP address, found `\(address)`") }
                return address
            } ?? "0.0.0.0"
        self.port = try fields.required("port") { try $0.integer(in: 0...65535) }
        let isTCP = try fields.optional("protocol") { try $0.oneOf(["HTTP", "TCP"]) } == "TCP"
        self.service = isTCP ? .tcp(try TCPService(&fields, upstreams: upstreams)) : .http
        self.allowsTLS12 =
            try fields.optional("tls") { value in
                var fields = try FieldReader(value, of: "tls")
                let version = try fields.optional("minimumVersion") { try $0.oneOf(["1.2", "1.3"]) }
                try fields.finish()
                return version == "1.2"
            } ?? false
        self.acceptsHTTP2 = isTCP ? false : try fields.optional("http2") { try $0.bool() } ?? true
        try fields.finish()
    }
}
