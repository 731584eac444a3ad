public import NIOCore

/// How a ``TLSIdentity`` speaks TLS.
public struct TLSOptions: Hashable, Sendable {
    /// The oldest protocol version that is spoken.
    public enum MinimumVersion: Hashable, Sendable {
        /// TLS 1.2, for peers that know no better.
        case tls12
        /// TLS 1.3.
        case tls13
    }

    /// The oldest protocol version; TLS 1.3 unless chosen otherwise.
    public var minimumVersion: MinimumVersion
    /// The application protocols offered and taken, most wanted first.
    public var applicationProtocols: [String]
    /// How long a handshake may take.
    public var handshakeTimeout: TimeAmount
    /// How long the first bytes may take that tell TLS from plaintext, where both are let in.
    ///
    /// On a port that does not carry HTTP, a caller who says nothing for so long is taken to wait for the server, over
    /// plaintext.
    public var openingTimeout: TimeAmount
    /// How long to wait for the other end's close_notify before the connection is closed without it.
    public var shutdownTimeout: TimeAmount

    /// The default choices, any of them changed.
    public init(
        minimumVersion: MinimumVersion = .tls13,
        applicationProtocols: [String] = ["http/1.1"],
        handshakeTimeout: TimeAmount = .seconds(10),
        openingTimeout: TimeAmount = .seconds(3),
        shutdownTimeout: TimeAmount = .milliseconds(200)
    ) {
        self.minimumVersion = minimumVersion
        self.applicationProtocols = applicationProtocols
        self.handshakeTimeout = handshakeTimeout
        self.openingTimeout = openingTimeout
        self.shutdownTimeout = shutdownTimeout
    }
}
