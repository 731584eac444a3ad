/// What a reason to refuse means, and what to mend.
struct RefusalAdvice {
    /// What happened, in a sentence.
    let meaning: String
    /// What whoever is responsible has to do.
    let mend: String

    /// The advice for a reason, or nil where none is known.
    static func of(_ reason: String) -> RefusalAdvice? { known[reason] ?? egress[reason] }

    /// The advice as the end of a message.
    static func sentence(for reason: String) -> String {
        of(reason).map { "; \($0.meaning): \($0.mend)" } ?? ""
    }

    init(_ meaning: String, _ mend: String) {
        self.meaning = meaning
        self.mend = mend
    }

    private static let renew =
        "let the caller fetch a new SVID from the Workload API, and see that it takes rotations up"
    private static let profile =
        "issue the caller's certificate from Lapwing's authority, or give the foreign issuer the X.509-SVID profile"

    private static let known: [String: RefusalAdvice] = [
        // Providers of CUSTOM policies.
        "provider_unreachable": .init(
            "the provider could not be reached, is not the SPIFFE ID that is expected, or closed the connection",
            "start the provider, and compare `service`, `port` and `spiffeID` in `extensionProviders` with it"
        ),
        "provider_timed_out": .init(
            "the provider did not answer within its `timeout`",
            "look why it is slow, or raise its `timeout` in `extensionProviders`"
        ),
        "provider_error": .init(
            "the provider said that it failed (5xx, or a gRPC status)",
            "look at the provider's own log"
        ),
        "provider_answer_invalid": .init(
            "the provider's answer was not understood, or asks for what is not done",
            "look at the gateway's log, which says what was wrong, and mend the provider"
        ),
        "provider_answer_too_large": .init(
            "the provider's answer has more than 32 KiB of head or 64 KiB of body",
            "let the provider say less"
        ),
        "provider_overloaded": .init(
            "as many checks wait for the provider as may",
            "give the provider more room, or let fewer requests match its policy"
        ),
        "body_too_large_to_check": .init(
            "the body is longer than the provider may see, which it was to see whole",
            "raise `maxRequestBytes`, or set `allowPartialMessage`"
        ),
        // The keys of token issuers.
        "token_keys_unavailable": .init(
            "there are no keys of the token's issuer that are believed now",
            "`lapwing doctor` tries each URL and says what is wrong"
        ),
        "token_key_unknown": .init(
            "the issuer's keys have none that the token names",
            "see that the issuer serves the key; it is looked for again within ten seconds"
        ),
        // The transport.
        "plaintext": .init(
            "the connection did not begin with a TLS handshake",
            "let the caller use https with its SVID, or let a PeerAuthentication ask for less on this port"
        ),
        "tls_not_spoken": .init(
            "the connection began with a TLS handshake, and the mode of the port is DISABLE",
            "let the caller use http, or let a PeerAuthentication ask for PERMISSIVE or STRICT"
        ),
        "opening_timeout": .init(
            "the first bytes did not come in time",
            "look for a slow or stalled network, or a client that waits for the server to speak first"
        ),
        "policy_changed": .init(
            "the policies or the mode of mutual TLS changed, and permit the connection no longer",
            "if that was right, nothing; else look at what changed last"
        ),
        "no_certificate": .init(
            "the caller showed no certificate",
            "give the caller an identity (`lapwing identity entry create`) and let it present its SVID"
        ),
        "handshake_failed": .init(
            "the handshake failed: no common version or cipher, or a signature that does not verify",
            "let the caller speak TLS 1.3, and look at its own log for the alert"
        ),
        "rejected_by_peer": .init(
            "the caller broke off with an alert: it does not trust this gateway's certificate",
            "give the caller the trust bundle (`lapwing identity bundle show`), or let it check the SPIFFE ID and not a host name"
        ),
        "handshake_aborted": .init(
            "the connection was closed during the handshake",
            "a port scan or a load balancer's probe does this; point probes at the admin listener's health path"
        ),
        "handshake_timeout": .init(
            "the handshake was not over in time",
            "look for a slow or stalled network, or raise the gateway's handshake limit"
        ),
        "tls_version": .init("the connection settled on an old version of TLS", "let the caller speak TLS 1.3"),
        "unknown_address": .init(
            "the address of the other end cannot be told",
            "reach the gateway over TCP with IPv4 or IPv6"
        ),
        "too_many_connections": .init(
            "the gateway holds as many connections as it may",
            "let callers keep connections open and share them, or raise the gateway's connection limit"
        ),
        // The chain.
        "chain_too_long": .init(
            "the chain has more certificates than are looked at",
            "send the leaf and its issuers alone"
        ),
        "too_large": .init(
            "a certificate has more bytes than are looked at",
            "issue smaller certificates: one URI name"
        ),
        "malformed_certificate": .init("a certificate cannot be decoded", Self.profile),
        "malformed_model_claim": .init(
            "the certificate's extension that names a model cannot be decoded",
            "see that the certificate was issued by a Lapwing of this version or later"
        ),
        "malformed_pem": .init(
            "the PEM text is not what is wanted",
            "write one CERTIFICATE block for each certificate"
        ),
        "malformed_key": .init("the private key cannot be read", "write the key as unencrypted PKCS#8"),
        "key_mismatch": .init("the key does not belong to the certificate", "pair each certificate with its own key"),
        "weak_signature": .init("a certificate is signed with a broken hash", "issue with SHA-256 or better"),
        "repeated_key": .init(
            "two certificates of the chain carry the same key",
            "give each authority a key of its own"
        ),
        "invalid_path": .init("the chain breaks a rule of RFC 5280 §6", Self.profile),
        "name_constraint": .init(
            "an issuer's name constraint forbids the caller's name",
            "issue the SVID from an authority that may name it"
        ),
        "unknown_critical_extension": .init("a critical extension is not understood", Self.profile),
        "unverified": .init("the check did not come to an end", "look at the gateway's log; the caller can try again"),
        // The identity.
        "no_uri_san": .init("the certificate names no URI, so no SPIFFE ID", Self.profile),
        "two_uri_sans": .init("the certificate has several URI names; SPIFFE allows one", Self.profile),
        "invalid_spiffe_id": .init(
            "the certificate's URI is no SPIFFE ID",
            "write it as `spiffe://TRUST-DOMAIN/PATH` in lower-case trust domain, without query or port"
        ),
        "root_path": .init("the SPIFFE ID names a trust domain and no workload", "give the workload a path of its own"),
        "unexpected_id": .init(
            "the other end is somebody, but not whom was called",
            "check the upstream's address, or the SPIFFE ID that is expected of it"
        ),
        "foreign_trust_domain": .init(
            "the SVID belongs to another trust domain than the bundle",
            "verify it with the bundle of its own trust domain"
        ),
        "unknown_trust_domain": .init(
            "there is no bundle for the caller's trust domain",
            "call from this installation's trust domain, or federate with the other one"
        ),
        "unknown_authority": .init(
            "no authority of the trust domain signed the chain",
            "let the caller send its intermediates, and compare `lapwing identity bundle show` with the caller's issuer"
        ),
        "empty_bundle": .init(
            "the trust domain's bundle holds no authority",
            "see that the authority runs (`lapwing doctor`) and has published its bundle"
        ),
        "malformed_bundle": .init("the bundle is not a SPIFFE bundle", "fetch the bundle again from its authority"),
        "hint_too_long": .init("the hint has more than 1,024 bytes", "shorten the hint of the entry"),
        "revoked": .init(
            "the identity or the certificate was revoked",
            "if that was right, nothing; else take the revocation back (`lapwing identity restore`)"
        ),
        "authority_removed": .init(
            "the authority that signed the certificate has left the trust domain's bundle",
            Self.renew
        ),
        // Time.
        "expired": .init("a certificate of the chain has expired", Self.renew),
        "not_yet_valid": .init(
            "a certificate of the chain is not valid yet",
            "compare the clocks of the caller, the authority and this node"
        ),
        // The profile of a leaf.
        "san_not_critical": .init("the subject is empty and the alternative names are not critical", Self.profile),
        "no_basic_constraints": .init("the leaf has no BasicConstraints", Self.profile),
        "leaf_is_ca": .init(
            "the caller shows an authority's certificate",
            "let the caller present a leaf, its own SVID"
        ),
        "no_key_usage": .init("the leaf has no KeyUsage", Self.profile),
        "key_usage_not_critical": .init("the leaf's KeyUsage is not critical", Self.profile),
        "no_digital_signature": .init("the leaf may not sign", Self.profile),
        "key_cert_sign": .init("the leaf may sign certificates", Self.profile),
        "crl_sign": .init("the leaf may sign revocation lists", Self.profile),
        "extended_key_usage": .init("the leaf is not for both server and client authentication", Self.profile),
        // The profile of an issuer.
        "issuer_not_ca": .init("an issuer is no certificate authority", Self.profile),
        "issuer_without_key_cert_sign": .init("an issuer may not sign certificates", Self.profile),
        "issuer_with_path": .init("an issuer's SPIFFE ID has a path", Self.profile),
        // Requests that are answered before any policy is asked.
        "unknown_method": .init("the method is none that is registered, or is in lower case", "write it in upper case"),
        "connect_not_offered": .init(
            "CONNECT asks for a tunnel",
            "call the service itself, or let a route `upgrade: [connect]`"
        ),
        "tunnel_not_asked_about": .init(
            "the provider of a CUSTOM policy cannot be asked about a CONNECT over HTTP",
            "ask it over gRPC, or leave the methods out that tunnels use"
        ),
        "empty_target": .init("there is no request target", "ask for a path"),
        "target_not_absolute": .init("the target is neither a path nor a URL", "begin the path with `/`"),
        "bad_target_authority": .init("the URL has no host, or has user information", "leave `user@` out"),
        "bad_target_byte": .init("the target has a byte that is not visible ASCII", "percent-encode it"),
        "fragment_in_target": .init("the target has a `#fragment`", "leave the fragment out, or write %23"),
        "encoded_nul_in_path": .init("the path has an encoded NUL", "leave %00 out"),
        "missing_host": .init("there is no host", "send exactly one Host header"),
        "no_identity": .init("the connection has no verified caller", "call over mutual TLS with an SVID"),
        "head_timeout": .init("the request's head was not complete in time", "send heads whole"),
    ]
}
