/// Why an outbound connection or request is refused, as a stable code for records, logs and metrics.
///
/// Every rule has its own; what policy says keeps the codes of the policy engine, and what HTTP's grammar says those of
/// `HTTP1Refusal`.
public struct EgressRefusal: Error, Hashable, Sendable {
    /// The rule that was broken.
    public let reason: Reason

    /// A refusal by a rule.
    public init(_ reason: Reason) {
        self.reason = reason
    }

    /// The rules.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        // The caller.
        /// Nobody could say whose connection it is.
        case callerUnknown = "caller_unknown"
        /// The service is called with the gateway's own SVID, which is another workload's.
        case callerNotOurWorkload = "caller_not_our_workload"

        // The form of a name.
        /// An address stands where a name is demanded, in whatever notation.
        case ipLiteral = "ip_literal"
        /// A name ends with a dot, so that it would pass a comparison and resolve all the same.
        case trailingDot = "trailing_dot"
        /// There is user information before the host.
        case userInfo = "userinfo"
        /// The name is no host name.
        case badName = "bad_name"
        /// The name has bytes above ASCII.
        case nonASCIIName = "non_ascii_name"
        /// A label is punycode, and no entry declares that very name.
        case punycode = "punycode"
        /// The authority is not of the form `host:port`.
        case badAuthority = "bad_authority"
        /// The name could carry data in its labels.
        case tunnelInName = "dns_tunnel"
        /// The caller has asked for too many names below one wildcard.
        case tooManyNames = "too_many_names"

        // What is declared.
        /// No ServiceEntry declares the host.
        case undeclaredHost = "undeclared_host"
        /// The host is a known resolver of DNS over HTTPS that no entry declares by name.
        case dnsOverHTTPS = "dns_over_https"
        /// The port is that of DNS over TLS.
        case dnsOverTLS = "dns_over_tls"
        /// The host is declared, and the port is not.
        case undeclaredPort = "undeclared_port"
        /// Another protocol is declared for the port than what is spoken.
        case wrongProtocol = "wrong_protocol"

        // What the name leads to.
        /// The name does not resolve.
        case notResolved = "name_not_resolved"
        /// An answer is a private address.
        case privateAddress = "private_address"
        /// An answer is a loopback address.
        case loopbackAddress = "loopback_address"
        /// An answer is a link-local address.
        case linkLocalAddress = "link_local_address"
        /// An answer is the address of a cloud's metadata service.
        case metadataAddress = "metadata_address"
        /// An answer is an address of another kind that leads nowhere, or to many.
        case specialAddress = "special_address"
        /// An answer is an IPv6 address that holds an IPv4 address.
        case embeddedAddress = "embedded_ipv4_address"
        /// Good and bad answers came together.
        case mixedAnswers = "dns_mixed_answers"
        /// The name led to good addresses before, and now leads to bad ones.
        case rebinding = "dns_rebinding"
        /// An answer is in none of the blocks that the entry declares.
        case addressNotDeclared = "address_not_declared"
        /// The connection was redirected here from an address that the name does not lead to.
        case originalDestination = "original_destination_mismatch"

        // TLS that passes through.
        /// What came is not the beginning of a TLS handshake.
        case notTLS = "not_tls"
        /// The ClientHello cannot be read, or could be read in two ways.
        case badClientHello = "bad_client_hello"
        /// The ClientHello names no server.
        case missingServerName = "sni_missing"
        /// The ClientHello names another server than the target.
        case serverNameMismatch = "sni_mismatch"
        /// The ClientHello hides the server's name, or might.
        case encryptedClientHello = "encrypted_client_hello"
        /// A second ClientHello named another server.
        case secondClientHello = "second_client_hello_mismatch"
        /// Nothing more came in time.
        case timedOut = "head_timeout"
        /// The caller went away before anything was decided.
        case callerLeft = "caller_left"

        // Plain HTTP.
        /// `CONNECT` asks for a port on which plain HTTP is declared.
        case connectToPlainPort = "connect_to_plain_port"
        /// `Host` is not the target's.
        case hostMismatch = "host_mismatch"
        /// The target is an `https` URL, which cannot be spoken for the caller.
        case httpsTarget = "https_target"
        /// A CONNECT has a body, or fields that give it one.
        case connectWithBody = "connect_with_body"
        /// A request names no host where one is needed.
        case missingHost = "missing_host"

        // Room.
        /// The policies say things that cannot be decided about a connection that passes through.
        case policyUndecidable = "policy_undecidable"
        /// There are too many connections.
        case tooManyConnections = "too_many_connections"
    }
}
