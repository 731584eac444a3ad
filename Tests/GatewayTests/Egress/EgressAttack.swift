import Testing

/// One way to get out that must not work, and the reason under which it is refused.
struct EgressAttack: Sendable, CustomTestStringConvertible {
    /// What a caller does.
    enum Step: Sendable {
        case send([UInt8])
        case waitFor(String)
    }

    let name: String
    let steps: [Step]
    /// The reason that the record has to give.
    let reason: String
    /// What names lead to.
    var answers: [String: [[String]]] = [:]
    /// Which names may be asked of DNS; a name that is refused for itself never is.
    var asks: [String] = []
    var callers = ["trainer"]

    var testDescription: String { name }

    // MARK: Forms

    /// `CONNECT target`.
    static func connect(_ target: String, _ reason: String, _ name: String? = nil) -> EgressAttack {
        raw(name ?? "CONNECT \(target.prefix(60))", "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n\r\n", reason)
    }

    /// Bytes as they are.
    static func raw(_ name: String, _ text: String, _ reason: String) -> EgressAttack {
        EgressAttack(name: name, steps: [.send(Array(text.utf8))], reason: reason)
    }

    /// A CONNECT to a good target, and then something else than its ClientHello.
    static func behindConnect(_ name: String, _ bytes: [UInt8], _ reason: String) -> EgressAttack {
        EgressAttack(
            name: name,
            steps: [
                .send(Array("CONNECT canary.example.com:443 HTTP/1.1\r\nHost: canary.example.com:443\r\n\r\n".utf8)),
                .waitFor("200 OK"), .send(bytes),
            ],
            reason: reason
        )
    }

    /// TLS without CONNECT.
    static func tls(_ name: String, _ bytes: [UInt8], _ reason: String) -> EgressAttack {
        EgressAttack(name: name, steps: [.send(bytes)], reason: reason)
    }

    /// A good name that leads somewhere else.
    static func answer(_ addresses: [String], _ reason: String, _ name: String? = nil) -> EgressAttack {
        var attack = connect("hub.example.com:443", reason, name ?? "DNS answers \(addresses.joined(separator: ", "))")
        attack.answers = ["hub.example.com": [addresses]]
        attack.asks = ["hub.example.com"]
        return attack
    }

    /// A plain request to a host that is declared.
    static func http(_ name: String, _ head: String, _ reason: String) -> EgressAttack { raw(name, head, reason) }
}

extension EgressAttack {
    static let all = literals + answers + names + ports + connects + tls + plain + callers

    // MARK: Addresses where a name is demanded, in every notation

    static let literals: [EgressAttack] = [
        .connect("93.184.216.34:443", "ip_literal"),
        .connect("10.0.0.1:443", "ip_literal"),
        .connect("127.0.0.1:443", "ip_literal"),
        .connect("169.254.169.254:443", "ip_literal"),
        .connect("2130706433:443", "ip_literal", "CONNECT to an address as one decimal number"),
        .connect("0x7f000001:443", "ip_literal", "CONNECT to an address as one hexadecimal number"),
        .connect("017700000001:443", "ip_literal", "CONNECT to an address as one octal number"),
        .connect("0x7f.0.0.1:443", "ip_literal"),
        .connect("0177.0.0.1:443", "ip_literal"),
        .connect("127.1:443", "ip_literal"),
        .connect("0:443", "ip_literal"),
        .connect("010.000.000.001:443", "ip_literal"),
        .connect("1.2.3.0x4:443", "ip_literal"),
        .connect("256.256.256.256:443", "ip_literal"),
        .connect("127.0.0.1.:443", "ip_literal"),
        .connect("[::1]:443", "ip_literal"),
        .connect("[::ffff:127.0.0.1]:443", "ip_literal"),
        .connect("[fe80::1%25eth0]:443", "ip_literal", "CONNECT to an address with a zone"),
        .connect("[fd00:ec2::254]:443", "ip_literal"),
        .connect("::1:443", "ip_literal"),
        .connect("[v1.fe80::a]:443", "ip_literal", "CONNECT to an address of a future version"),
        .connect("%31%32%37.0.0.1:443", "bad_authority", "CONNECT to an escaped address"),
        .raw(
            "CONNECT to an address in fullwidth digits",
            "CONNECT １２７.0.0.1:443 HTTP/1.1\r\nHost: a\r\n\r\n",
            "bad_target"
        ),
        .http(
            "the metadata service by absolute target",
            "GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n",
            "ip_literal"
        ),
        .http("the metadata service by Host", "GET /latest/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n", "ip_literal"),
        .http("loopback by Host", "GET /v1/ HTTP/1.1\r\nHost: [::1]\r\n\r\n", "ip_literal"),
        .tls("an address as server name", Hello.named("127.0.0.1").bytes, "ip_literal"),
    ]

