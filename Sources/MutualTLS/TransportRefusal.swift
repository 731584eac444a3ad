import NIOSSL
import SPIFFE

/// The transport's own reasons to refuse a connection, beside those of `SVIDError.Code`.
public enum TransportRefusal: String, Sendable, CaseIterable {
    /// The first byte is not the beginning of a TLS handshake.
    case plaintext = "plaintext"
    /// The first bytes are the beginning of a TLS handshake, and the listener speaks none.
    case tlsNotSpoken = "tls_not_spoken"
    /// The first bytes, which tell what the connection is, did not come in time.
    case openingTimeout = "opening_timeout"
    /// The client sent no certificate.
    case noCertificate = "no_certificate"
    /// The handshake failed for another reason: version, cipher, a signature that does not verify.
    case handshakeFailed = "handshake_failed"
    /// The other end rejected us: it sent a fatal alert.
    case rejectedByPeer = "rejected_by_peer"
    /// The other end went away before the handshake was over.
    case handshakeAborted = "handshake_aborted"
    /// The handshake was not over in time.
    case handshakeTimeout = "handshake_timeout"
    /// The other end is somebody, but not whom we called.
    case unexpectedID = "unexpected_id"
    /// The other end's identity or certificate is revoked.
    case revoked = "revoked"
    /// The authority that vouched for the other end has left the bundle.
    case authorityRemoved = "authority_removed"

    func refusal(_ message: String) -> PeerRefusal { PeerRefusal(code: rawValue, message: message) }

    /// Names a failure of the handshake.
    ///
    /// BoringSSL's reasons are upper-case constants of its own, so that they may be shown.
    static func refusal(of error: any Error) -> PeerRefusal {
        let text = "\(error)"
        if text.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") {
            return Self.noCertificate.refusal("the client sent no certificate")
        }
        if case .handshakeFailed(.sslError(let stack)) = error as? NIOSSLError, stack == [.eofDuringHandshake] {
            return Self.handshakeAborted.refusal("the connection was closed during the handshake")
        }
        // BoringSSL itself checks that a leaf may sign, before it shows us the certificate.
        if text.contains("KEY_USAGE_BIT_INCORRECT") {
            return PeerRefusal(SVIDError(.noDigitalSignature, "KeyUsage has to hold digitalSignature"))
        }
        let reason = reason(in: text)
        if let reason, reason.contains("ALERT") {
            return Self.rejectedByPeer.refusal("the other end sent the alert \(reason)")
        }
        return Self.handshakeFailed.refusal("the TLS handshake failed" + (reason.map { ": \($0)" } ?? ""))
    }

    /// The last word of BoringSSL's `error:CODE:SSL routines:…:REASON`.
    private static func reason(in text: String) -> String? {
        guard let range = text.firstRange(of: "SSL routines:") else { return nil }
        let rest = text[range.upperBound...].drop { $0 != ":" }.dropFirst()
        let word = rest.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }
        return word.isEmpty ? nil : String(word.prefix(80))
    }
}
