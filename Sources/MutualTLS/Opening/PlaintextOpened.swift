/// The user inbound event that says that a connection is plaintext, and its caller nobody: fired once, before the first
/// byte is read, in the place of ``PeerVerified``.
public struct PlaintextOpened: Hashable, Sendable {
    /// Whether the client begins with HTTP/2 (RFC 9113 §3.3).
    public let isHTTP2: Bool

    /// An event, as the transport fires it.
    public init(isHTTP2: Bool = false) {
        self.isHTTP2 = isHTTP2
    }
}
