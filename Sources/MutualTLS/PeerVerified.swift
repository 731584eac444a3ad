public import SPIFFE

/// The user inbound event that says who is at the other end: fired once, when the handshake is over and before the
/// first byte is read.
public struct PeerVerified: Sendable {
    /// The verified peer.
    public let peer: Peer
    /// The protocol version: `TLSv1.3`.
    public let tlsVersion: String
    /// The cipher suite by its IANA name: `TLS_AES_128_GCM_SHA256`; empty where it was not seen.
    public let cipher: String
    /// The server name that the client asked for, in lower case, or nil; on a client it is the one that it asked for.
    public let serverName: String?
    /// The application protocol that was agreed on (ALPN), or nil where none was: `h2`.
    public let applicationProtocol: String?

    /// An event, as the transport fires it.
    ///
    /// There is no such event without a `Peer`, and only the verifier makes one.
    public init(
        peer: Peer,
        tlsVersion: String,
        cipher: String,
        serverName: String?,
        applicationProtocol: String? = nil
    ) {
        self.peer = peer
        self.tlsVersion = tlsVersion
        self.cipher = cipher
        self.serverName = serverName
        self.applicationProtocol = applicationProtocol
    }
}
