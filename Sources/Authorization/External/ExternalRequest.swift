public import SPIFFE
public import ZeroTrust

/// A request as an external provider may see it.
public struct ExternalRequest: Sendable {
    /// The request, with every header line that would go upstream.
    public var exchange: Exchange
    /// The verified caller, or nil for one that proved no identity.
    public var peer: Peer?
    /// The content of the body, as far as the provider is to see it; nil where it is to see none.
    public var body: [UInt8]?
    /// Whether the body has more than that.
    public var isBodyPartial: Bool
    /// The bytes of the whole body, or nil where that is not known yet.
    public var bodySize: UInt64?
    /// What the connection carries; of one without HTTP only caller, addresses and server name are known.
    public var transport: Attributes.Transport

    /// A request.
    public init(
        exchange: Exchange,
        peer: Peer?,
        body: [UInt8]? = nil,
        isBodyPartial: Bool = false,
        bodySize: UInt64? = nil,
        transport: Attributes.Transport = .http
    ) {
        self.exchange = exchange
        self.peer = peer
        self.body = body
        self.isBodyPartial = isBodyPartial
        self.bodySize = bodySize
        self.transport = transport
    }
}
