/// One request as policy sees it, whatever protocol carried it.
///
/// The path is the normalised one, with its query: what policy decides on is what goes upstream.
public struct Exchange: Sendable {
    /// The id that joins the request's records, its refusal and its log lines.
    public var id: RequestID
    /// The method, as sent: `POST`.
    public var method: String
    /// The normalised path and query: `/v1/predict?trace=1`.
    public var path: String
    /// The host that the client asked for, with its port where it sent one: `inference.example:8443`.
    public var authority: String
    /// The request's headers that policy may consult, names in lower case, one element for each line sent.
    public var headers: [Header]
    /// The address of the connection's other end.
    public var source: Endpoint
    /// The address of the client that a trusted hop speaks for; the same as `source.address` where there is none.
    public var remoteAddress: IPAddress
    /// The address and port on which the request arrived.
    public var destination: Endpoint
    /// The name asked for in the TLS handshake, in lower case, or nil.
    public var serverName: String?

    /// One header line.
    public struct Header: Hashable, Sendable {
        /// The field name in lower case.
        public let name: String
        /// The value without surrounding white space.
        public let value: String

        /// A header line; the name is in lower case already.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// An address and port.
    public struct Endpoint: Hashable, Sendable {
        /// The address.
        public let address: IPAddress
        /// The TCP port.
        public let port: UInt16

        /// An address and port.
        public init(address: IPAddress, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// A request as it arrived.
    public init(
        id: RequestID,
        method: String,
        path: String,
        authority: String,
        headers: [Header] = [],
        source: Endpoint,
        remoteAddress: IPAddress? = nil,
        destination: Endpoint,
        serverName: String? = nil
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.authority = authority
        self.headers = headers
        self.source = source
        self.remoteAddress = remoteAddress ?? source.address
        self.destination = destination
        self.serverName = serverName
    }
}