    // MARK: Names that lead to the wrong place

    static let answers: [EgressAttack] = [
        .answer(["10.0.0.5"], "private_address"),
        .answer(["172.16.0.1"], "private_address"),
        .answer(["192.168.1.1"], "private_address"),
        .answer(["100.64.0.1"], "private_address"),
        .answer(["fd12:3456::1"], "private_address"),
        .answer(["fec0::1"], "private_address"),
        .answer(["127.0.0.53"], "loopback_address"),
        .answer(["::1"], "loopback_address"),
        .answer(["169.254.10.10"], "link_local_address"),
        .answer(["fe80::1"], "link_local_address"),
        .answer(["169.254.169.254"], "metadata_address"),
        .answer(["fd00:ec2::254"], "metadata_address"),
        .answer(["100.100.100.200"], "metadata_address"),
        .answer(["168.63.129.16"], "metadata_address"),
        .answer(["::ffff:10.0.0.1"], "embedded_ipv4_address"),
        .answer(["64:ff9b::a00:1"], "embedded_ipv4_address"),
        .answer(["2002:7f00:1::"], "embedded_ipv4_address"),
        .answer(["2001:0:4136:e378:8000:63bf:3fff:fdd2"], "embedded_ipv4_address"),
        .answer(["2a00:1450::5efe:7f00:1"], "embedded_ipv4_address"),
        .answer(["0.0.0.0"], "special_address"),
        .answer(["::"], "special_address"),
        .answer(["224.0.0.1"], "special_address"),
        .answer(["255.255.255.255"], "special_address"),
        .answer(["198.18.0.1"], "special_address"),
        .answer(["ff02::1"], "special_address"),
        .answer(["93.184.216.34", "10.0.0.5"], "dns_mixed_answers"),
        .answer(["127.0.0.1", "93.184.216.34"], "dns_mixed_answers"),
        .answer([], "name_not_resolved", "a name without addresses"),
        .answer(["!"], "name_not_resolved", "a DNS server that does not answer"),
        EgressAttack(
            name: "an answer outside the declared blocks",
            steps: connect("blocks.example.com:443", "").steps,
            reason: "address_not_declared",
            answers: ["blocks.example.com": [["10.21.0.1"]]],
            asks: ["blocks.example.com"]
        ),
        EgressAttack(
            name: "a public answer where private blocks are declared",
            steps: connect("blocks.example.com:443", "").steps,
            reason: "address_not_declared",
            answers: ["blocks.example.com": [["93.184.216.34"]]],
            asks: ["blocks.example.com"]
        ),
        EgressAttack(
            name: "a wildcard's name that leads inside",
            steps: connect("a.storage.example.com:443", "").steps,
            reason: "private_address",
            answers: ["a.storage.example.com": [["10.0.0.1"]]],
            asks: ["a.storage.example.com"]
        ),
    ]

    // MARK: Names that are not, or not quite, declared

