import Authorization
import Resources
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5))) struct ConfigurationTests {
    static let good = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Gateway
        metadata: { name: inference, namespace: ml-inference }
        spec:
          workload: { labels: { app: inference-service }, serviceAccount: inference-service }
          compatibility: strict
          pathNormalization: MERGE_SLASHES
          listeners:
            - { name: mtls, address: 127.0.0.1, port: 8443, tls: { minimumVersion: "1.2" } }
            - { name: old, address: 127.0.0.1, port: 8444, http2: false }
          upstreams:
            - { name: inference, unixSocket: /run/inference.sock, maximumConnections: 8, connectTimeout: 2s }
            - { name: model, address: model.example, port: 8443, spiffeID: "spiffe://cluster.local/ns/ml/sa/model",
                http2: true }
            - { name: local, address: 127.0.0.1, port: 8080, plaintext: true, http2: { keepalive: 10s } }
          routes:
            - { name: stream, hosts: ["*.example"], path: { prefix: /v1 }, upstream: inference, bodyLimit: 1Mi,
                timeouts: { response: 5m, stream: 10m } }
            - { name: release, path: { exact: /v1/release }, upstream: model, record: first }
            - { name: live, path: { exact: /v1/live }, upstream: inference, upgrade: [websocket] }
          limits: { maximumConnections: 100, headTimeout: 5s, http2: { maximumStreams: 10, bufferBytes: 512Ki } }
          admin: { port: 9901 }
        """

    @Test func `a route for tunnels names its hosts, has no path and no guardrail, and speaks HTTP 1`() throws {
        let route = "- { name: db, hosts: [db.internal], upstream: inference, upgrade: [connect] }\n"
        let whole = Self.good.replacing("  limits:", with: "    " + route + "  limits:")
        #expect(whole != Self.good)
        let read = try #require(try Self.load(whole).routes.last)
        #expect(read.allowsConnect && !read.allowsWebSocket)
        let both = try Self.load(whole.replacing("[connect]", with: "[connect, websocket]")).routes.last
        #expect(both?.allowsConnect == true && both?.allowsWebSocket == true)
        for (from, to, message) in [
            ("hosts: [db.internal], ", "", "`hosts`"),
            ("upgrade: [connect]", "upgrade: [connect], path: { prefix: /v1 }", "`path`"),
            ("upgrade: [connect]", "upgrade: [conect]", "did you mean"),
            ("upstream: inference, upgrade: [connect]", "upstream: model, upgrade: [connect]", "HTTP/2"),
        ] {
            let changed = whole.replacing(route, with: route.replacing(from, with: to))
            #expect(changed != whole, "\(from)")
            let error = #expect(throws: ResourceError.self) { try Self.load(changed) }
            #expect(error.map { "\($0)".contains(message) } == true, "\(to): \(error.map { "\($0)" } ?? "")")
        }
    }

    static func load(_ yaml: String) throws -> GatewayConfiguration {
        let documents = try ResourceLoader.parse(yaml: yaml, file: "gateway.yaml")
        return try #require(try GatewayConfiguration.load(documents).first)
    }

    @Test func `a gateway is read with its places and defaults`() throws {
        let configuration = try Self.load(Self.good)
        #expect(configuration.workload.namespace == "ml-inference")
        #expect(configuration.pathNormalization == .mergeSlashes)
        #expect(configuration.listeners.first?.allowsTLS12 == true)
        #expect(configuration.upstreams.map(\.name) == ["inference", "model", "local"])
        #expect(configuration.upstreams[0].connectTimeout == .seconds(2))
        #expect(
            configuration.upstreams.map(\.http2) == [nil, HTTP2Upstream(), HTTP2Upstream(keepalive: .seconds(10))]
        )
        #expect(
            configuration.routes[0].bodyLimit == 1 << 20 && configuration.routes[0].responseTimeout == .seconds(300)
        )
        #expect(configuration.routes.map(\.allowsWebSocket) == [false, false, true])
        #expect(configuration.routes[1].record == .first && configuration.routes[1].bodyLimit == 16 << 20)
        #expect(configuration.limits.headTimeout == .seconds(5) && configuration.limits.headBytes == 32 * 1024)
        #expect(configuration.listeners.map(\.acceptsHTTP2) == [true, false])
        #expect(configuration.limits.http2.maximumStreams == 10 && configuration.limits.http2.maximumResets == 200)
        #expect(configuration.limits.http2.bufferBytes == 512 << 10)
        #expect(configuration.admin == .init(port: 9901))
        // Plaintext was asked for, and is warned of.
        #expect(configuration.warnings.map(\.severity) == [.warning])
        #expect(configuration.warnings.first?.message.contains("`local`") == true)
    }

    @Test(arguments: [("headBytes: 16Ki", 16384), ("headBytes: 16384", 16384)])
    func `limits in bytes are written as the limit of a body is`(_ text: String, _ bytes: Int) throws {
        let yaml = Self.good.replacing("limits: {", with: "limits: { \(text), targetBytes: 4Ki, guardedBytes: 1Mi,")
        let limits = try Self.load(yaml).limits
        #expect(limits.headBytes == bytes && limits.targetBytes == 4096 && limits.guardedBytes == 1 << 20)
        let error = #expect(throws: ResourceError.self) { try Self.load(yaml.replacing(text, with: "headBytes: 1Gi")) }
        #expect(error?.description.contains("expected 256 to 65536 bytes, found 1073741824") == true)
    }

    struct Pair: Sendable, CustomTestStringConvertible {
        let first: String
        let second: String
        /// What is said of the second; nil where both serve.
        let words: String?
        var testDescription: String { "\(first) | \(second)" }

        init(_ first: String, _ second: String, _ words: String?) {
            (self.first, self.second, self.words) = (first, second, words)
        }
    }

    static let pairs = [
        Pair(
            "path: { exact: /a }",
            "path: { exact: /a }",
            "serves any host with the path `/a` as `first` at g.yaml:10:5"
        ),
        Pair("path: { prefix: /a }", "path: { prefix: /a/ }", "the route `second` serves any host"),
        Pair("", "path: { prefix: / }", "serves any host with the path `/`"),
        Pair("hosts: [a.example, b.example]", "hosts: [c.example, B.EXAMPLE]", "serves `b.example`"),
        Pair("hosts: ['*.example']", "hosts: ['*.example']", "serves `*.example`"),
        Pair("hosts: [a.example], upgrade: [connect]", "hosts: [a.example], upgrade: [connect]", "serves `a.example`"),
        Pair("hosts: [a.example], upgrade: [connect]", "hosts: [a.example]", "serves `a.example`"),
        // The second takes what asks for a tunnel.
        Pair("hosts: [a.example]", "hosts: [a.example], upgrade: [connect]", nil),
        Pair("path: { exact: /a }", "path: { prefix: /a }", nil), Pair("hosts: [a.example]", "", nil),
        Pair("hosts: [a.example]", "hosts: [b.example]", nil), Pair("hosts: [a.example]", "hosts: ['*.example']", nil),
    ]

    @Test(arguments: pairs)
    func `a route that another leaves no request is refused with both places`(_ pair: Pair) throws {
        func route(_ name: String, _ words: String) -> String {
            "  - { name: \(name), upstream: u\(words.isEmpty ? "" : ", ")\(words) }"
        }
        let yaml = """
            apiVersion: lapwing.dev/v1alpha1
            kind: Gateway
            metadata: { name: g }
            spec:
              listeners:
              - { name: l, port: 8443 }
              upstreams:
              - { name: u, unixSocket: /u }
              routes:
            \(route("first", pair.first))
            \(route("second", pair.second))
            """
        let documents = try ResourceLoader.parse(yaml: yaml, file: "g.yaml")
        guard let words = pair.words else {
            #expect(try GatewayConfiguration.load(documents).first?.routes.count == 2)
            return
        }
        let error = #expect(throws: ResourceError.self) { try GatewayConfiguration.load(documents) }
        let description = error?.description ?? ""
        #expect(description.hasPrefix("g.yaml:11:5: error: ") && description.contains(words), "\(description)")
    }

    @Test(
        arguments: [
            ("limits: { maximumConnections", "limits: { maxConnections", "nearest|did you mean|maximumConnections"),
            ("upstream: model", "upstream: modle", "`modle`"), ("plaintext: true", "plaintext: false", "`spiffeID`"),
            ("127.0.0.1, port: 8080", "10.0.0.1, port: 8080", "loopback"),
            ("127.0.0.1, port: 8080", "localhost, port: 8080", "loopback"),
            ("/run/inference.sock", "run/inference.sock", "absolute"), ("port: 8443, tls", "port: 99999, tls", "65535"),
            ("record: first", "record: last", "`last`"), ("[websocket]", "[h2c]", "websocket"),
            ("inference, upgrade", "model, upgrade", "HTTP/2"), ("[websocket]", "websocket", "list"),
            ("bodyLimit: 1Mi", "bodyLimit: 1MB", "`1MB`"),
            ("minimumVersion: \"1.2\"", "minimumVersion: \"1.1\"", "`1.1`"), ("prefix: /v1", "prefix: v1", "`/`"),
            ("path: { exact: /v1/release }", "path: { exact: /a, prefix: /b }", "either"),
            ("name: release", "name: stream", "two routes"), ("name: local", "name: model", "two upstreams"),
            ("v1alpha1", "v1", "unknown version"), ("admin: { port", "admin: { address: 0.0.0.0, port", "loopback"),
            ("spiffe://cluster.local/ns", "https://cluster.local/ns", "spiffe://"),
            ("unixSocket: /run/inference.sock", "unixSocket: /run/a, port: 1", "neither"),
            ("compatibility: strict", "compatibility: strickt", "strict"),
            ("maximumStreams: 10", "maximumStreams: 0", "1"),
            ("maximumStreams: 10", "maximumStream: 10", "maximumStreams"),
            ("port: 8444, http2: false", "port: 8444, protocol: TCP, upstream: inference", "TCP listener `old`"),
            ("keepalive: 10s", "keepAlive: 10s", "keepalive"),
            ("bufferBytes: 512Ki", "bufferBytes: 1Ki", "65536"), ("http2: false", "http2: no-thanks", "true"),
        ]
    ) func `what cannot be meant is an error with its place`(_ text: String, _ change: String, _ message: String) throws
    {
        let yaml = Self.good.replacing(text, with: change)
        #expect(yaml != Self.good)
        let error = #expect(throws: ResourceError.self) { try Self.load(yaml) }
        let description = try #require(error?.description)
        #expect(description.hasPrefix("gateway.yaml:"))
        #expect(message.split(separator: "|").contains { description.contains($0) }, "\(description)")
    }

    @Test(
        arguments: [
            ("inference.example", "/v1/predict", "stream"), ("INFERENCE.example:8443", "/v1?a=b", "stream"),
            ("inference.example", "/v1predict", nil), ("other.test", "/v1/release", "release"),
            ("other.test", "/v1/release?x", "release"), ("other.test", "/v1/releases", nil), ("example", "/v1/a", nil),
        ]
    ) func `a route is found by host and whole segments`(_ host: String, _ path: String, _ name: String?) throws {
        let table = RouteTable(try Self.load(Self.good))
        #expect(table.find(authority: host, path: path)?.route.name == name)
    }

    @Test func `an exact path wins over a prefix, and a longer prefix over a shorter`() {
        let routes = [
            Route(name: "any", upstream: "u"), Route(name: "v1", path: .prefix("/v1"), upstream: "u"),
            Route(name: "deep", path: .prefix("/v1/models/"), upstream: "u"),
            Route(name: "exact", path: .exact("/v1/models"), upstream: "u"),
            Route(name: "host", hosts: ["a"], path: .exact("/only"), upstream: "u"),
        ]
        let table = RouteTable(
            GatewayConfiguration(
                name: "g",
                workload: .init(namespace: "n"),
                listeners: [],
                upstreams: [Upstream(name: "u", transport: .unixSocket("/u"))],
                routes: routes
            )
        )
        for (host, path, name) in [
            ("b", "/", "any"), ("b", "/v1", "v1"), ("b", "/v1/models", "exact"), ("b", "/v1/models/x", "deep"),
            ("b", "/v10", "any"), ("a", "/only", "host"),
        ] {
            #expect(table.find(authority: host, path: path)?.route.name == name, "\(path)")
        }
        #expect(table.find(authority: "a", path: "/v1") == nil)
    }
}
