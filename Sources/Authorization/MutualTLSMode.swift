/// What is asked of the connections to a port.
public enum MutualTLSMode: String, Sendable, Hashable, Codable, CaseIterable {
    /// Mutual TLS is not spoken; whatever comes is plaintext.
    case disable = "DISABLE"
    /// Mutual TLS and plaintext are both let in.
    case permissive = "PERMISSIVE"
    /// Only mutual TLS is let in.
    case strict = "STRICT"

    /// How a connection opens.
    public enum Opening: Sendable, Hashable, CaseIterable {
        /// Without TLS: the caller proves no identity.
        case plaintext
        /// With TLS and a certificate that verifies.
        case mutualTLS
    }

    /// What the port carries, as far as the listener looks.
    public enum Service: Sendable, Hashable, CaseIterable {
        /// HTTP, which the listener reads.
        case http
        /// Bytes that the listener passes on unread.
        case opaque
    }

    /// Whether a connection is let in.
    ///
    /// Under ``disable`` the bytes of a TLS handshake are no HTTP request and are refused; to an opaque port they are
    /// bytes like any others, and prove nothing. A handshake without a valid certificate is let in by no mode.
    public func admits(_ opening: Opening, to service: Service = .http) -> Bool {
        switch (self, opening) {
        case (.strict, .plaintext): false
        case (.disable, .mutualTLS): service == .opaque
        case (.strict, .mutualTLS), (.permissive, _), (.disable, .plaintext): true
        }
    }
}