    static let names: [EgressAttack] = [
        .connect("evil.example.com:443", "undeclared_host"),
        .connect("hub.example.com.:443", "trailing_dot"),
        .connect("a.hub.example.com:443", "undeclared_host"),
        .connect("hub.example.com.evil.com:443", "undeclared_host"),
        .connect("evilhub.example.com:443", "undeclared_host"),
        .connect("storage.example.com:443", "undeclared_host", "CONNECT to a wildcard's own zone"),
        .connect("xstorage.example.com:443", "undeclared_host"),
        .connect("hidden.example.com:443", "undeclared_host", "CONNECT to what another namespace keeps for itself"),
        .connect("localhost:443", "undeclared_host"),
        .connect("metadata.google.internal:443", "undeclared_host"),
        .connect("xn--hb-xka.example.com:443", "punycode", "CONNECT to a name that looks like the hub's"),
        .connect("xn--90a.storage.example.com:443", "punycode", "CONNECT to punycode below a wildcard"),
        .connect("user@hub.example.com:443", "userinfo"),
        .connect("hub.example.com@evil.example.com:443", "userinfo"),
        .connect("hub_.example.com:443", "bad_name"),
        .connect("hub..example.com:443", "bad_name"),
        .connect("-hub.example.com:443", "bad_name"),
        .connect("hub.example.com\\@evil:443", "userinfo"),
        .connect("*.storage.example.com:443", "bad_name"),
        .connect(String(repeating: "a", count: 64) + ".storage.example.com:443", "bad_name", "CONNECT to a long label"),
        .connect(
            String(repeating: "a.", count: 125) + "storage.example.com:443",
            "bad_name",
            "CONNECT to a name of more than 253 bytes"
        ),
        .connect("hub.example.com%00.evil.com:443", "bad_authority"),
        .connect("hub%2eexample%2ecom:443", "bad_authority"),
        .connect("dns.google:443", "dns_over_https"),
        .connect("cloudflare-dns.com:443", "dns_over_https"),
        .connect("one.one.one.one:443", "dns_over_https"),
        .connect("dns.quad9.net:443", "dns_over_https", "CONNECT to a resolver below a declared wildcard"),
        .connect("abc123.dns.nextdns.io:443", "dns_over_https"),
        .connect(
            String(repeating: "a", count: 40) + ".storage.example.com:443",
            "dns_tunnel",
            "a tunnel in one long label"
        ),
        .connect("a.b.c.storage.example.com:443", "dns_tunnel", "a tunnel in many labels"),
        .connect(
            "mzxw6ytboi4dqmjzgq2tcmi.storage.example.com:443",
            "dns_tunnel",
            "a tunnel in base32"
        ),
        .connect("4f2d9a1c7be03568aa10.storage.example.com:443", "dns_tunnel", "a tunnel in hexadecimal"),
        .connect(
            "abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz.storage.example.com:443",
            "dns_tunnel",
            "a tunnel in two labels that are long together"
        ),
    ]

    // MARK: Ports

    static let ports: [EgressAttack] = [
        .connect("hub.example.com:22", "undeclared_port"),
        .connect("hub.example.com:80", "undeclared_port"),
        .connect("hub.example.com:8443", "undeclared_port"),
        .connect("hub.example.com:853", "dns_over_tls"),
        .connect("hub.example.com:53", "dns_over_tls"),
        .connect("hub.example.com:0", "bad_authority"),
        .connect("hub.example.com:65536", "bad_authority"),
        .connect("hub.example.com:0443", "bad_authority"),
        .connect("hub.example.com:+443", "bad_authority"),
        .connect("hub.example.com:", "bad_authority"),
        .connect("hub.example.com", "bad_authority"),
        .connect("hub.example.com:443:443", "bad_authority"),
        .connect("hub.example.com:https", "bad_authority"),
        .http(
            "HTTP to another port",
            "GET http://api.example.com:8080/v1/ HTTP/1.1\r\nHost: api.example.com:8080\r\n\r\n",
            "undeclared_port"
        ),
    ]

    // MARK: CONNECT in odd forms

