import SPIFFE

/// What the handlers of one connection tell one another during its handshake.
///
/// Confined to the connection's event loop.
final class HandshakeNotes {
    /// The server name, once it was seen.
    var serverName: String?
    /// The cipher suite's number, once it was seen.
    var cipherSuite: UInt16?
    /// What came of the certificates, once they were verified.
    var verdict: PeerVerdict?
    /// The first reason to refuse the connection.
    var refusal: PeerRefusal?
}
