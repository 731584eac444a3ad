public import ZeroTrust

/// One connection that carries no HTTP, as policy sees it.
public struct TCPConnection: Sendable {
    /// The id that joins the connection's records and its log lines.
    public var id: RequestID
    /// The address of the connection's other end.
    public var source: Exchange.Endpoint
    /// The address and port on which the connection arrived.
    public var destination: Exchange.Endpoint
    /// The name asked for in the TLS handshake, in lower case, or nil.
    public var serverName: String?

    /// A connection as it arrived.
    public init(
        id: RequestID,
        source: Exchange.Endpoint,
        destination: Exchange.Endpoint,
        serverName: String? = nil
    ) {
        self.id = id
        self.source = source
        self.destination = destination
        self.serverName = serverName
    }
}