    static let connects: [EgressAttack] = [
        .connect("/", "bad_name"),
        .connect("http://hub.example.com/", "bad_authority"),
        .connect("hub.example.com:443/", "bad_authority"),
        .connect("hub.example.com:443?x", "bad_authority"),
        .connect("canary.example.com:80", "wrong_protocol", "CONNECT to a port on which HTTP is declared"),
        .raw("connect in lower case", "connect hub.example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n", "unknown_method"),
        .raw(
            "CONNECT in HTTP/2.0",
            "CONNECT hub.example.com:443 HTTP/2.0\r\nHost: hub.example.com\r\n\r\n",
            "unsupported_version"
        ),
        .raw("CONNECT without Host", "CONNECT hub.example.com:443 HTTP/1.1\r\n\r\n", "missing_host"),
        .raw(
            "CONNECT with another Host",
            "CONNECT canary.example.com:443 HTTP/1.1\r\nHost: evil.example.com\r\n\r\n",
            "host_mismatch"
        ),
        .raw(
            "CONNECT with another port in Host",
            "CONNECT canary.example.com:443 HTTP/1.1\r\nHost: canary.example.com:22\r\n\r\n",
            "host_mismatch"
        ),
        .raw(
            "CONNECT with two Hosts",
            "CONNECT canary.example.com:443 HTTP/1.1\r\nHost: canary.example.com:443\r\nHost: evil.example.com\r\n\r\n",
            "duplicate_host"
        ),
        .raw(
            "CONNECT with a body",
            "CONNECT canary.example.com:443 HTTP/1.1\r\nHost: canary.example.com:443\r\nContent-Length: 5\r\n\r\nhello",
            "connect_with_body"
        ),
        .raw(
            "CONNECT in chunks",
            "CONNECT canary.example.com:443 HTTP/1.1\r\nHost: canary.example.com:443\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "connect_with_body"
        ),
        .raw(
            "CONNECT with an upgrade",
            "CONNECT canary.example.com:443 HTTP/1.1\r\nHost: canary.example.com:443\r\nUpgrade: h2c\r\n\r\n",
            "connect_with_body"
        ),
        .raw(
            "CONNECT with bare line feeds",
            "CONNECT canary.example.com:443 HTTP/1.1\nHost: canary.example.com:443\n\n",
            "bare_line_feed"
        ),
        .raw(
            "CONNECT with a folded field",
            "CONNECT canary.example.com:443 HTTP/1.1\r\nHost: canary.example.com:443\r\nA: b\r\n c\r\n\r\n",
            "folded_field"
        ),
        .raw("CONNECT with two spaces", "CONNECT  canary.example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n", "bad_target"),
        .raw(
            "CONNECT with a NUL in the target",
            "CONNECT canary.example.com\u{0}.evil:443 HTTP/1.1\r\nHost: a\r\n\r\n",
            "bad_target"
        ),
        .raw("CONNECT with an endless target", "CONNECT " + String(repeating: "a", count: 2000), "head_too_large"),
    ]

    // MARK: TLS

