import Authorization
import Resources
import Testing

@testable import Gateway

@Suite("Service entries", .timeLimit(.minutes(5))) struct ServiceEntryTests {
    private static func entry(_ spec: String, version: String = "networking.istio.io/v1") throws -> ServiceEntry {
        let text = """
            apiVersion: \(version)
            kind: ServiceEntry
            metadata: { name: hub, namespace: ml }
            spec:

            """
        let body = spec.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        return try #require(
            try ServiceEntry.load(try ResourceLoader.parse(yaml: text + body + "\n", file: "s.yaml")).first
        )
    }

    private static let ports = "ports: [{ number: 443, name: https, protocol: TLS }]"

    @Test(arguments: ["networking.istio.io/v1", "networking.istio.io/v1beta1"])
    func `the fields that matter are read`(version: String) throws {
        let entry = try Self.entry(
            """
            hosts: [Hub.example.com, "*.files.example.com"]
            location: MESH_EXTERNAL
            resolution: STATIC
            exportTo: [".", other]
            addresses: [10.1.0.0/16]
            ports:
            - { number: 443, name: https, protocol: TLS, targetPort: 8443 }
            - { number: 80, name: http, protocol: HTTP }
            endpoints:
            - { address: 10.1.0.1, ports: { https: 9443 }, labels: { a: b }, weight: 3, locality: x/y }
            """,
            version: version
        )
        #expect(entry.hosts.map(\.description) == ["hub.example.com", "*.files.example.com"])
        #expect(entry.ports.map(\.target) == [8443, 80])
        #expect(entry.endpoints.map(\.ports) == [["https": 9443]])
        #expect(entry.isVisible(in: "ml") && entry.isVisible(in: "other") && !entry.isVisible(in: "third"))
        #expect(!entry.isInternal)
    }

    @Test func `a workload of ours has its identity pinned`() throws {
        let entry = try Self.entry(
            """
            hosts: [features.ml]
            location: MESH_INTERNAL
            resolution: DNS
            ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8443 }]
            subjectAltNames: ["spiffe://cluster.local/ns/ml/sa/features"]
            """
        )
        #expect(entry.isMutualTLS)
        #expect(entry.exportTo.isEmpty)
    }

    @Test(arguments: [
        ("hosts: []\n\(ports)", "5:10: error: expected 1 to 256 hosts"),
        (ports, "5:3: error: a ServiceEntry spec needs `hosts`"),
        (
            "hosts: [a.example]\nprots: []\n\(ports)",
            "6:3: error: unknown field `prots` in a ServiceEntry spec; did you mean `ports`?"
        ),
        ("hosts: [\"*\"]\n\(ports)", "5:11: error: `*` is no host that can be declared: bad_name"),
        (
            "hosts: [\"*.com\"]\nresolution: NONE\n\(ports)",
            "5:11: error: `*.com` would declare a whole top-level domain"
        ),
        ("hosts: [10.0.0.1]\n\(ports)", "5:11: error: `10.0.0.1` is no host that can be declared: ip_literal"),
        (
            "hosts: [\"a.example.\"]\n\(ports)",
            "5:11: error: `a.example.` is no host that can be declared: trailing_dot"
        ),
        ("hosts: [a.example]\nresolution: dns\n\(ports)", "6:15: error: unknown value `dns`; did you mean `DNS`?"),
        (
            "hosts: [\"*.a.example\"]\nresolution: DNS\n\(ports)",
            "6:15: error: a host with `*` cannot be resolved by resolution DNS"
        ),
        ("hosts: [a.example]\nresolution: STATIC\n\(ports)", "6:15: error: resolution STATIC needs `endpoints`"),
        (
            "hosts: [a.example]\nresolution: NONE\n\(ports)\nendpoints: [{ address: 10.0.0.1 }]",
            "8:26: error: an address needs resolution STATIC"
        ),
        (
            "hosts: [a.example]\nresolution: STATIC\n\(ports)\nendpoints: [{ address: 169.254.169.254 }]",
            "8:26: error: `169.254.169.254` is never connected to: metadata_address"
        ),
        (
            "hosts: [a.example]\nresolution: STATIC\n\(ports)\nendpoints: [{ address: \"fe80::1\" }]",
            "never connected to: link_local_address"
        ),
        (
            "hosts: [a.example]\nresolution: STATIC\n\(ports)\nendpoints: [{ address: b.example }]",
            "8:26: error: resolution STATIC needs addresses"
        ),
        (
            "hosts: [a.example]\nresolution: DNS\n\(ports)\nendpoints: [{ address: \"unix:///x\" }]",
            "Unix sockets are not supported as endpoints"
        ),
        (
            "hosts: [a.example]\nresolution: DNS\n\(ports)\nendpoints: [{ address: b.example, ports: { http: 1 } }]",
            "8:46: error: there is no port `http`"
        ),
        (
            "hosts: [a.example]\nports: [{ number: 5432, name: db, protocol: TCP }]",
            "6:47: error: protocol TCP has no server name"
        ),
        (
            "hosts: [a.example]\nports: [{ number: 80, name: g, protocol: GRPC }]",
            "protocol GRPC without TLS is not supported"
        ),
        (
            "hosts: [a.example]\nports: [{ number: 80, name: g, protocol: HTTTP }]",
            "6:44: error: unknown value `HTTTP`; did you mean `HTTP`?"
        ),
        (
            "hosts: [a.example]\nports: [{ number: 70000, name: g, protocol: TLS }]",
            "6:21: error: expected a number from 1 to 65535"
        ),
        (
            "hosts: [a.example]\nports: [{ number: 1, name: g, protocol: TLS }, { number: 1, name: h, protocol: TLS }]",
            "two ports have the same number or name"
        ),
        (
            "hosts: [a.example]\n\(ports)\nworkloadSelector: { labels: { a: b } }",
            "7:21: error: `workloadSelector` is not supported"
        ),
        ("hosts: [a.example]\n\(ports)\nlocation: MESH_INTERNAL", "needs `subjectAltNames`"),
        ("hosts: [a.example]\n\(ports)\nsubjectAltNames: [\"spiffe://a/b\"]", "`location` must be MESH_INTERNAL"),
        ("hosts: [a.example]\n\(ports)\nlocation: MESH_INTERNAL\nsubjectAltNames: [\"spiffe://a/b\"]", "must be HTTP"),
        (
            "hosts: [a.example]\n\(ports)\nsubjectAltNames: [a.example]",
            "expected the SPIFFE ID of a workload, found `a.example`"
        ),
        ("hosts: [a.example]\n\(ports)\nexportTo: [\"*\", ml]", "`*` exports to all namespaces"),
        ("hosts: [a.example]\n\(ports)\naddresses: [10.0.0.0/33]", "7:15: error: expected an address or a block"),
    ])
    func `what cannot be honoured is an error with its place`(spec: String, error: String) {
        do {
            _ = try Self.entry(spec)
            Issue.record("nothing was wrong with \(spec)")
        } catch let thrown {
            #expect("\(thrown)".hasPrefix("s.yaml:"))
            #expect("\(thrown)".contains(error), "\(thrown)")
        }
    }

    @Test(arguments: [
        (
            "two entries declare one host and port",
            TestEgress.world + "\n---\n"
                + """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: { name: again, namespace: ml }
                spec: { hosts: [hub.example.com], resolution: DNS, ports: [{ number: 443, name: https, protocol: TLS }] }
                """, "`hub.example.com` with port 443 is declared twice; the first is at egress.yaml:1:1"
        ),
        (
            "a policy targets an entry that is not there",
            TestEgress.world.replacing("ServiceEntry, name: api }", with: "ServiceEntry, name: apo }"),
            "targets the ServiceEntry `apo`, which the namespace `ml` does not have; did you mean `api`?"
        ),
    ])
    func `what contradicts is an error`(name: String, world: String, error: String) {
        do {
            _ = try TestEgress.snapshot(port: 1, world: world)
            Issue.record("\(name) was accepted")
        } catch let thrown {
            #expect("\(thrown)".contains(error), "\(thrown)")
        }
    }

    @Test func `an entry that nobody may call is warned of, and so is what cannot be decided`() throws {
        let warnings = try TestEgress.snapshot(port: 1).warnings.map(\.message)
        #expect(!warnings.contains { $0.contains("`hub`") && $0.contains("nobody may call") })
        #expect(warnings.contains { $0.contains("`undecidable`") && $0.contains("what TLS hides") })
        let alone = TestEgress.world.replacing(
            "{ name: trainer, namespace: ml }",
            with: "{ name: trainer, namespace: ml, annotations: { istio.io/dry-run: \"true\" } }"
        )
        #expect(
            try TestEgress.snapshot(port: 1, world: alone).warnings.contains {
                $0.message.contains("nobody may call the ServiceEntry `hub`")
            }
        )
    }

    @Test(
        arguments: [
            ("listeners: [{ port: 15001 }]", nil),
            (
                "listeners: [{ name: a, unixSocket: /run/a.sock }, { name: b, port: 1, transparent: true }]\nidleTimeout: 1m",
                nil
            ),
            ("listeners: []", "egress needs at least one listener"),
            ("listeners: [{ address: 0.0.0.0, port: 1 }]", "an egress listener must be on loopback; found `0.0.0.0`"),
            (
                "listeners: [{ unixSocket: /run/a.sock, port: 1 }]",
                "and then neither `address`, `port` nor `transparent`"
            ),
            ("listeners: [{ name: a }]", "needs `port` or `unixSocket`"),
            ("listeners: [{ port: 1 }, { port: 2 }]", "two egress listeners have the same name"),
            ("listeners: [{ port: 1 }]\nidleTimeuot: 1m", "did you mean `idleTimeout`?"),
        ] as [(String, String?)]
    )
    func `the section of a Gateway is read strictly, and makes listeners optional`(section: String, error: String?)
        throws
    {
        let body = section.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
        let text = """
            apiVersion: lapwing.dev/v1alpha1
            kind: Gateway
            metadata: { name: out, namespace: ml }
            spec:
              egress:
            \(body)

            """
        let documents = try ResourceLoader.parse(yaml: text, file: "g.yaml")
        do {
            let gateway = try #require(try GatewayConfiguration.load(documents).first)
            #expect(error == nil)
            #expect(gateway.listeners.isEmpty)
            #expect(gateway.egress?.listeners.isEmpty == false)
        } catch let thrown {
            #expect("\(thrown)".contains(error ?? "nothing was wrong"), "\(thrown)")
        }
    }
}
