import Foundation
import Testing

/// The egress listeners between real clients and real servers, in network namespaces of the tests' own.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EgressNamespaceTests {
    // Of the internet: a hub that is declared, a server that is not, a metadata service, a host of a private network.
    private static let hub = "93.184.216.34"
    private static let evil = "93.184.216.99"
    private static let metadata = "169.254.169.254"
    private static let inside = "10.20.0.7"

    private static let hosts = """
        127.0.0.1 localhost
        \(hub) hub.example.com a.storage.example.com
        \(evil) evil.example.com
        \(metadata) meta.example.com
        \(inside) inside.example.com declared.example.com
        \(hub) mixed.example.com
        \(inside) mixed.example.com

        """

    private static let configuration = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Gateway
        metadata: { name: out, namespace: ml }
        spec:
          workload: { serviceAccount: gateway }
          egress:
            listeners:
            - { name: proxy, port: 15001 }
            - { name: redirected, port: 15006, transparent: true }
            - { name: socket, unixSocket: DIR/r/egress.sock }
        ---
        apiVersion: lapwing.dev/v1alpha1
        kind: WorkloadEntry
        metadata: { name: gateway }
        spec: { spiffeID: spiffe://cluster.local/ns/ml/sa/gateway, selectors: ["unix:uid:0"] }
        ---
        apiVersion: lapwing.dev/v1alpha1
        kind: WorkloadEntry
        metadata: { name: trainer }
        spec: { spiffeID: spiffe://cluster.local/ns/ml/sa/trainer, selectors: ["unix:uid:65534"] }
        ---
        apiVersion: lapwing.dev/v1alpha1
        kind: WorkloadEntry
        metadata: { name: stranger }
        spec: { spiffeID: spiffe://cluster.local/ns/ml/sa/stranger, selectors: ["unix:uid:65533"] }
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: hub, namespace: ml }
        spec:
          hosts: [hub.example.com, meta.example.com, inside.example.com, mixed.example.com]
          resolution: DNS
          ports:
          - { number: 80, name: http, protocol: HTTP }
          - { number: 443, name: https, protocol: TLS }
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: storage, namespace: ml }
        spec:
          hosts: ["*.storage.example.com"]
          resolution: NONE
          ports: [{ number: 443, name: https, protocol: TLS }]
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: declared, namespace: ml }
        spec:
          hosts: [declared.example.com]
          addresses: [10.20.0.0/16]
          resolution: DNS
          ports: [{ number: 80, name: http, protocol: HTTP }]
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: trainer, namespace: ml }
        spec:
          targetRefs:
          - { group: networking.istio.io, kind: ServiceEntry, name: hub }
          - { group: networking.istio.io, kind: ServiceEntry, name: storage }
          - { group: networking.istio.io, kind: ServiceEntry, name: declared }
          rules:
          - from: [{ source: { principals: ["cluster.local/ns/ml/sa/trainer"] } }]
        """

    /// Connections of the workloads' users go to the listener, wherever they were going.
    private static let redirect = """
        table ip lapwing {
          chain out {
            type nat hook output priority -100;
            meta skuid >= 65533 ip daddr != 127.0.0.0/8 tcp dport 1-65535 redirect to :15006
          }
        }
        """

    /// What a workload tries, and what comes of it.
    private struct Case {
        let name: String
        let command: String
        /// The reason in the record; nil where the answer of the hub comes through.
        let reason: String?
        var uid = EgressInstallation.uid
    }

    private static let curl = "curl -s -m 8 --cacert @PEM@"
    private static let proxy = "\(curl) -x http://127.0.0.1:15001"

    private static let cases: [Case] = [
        // What is declared and allowed.
        Case(name: "HTTP through the proxy", command: "\(proxy) http://hub.example.com/index.html", reason: nil),
        Case(name: "HTTPS through the proxy", command: "\(proxy) https://hub.example.com/index.html", reason: nil),
        Case(
            name: "HTTPS to a name below a wildcard",
            command: "\(proxy) https://a.storage.example.com/index.html",
            reason: nil
        ),
        Case(name: "HTTP that is redirected", command: "\(curl) http://hub.example.com/index.html", reason: nil),
        Case(name: "HTTPS that is redirected", command: "\(curl) https://hub.example.com/index.html", reason: nil),
        Case(
            name: "HTTPS with the server name alone",
            command: "\(curl) --connect-to ::127.0.0.1:15001 https://hub.example.com/index.html",
            reason: nil
        ),
        Case(
            name: "a private address in a declared block",
            command: "\(proxy) http://declared.example.com/index.html",
            reason: nil
        ),
        Case(
            name: "Python through the proxy",
            command:
                "env HTTPS_PROXY=http://127.0.0.1:15001 SSL_CERT_FILE=@PEM@ python3 -c \"import urllib.request; print(urllib.request.urlopen('https://hub.example.com/index.html').read().decode())\"",
            reason: nil
        ),
        // What is not.
        Case(name: "an undeclared server", command: "\(proxy) http://evil.example.com/", reason: "undeclared_host"),
        Case(
            name: "an undeclared server that is redirected",
            command: "\(curl) http://evil.example.com/",
            reason: "undeclared_host"
        ),
        Case(
            name: "an undeclared server over TLS",
            command: "\(curl) -k https://evil.example.com/",
            reason: "undeclared_host"
        ),
        Case(name: "an address that is redirected", command: "\(curl) http://\(evil)/", reason: "ip_literal"),
        Case(
            name: "the metadata service that is redirected",
            command: "\(curl) http://\(metadata)/latest/",
            reason: "ip_literal"
        ),
        Case(
            name: "an address over TLS, without a server name",
            command: "\(curl) -k https://\(evil)/",
            reason: "sni_missing"
        ),
        Case(
            name: "a declared Host at an undeclared server",
            command: "\(curl) --resolve hub.example.com:80:\(evil) http://hub.example.com/",
            reason: "original_destination_mismatch"
        ),
        Case(
            name: "a declared server name at an undeclared server",
            command: "\(curl) -k --resolve hub.example.com:443:\(evil) https://hub.example.com/",
            reason: "original_destination_mismatch"
        ),
        Case(
            name: "a declared Host at the metadata service",
            command: "\(curl) -H 'Host: hub.example.com' http://\(metadata)/latest/",
            reason: "original_destination_mismatch"
        ),
        Case(
            name: "a declared Host on another port",
            command: "\(curl) -H 'Host: hub.example.com' http://\(hub):8080/",
            reason: "undeclared_port"
        ),
        Case(
            name: "a name that leads to the metadata service",
            command: "\(proxy) http://meta.example.com/latest/",
            reason: "metadata_address"
        ),
        Case(
            name: "a name that leads to the metadata service, redirected",
            command: "\(curl) http://meta.example.com/latest/",
            reason: "metadata_address"
        ),
        Case(
            name: "a name that leads inside",
            command: "\(proxy) http://inside.example.com/",
            reason: "private_address"
        ),
        Case(
            name: "a name that leads inside and outside",
            command: "\(proxy) http://mixed.example.com/",
            reason: "dns_mixed_answers"
        ),
        Case(
            name: "a name that leads nowhere",
            command: "\(proxy) https://b.storage.example.com/",
            reason: "name_not_resolved"
        ),
        Case(
            name: "another server name behind CONNECT",
            command:
                "openssl s_client -proxy 127.0.0.1:15001 -connect hub.example.com:443 -servername evil.example.com -brief",
            reason: "sni_mismatch"
        ),
        Case(
            name: "no server name behind CONNECT",
            command: "openssl s_client -proxy 127.0.0.1:15001 -connect hub.example.com:443 -noservername -brief",
            reason: "sni_missing"
        ),
        Case(
            name: "SSH behind CONNECT",
            command:
                "bash -c 'exec 3<>/dev/tcp/127.0.0.1/15001; printf \"CONNECT hub.example.com:443 HTTP/1.1\\r\\nHost: hub.example.com:443\\r\\n\\r\\n\" >&3; read -t 3 line <&3; printf \"SSH-2.0-x\\r\\n\" >&3; cat <&3 >/dev/null'",
            reason: "not_tls"
        ),
        Case(name: "CONNECT to an address", command: "\(proxy) https://\(evil)/", reason: "ip_literal"),
        Case(
            name: "CONNECT to another port",
            command: "\(proxy) https://hub.example.com:8443/",
            reason: "undeclared_port"
        ),
        Case(
            name: "a resolver of DNS over HTTPS",
            command: "\(proxy) https://dns.google/dns-query",
            reason: "dns_over_https"
        ),
        Case(
            name: "another workload",
            command: "\(proxy) https://hub.example.com/",
            reason: "no_rule_matched",
            uid: 65533
        ),
        Case(
            name: "another workload that is redirected",
            command: "\(curl) https://hub.example.com/",
            reason: "no_rule_matched",
            uid: 65533
        ),
    ]

    @Test(.enabled(if: NetworkNamespaces.arePossible), .timeLimit(.minutes(5)))
    func `what is declared and allowed gets through, and nothing else`() throws {
        let namespaces = try NetworkNamespaces(
            addresses: [Self.hub, Self.evil, Self.metadata, Self.inside],
            hosts: Self.hosts
        )
        let lapwing = try EgressInstallation(configuration: Self.configuration, namespace: namespaces.workloads)
        let directory = lapwing.directory.path
        try Self.makeCertificate(in: directory)
        let web = directory + "/web"
        try FileManager.default.createDirectory(atPath: web, withIntermediateDirectories: true)
        try "hello from outside".write(toFile: web + "/index.html", atomically: true, encoding: .utf8)
        let rules = try lapwing.directory.write(Self.redirect, to: "redirect.nft")
        #expect(try lapwing.run(["nft", "-f", rules]).status == 0)
        for address in [Self.hub, Self.evil, Self.metadata, Self.inside] {
            Self.serve(address, web, directory, in: namespaces.internet, lapwing)
        }
        try #require(
            try lapwing.wait {
                try [Self.hub, Self.evil, Self.metadata, Self.inside].allSatisfy { address in
                    try lapwing.run(["curl", "-s", "-m", "1", "http://\(address)/index.html"]).status == 0
                        && lapwing.run(["curl", "-sk", "-m", "1", "https://\(address)/index.html"]).status == 0
                }
            },
            "the servers outside do not answer"
        )
        let forbidden = [Self.evil, Self.metadata, Self.inside]
        let before = try forbidden.map { try Self.requests(of: $0, in: directory) }

        for entry in Self.cases {
            let last = try lapwing.lastRecord
            let command = entry.command.replacing("@PEM@", with: directory + "/cert.pem")
            let result = try lapwing.asWorkload(["bash", "-c", command], uid: entry.uid)
            guard let reason = entry.reason else {
                #expect(result.output.contains("hello from outside"), "\(entry.name): \(result.errors)")
                continue
            }
            #expect(!result.output.contains("hello"), "\(entry.name) got through")
            let isRecorded = try lapwing.wait {
                try lapwing.records(after: last).contains { $0.contains(" deny ") && $0.contains(" \(reason) ") }
            }
            let records = try lapwing.records(after: last)
            #expect(isRecorded, "\(entry.name): \(records)")
        }
        // A user that no entry knows gets nothing, not even a reason.
        let unknown = try lapwing.asWorkload(
            ["curl", "-s", "-m", "5", "http://hub.example.com/index.html"],
            uid: 65_540
        )
        #expect(unknown.output.isEmpty && unknown.status != 0)
        // `declared` may read from the private host; nothing else reached what is forbidden.
        let after = try forbidden.map { try Self.requests(of: $0, in: directory) }
        #expect(after[0] == before[0] && after[1] == before[1], "a request reached a server that is not declared")
        #expect(after[2] == before[2] + 1)
        print("egress in network namespaces: \(Self.cases.count) cases")
    }

    /// A web server for HTTP and one for HTTPS at an address, whose requests are written down.
    private static func serve(
        _ address: String,
        _ web: String,
        _ directory: String,
        in namespace: String,
        _ lapwing: EgressInstallation
    ) {
        let inside = ["ip", "netns", "exec", namespace]
        let script = """
            import http.server, ssl, threading
            def serve(port, context):
                handler = lambda *a: http.server.SimpleHTTPRequestHandler(*a, directory='\(web)')
                server = http.server.ThreadingHTTPServer(('\(address)', port), handler)
                if context: server.socket = context.wrap_socket(server.socket, server_side=True)
                server.serve_forever()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain('\(directory)/cert.pem', '\(directory)/key.pem')
            threading.Thread(target=serve, args=(443, context), daemon=True).start()
            serve(80, None)
            """
        lapwing.startOutside(inside + ["python3", "-c", script], errors: directory + "/\(address).log")
    }

    private static func requests(of address: String, in directory: String) throws -> Int {
        try String(contentsOfFile: directory + "/\(address).log", encoding: .utf8).components(separatedBy: "\"GET ")
            .count - 1
    }

    private static func makeCertificate(in directory: String) throws {
        let made = try Program.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2",
                "-keyout", directory + "/key.pem", "-out", directory + "/cert.pem", "-subj", "/CN=hub.example.com",
                "-addext",
                "subjectAltName=DNS:hub.example.com,DNS:*.storage.example.com",
            ],
            program: "/usr/bin/env"
        )
        try #require(made.status == 0, "\(made.errors)")
    }
}