    static let tls: [EgressAttack] = [
        .behindConnect("another server name than the target", Hello.named("evil.example.com").bytes, "sni_mismatch"),
        .behindConnect(
            "a declared server name that is not the target",
            Hello.named("hub.example.com").bytes,
            "sni_mismatch"
        ),
        .behindConnect("a server name below the target", Hello.named("a.canary.example.com").bytes, "sni_mismatch"),
        .behindConnect("a server name with a final dot", Hello.named("canary.example.com.").bytes, "sni_mismatch"),
        .behindConnect(
            "another server name, in many records",
            Hello(serverNames: ["evil.example.com"], fragments: 9).bytes,
            "sni_mismatch"
        ),
        .behindConnect("no server name", Hello.named(nil).bytes, "sni_missing"),
        .behindConnect(
            "an encrypted ClientHello",
            Hello(serverNames: ["canary.example.com"], extensions: [(0xfe0d, [0, 0, 1, 0, 1, 7, 0, 0, 0, 0])]).bytes,
            "encrypted_client_hello"
        ),
        .behindConnect(
            "an encrypted server name of an older draft",
            Hello(serverNames: ["canary.example.com"], extensions: [(0xffce, [1, 2, 3])]).bytes,
            "encrypted_client_hello"
        ),
        .behindConnect(
            "two server names",
            Hello(serverNames: ["canary.example.com", "evil.example.com"]).bytes,
            "bad_client_hello"
        ),
        .behindConnect(
            "the server name's extension twice",
            Hello(serverNames: ["canary.example.com"], repeatsServerName: true).bytes,
            "bad_client_hello"
        ),
        .behindConnect(
            "a second message in the ClientHello's record",
            Hello(serverNames: ["canary.example.com"], trailing: [1, 0, 0, 1, 0]).bytes,
            "bad_client_hello"
        ),
        .behindConnect(
            "an alert inside the ClientHello",
            [22, 3, 1, 0, 4, 1, 0, 0, 90, 21, 3, 3, 0, 2, 1, 0],
            "bad_client_hello"
        ),
        .behindConnect("an endless ClientHello", [22, 3, 1, 0x40, 0x01, 1, 0, 0x40, 0], "bad_client_hello"),
        .behindConnect("an empty record", [22, 3, 1, 0, 0], "bad_client_hello"),
        .behindConnect("SSH instead of TLS", Array("SSH-2.0-OpenSSH_9\r\n".utf8), "not_tls"),
        .behindConnect("HTTP instead of TLS", Array("GET / HTTP/1.1\r\nHost: evil\r\n\r\n".utf8), "not_tls"),
        .behindConnect("a ClientHello of SSL 2", [0x80, 0x2e, 1, 3, 1, 0, 21], "not_tls"),
        .behindConnect("bytes of no protocol", [0, 1, 2, 3, 4, 5, 6, 7], "not_tls"),
        .tls("an undeclared server name without CONNECT", Hello.named("evil.example.com").bytes, "undeclared_host"),
        .tls("no server name without CONNECT", Hello.named(nil).bytes, "sni_missing"),
        .tls(
            "the server name of a host that is declared for HTTP alone",
            Hello.named("api.example.com").bytes,
            "undeclared_port"
        ),
        .tls("the server name of a resolver", Hello.named("dns.google").bytes, "dns_over_https"),
        .tls(
            "a tunnel in the server name",
            Hello.named("4f2d9a1c7be03568aa10.storage.example.com").bytes,
            "dns_tunnel"
        ),
    ]

    // MARK: Plain HTTP

