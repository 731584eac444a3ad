extension RefusalAdvice {
    private static let declare =
        "declare the service in a `ServiceEntry`, and allow the caller by a policy that targets it"
    private static let name = "let the caller ask for the service by its host name, as an entry declares it"
    private static let address =
        "if the address is right, declare it in the entry's `addresses` or `endpoints`; else ask why the name leads there"
    private static let hello = "let the caller speak TLS with the target's name in plain sight (SNI)"

    /// What the egress listener refuses, by reason.
    static let egress: [String: RefusalAdvice] = [
        // The caller.
        "caller_unknown": .init(
            "no entry fits the caller, or its process cannot be looked at or is gone",
            "make a WorkloadEntry that fits it (`lapwing identity entry create`), or let it use the Unix socket"
        ),
        "caller_not_our_workload": .init(
            "the service is called with the gateway's own SVID, which is another workload's",
            "call it through the gateway of the caller's own workload"
        ),
        // The form of a name.
        "ip_literal": .init("an address stands where a name is wanted", name),
        "trailing_dot": .init("the name ends with a dot", name),
        "userinfo": .init("there is user information before the host", "leave `user@` out"),
        "bad_name": .init("the name is no host name", name),
        "non_ascii_name": .init("the name has bytes above ASCII", "write it in its ASCII form, and declare that"),
        "punycode": .init("a label is punycode, and no entry declares that very name", "declare the name whole"),
        "bad_authority": .init("the target is not of the form `host:port`", name),
        "dns_tunnel": .init("the name could carry data in its labels", "declare the name whole, if it is right"),
        "too_many_names": .init(
            "the caller has asked for too many names below one wildcard within the hour",
            "declare the names that it needs whole, or find out why it asks"
        ),
        // What is declared.
        "undeclared_host": .init("no ServiceEntry declares the host for this gateway's namespace", declare),
        "undeclared_port": .init("the host is declared, and this port of it is not", "add the port to its entry"),
        "wrong_protocol": .init(
            "another protocol is declared for the port than what is spoken",
            "speak what the entry's `protocol` says, or change it"
        ),
        "dns_over_https": .init(
            "the host resolves names over HTTPS, and no entry declares it for that",
            "let the caller use the system's resolver"
        ),
        "dns_over_tls": .init("the port is that of DNS over TLS", "let the caller use the system's resolver"),
        // What the name leads to.
        "name_not_resolved": .init("the name does not resolve in time", "look at the resolver, and at the name"),
        "private_address": .init("the name leads to a private address", address),
        "loopback_address": .init("the name leads to this machine itself", address),
        "link_local_address": .init("the name leads to a link-local address", address),
        "metadata_address": .init(
            "the name leads to a cloud's metadata service, which gives out credentials",
            "find out who asked: this is an attack until it is known to be none"
        ),
        "special_address": .init("the name leads to an address that leads nowhere, or to many", address),
        "embedded_ipv4_address": .init("the name leads to an IPv6 address that holds an IPv4 address", address),
        "dns_mixed_answers": .init("good and bad addresses came together", address),
        "dns_rebinding": .init("the name led to good addresses before, and to bad ones now", address),
        "address_not_declared": .init("the address is in none of the blocks that the entry declares", address),
        "original_destination_mismatch": .init(
            "the connection was redirected here from an address that the name does not lead to",
            "let the caller resolve the name it asks for, and connect to that"
        ),
        // TLS that passes through.
        "not_tls": .init("what came is not the beginning of a TLS handshake", hello),
        "bad_client_hello": .init("the ClientHello cannot be read, or could be read in two ways", hello),
        "sni_missing": .init("the ClientHello names no server", hello),
        "sni_mismatch": .init("the ClientHello names another server than the target", hello),
        "encrypted_client_hello": .init(
            "the ClientHello hides the server's name, or might",
            "turn Encrypted ClientHello, and its imitation (GREASE), off in the caller"
        ),
        "second_client_hello_mismatch": .init("a second ClientHello named another server", hello),
        "caller_left": .init("the caller went away before anything was decided", "look at the caller's own log"),
        // Plain HTTP.
        "connect_to_plain_port": .init(
            "CONNECT asks for a port on which plain HTTP is declared",
            "send the request itself, or declare the port as TLS"
        ),
        "host_mismatch": .init("`Host` is not the target's host", "send the same in both"),
        "https_target": .init("the target is an `https` URL, which nobody here speaks for the caller", "use CONNECT"),
        "connect_with_body": .init("a CONNECT has a body", "send it without"),
        // What cannot be decided.
        "policy_undecidable": .init(
            "a policy of the service asks for what is not seen of a connection that passes through",
            "ask for hosts, ports and callers only, or declare the port as HTTP"
        ),
    ]
}
