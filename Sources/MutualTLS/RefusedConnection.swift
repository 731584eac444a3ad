public import NIOCore
public import SPIFFE

/// A connection that was closed because nobody could be identified at the other end.
public struct RefusedConnection: Sendable {
    /// Why: a document's broken rule, or one of the transport's own reasons (``TransportRefusal``).
    public let refusal: PeerRefusal
    /// The address of the other end.
    public let remoteAddress: SocketAddress?
    /// The server name that the client asked for, in lower case, where it was seen.
    public let serverName: String?

    /// A refused connection.
    public init(refusal: PeerRefusal, remoteAddress: SocketAddress?, serverName: String?) {
        self.refusal = refusal
        self.remoteAddress = remoteAddress
        self.serverName = serverName
    }
}