    static let plain: [EgressAttack] = [
        .http(
            "an undeclared host",
            "GET http://evil.example.com/ HTTP/1.1\r\nHost: evil.example.com\r\n\r\n",
            "undeclared_host"
        ),
        .http(
            "an undeclared host by Host alone",
            "GET / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n",
            "undeclared_host"
        ),
        .http(
            "another Host than the target",
            "GET http://canary.example.com/v1/ HTTP/1.1\r\nHost: evil.example.com\r\n\r\n",
            "authority_mismatch"
        ),
        .http(
            "another target than Host",
            "GET http://evil.example.com/v1/ HTTP/1.1\r\nHost: canary.example.com\r\n\r\n",
            "authority_mismatch"
        ),
        .http(
            "user information in the target",
            "GET http://canary.example.com@evil.example.com/ HTTP/1.1\r\nHost: canary.example.com\r\n\r\n",
            "authority_mismatch"
        ),
        .http("user information in Host", "GET /v1/ HTTP/1.1\r\nHost: a@canary.example.com\r\n\r\n", "bad_host"),
        .http("no Host", "GET /v1/ HTTP/1.1\r\n\r\n", "missing_host"),
        .http(
            "two Hosts",
            "GET /v1/ HTTP/1.1\r\nHost: canary.example.com\r\nHost: evil.example.com\r\n\r\n",
            "duplicate_host"
        ),
        .http(
            "an https target",
            "GET https://canary.example.com/v1/ HTTP/1.1\r\nHost: canary.example.com\r\n\r\n",
            "https_target"
        ),
        .http(
            "an ftp target",
            "GET ftp://canary.example.com/v1/ HTTP/1.1\r\nHost: canary.example.com\r\n\r\n",
            "bad_target"
        ),
        .http(
            "HTTP to a port on which TLS is declared",
            "GET http://canary.example.com:443/v1/ HTTP/1.1\r\nHost: canary.example.com:443\r\n\r\n",
            "wrong_protocol"
        ),
        .http(
            "a length and chunks",
            "POST /v1/ HTTP/1.1\r\nHost: canary.example.com\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
            "content_length_with_transfer_encoding"
        ),
        .http(
            "two lengths",
            "POST /v1/ HTTP/1.1\r\nHost: canary.example.com\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "duplicate_content_length"
        ),
        .http(
            "two codings",
            "POST /v1/ HTTP/1.1\r\nHost: canary.example.com\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "bad_transfer_encoding"
        ),
        .http(
            "a blank before the colon",
            "POST /v1/ HTTP/1.1\r\nHost: canary.example.com\r\nContent-Length : 5\r\n\r\nhello",
            "bad_field_name"
        ),
        .http(
            "an underscore in the length's name",
            "POST /v1/ HTTP/1.1\r\nHost: canary.example.com\r\nContent_Length: 5\r\n\r\nhello",
            "ambiguous_field_name"
        ),
        .http("a folded field", "GET /v1/ HTTP/1.1\r\nHost: canary.example.com\r\nA: b\r\n c\r\n\r\n", "folded_field"),
        .http("bare line feeds", "GET /v1/ HTTP/1.1\nHost: canary.example.com\n\n", "bare_line_feed"),
        .http("HTTP/1.0", "GET /v1/ HTTP/1.0\r\nHost: canary.example.com\r\n\r\n", "unsupported_version"),
        .http(
            "an upgrade",
            "GET /v1/ HTTP/1.1\r\nHost: canary.example.com\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            "unsupported_upgrade"
        ),
        .http("TRACE", "TRACE /v1/ HTTP/1.1\r\nHost: canary.example.com\r\n\r\n", "unsupported_method"),
        .http(
            "a method that no rule allows",
            "DELETE /v1/ HTTP/1.1\r\nHost: canary.example.com\r\n\r\n",
            "no_rule_matched"
        ),
        .http(
            "a path that no rule allows",
            "GET /admin HTTP/1.1\r\nHost: canary.example.com\r\n\r\n",
            "no_rule_matched"
        ),
        .http(
            "a path that leads out of what is allowed",
            "GET /v1/../admin HTTP/1.1\r\nHost: canary.example.com\r\n\r\n",
            "no_rule_matched"
        ),
        .http(
            "DNS over HTTPS by its media type",
            "POST /v1/x HTTP/1.1\r\nHost: canary.example.com\r\nContent-Type: application/dns-message\r\nContent-Length: 1\r\n\r\nx",
            "dns_over_https"
        ),
        .http(
            "DNS over HTTPS by its query",
            "GET /dns-query?dns=AAABAAABAAAAAAAA HTTP/1.1\r\nHost: canary.example.com\r\n\r\n",
            "dns_over_https"
        ),
        .http(
            "DNS over HTTPS in JSON",
            "GET /v1/resolve?name=x HTTP/1.1\r\nHost: canary.example.com\r\nAccept: application/dns-json\r\n\r\n",
            "dns_over_https"
        ),
    ]

    // MARK: Callers

    static let callers: [EgressAttack] = {
        var list = [
            EgressAttack.connect("canary.example.com:443", "no_rule_matched", "a workload that no rule names"),
            .connect("hub.example.com:443", "denied_by_rule", "a workload that a rule denies"),
            .connect("hub.example.com:443", "denied_by_rule", "a workload of which one identity is denied"),
            .http(
                "another workload's call in the gateway's name",
                "GET /v1/ HTTP/1.1\r\nHost: features.ml\r\n\r\n",
                "caller_not_our_workload"
            ),
            .connect("undecidable.example.com:443", "policy_undecidable", "a rule that TLS hides from"),
        ]
        list[0].callers = ["stranger"]
        list[1].callers = ["banned"]
        list[2].callers = ["trainer", "banned"]
        return list
    }()
}
