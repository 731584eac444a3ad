/// Which connections a listener lets in, as far as TLS is concerned.
public enum Admission: Hashable, Sendable {
    /// Only those that open with TLS and prove who they are.
    case mutualTLS
    /// Those, and plaintext, whose callers are nobody.
    case either
    /// Plaintext alone.
    case plaintext
}

/// What the connections of a listener carry, as far as TLS is concerned.
public enum Carriage: Hashable, Sendable {
    /// HTTP/1.1.
    case http
    /// HTTP/1.1, or HTTP/2 where the client asks for it.
    case http2
    /// Bytes of another protocol, in which the server may be the first to speak.
    case opaque
}
