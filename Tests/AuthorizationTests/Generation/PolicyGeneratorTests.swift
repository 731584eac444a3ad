import Resources
import Testing
import ZeroTrust

@testable import Authorization

@Suite struct PolicyGeneratorTests {
    private static let scope = PolicyGenerator.Scope(
        namespace: "ml-inference",
        name: "seen",
        labels: ["app": "inference-service"]
    )

    private func engine(_ generated: GeneratedPolicies) throws -> PolicyEngine {
        let policies = try PolicySet.load(try ResourceLoader.parse(yaml: generated.yaml, file: "seen.yaml"))
        return try PolicyEngine(policies: policies, workload: Fixture.workload)
    }

    private func request(
        _ caller: String,
        _ method: String,
        _ path: String,
        count: Int = 1
    ) throws -> ObservedRequest {
        ObservedRequest(
            try Fixture.attributes(caller: Caller(uris: ["spiffe://td/ns/\(caller)/sa/a"]), method: method, path: path),
            count: count
        )
    }

    @Test func `the policy of a few requests`() throws {
        let requests = [
            try request("b", "POST", "/v1/predict?trace=1", count: 3), try request("b", "GET", "/health"),
            try request("a", "PUT", "/v1/models/x"), try request("a", "GET", "/v1/models/x", count: 2),
            try request("b", "POST", "/v1/predict", count: 4),
        ]
        let generated = PolicyGenerator(scope: Self.scope).generate(requests)
        #expect(
            generated.yaml == """
                # Least privilege from 11 requests: every caller may do what it was seen to do.
                # `{*}` stands for one segment, where enough different values were seen in its place.
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata:
                  name: "seen"
                  namespace: "ml-inference"
                spec:
                  selector:
                    matchLabels:
                      "app": "inference-service"
                  action: ALLOW
                  rules:
                  # 3 requests
                  - from:
                    - source:
                        principals: ["td/ns/a/sa/a"]
                    to:
                    - operation:
                        methods: ["GET", "PUT"]
                        paths:
                        - "/v1/models/x"  # 3 requests
                  # 8 requests
                  - from:
                    - source:
                        principals: ["td/ns/b/sa/a"]
                    to:
                    - operation:
                        methods: ["GET"]
                        paths:
                        - "/health"  # 1 request
                    - operation:
                        methods: ["POST"]
                        paths:
                        - "/v1/predict"  # 7 requests

                """
        )
        let reversed = PolicyGenerator(scope: Self.scope).generate(requests.reversed())
        #expect(reversed.yaml == generated.yaml)
        let engine = try engine(generated)
        for request in requests { #expect(engine.evaluate(request.attributes).outcome == .allow, "\(request.summary)") }
    }

    /// Paths that were seen, how many it takes, and the values that a policy gets.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let paths: [String]
        var minimum = 3
        let values: [String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Row(name: "too few", paths: ["/m/a", "/m/b"], values: ["/m/a", "/m/b"]),
        Row(name: "enough", paths: ["/m/a", "/m/b", "/m/c"], values: ["/m/{*}"]),
        Row(name: "enough in the middle", paths: ["/m/a/x", "/m/b/x", "/m/c/x"], values: ["/m/{*}/x"]),
        Row(
            name: "alike but for their ends",
            paths: ["/m/a/x", "/m/b/y", "/m/c/z"],
            values: ["/m/a/x", "/m/b/y", "/m/c/z"]
        ),
        Row(
            name: "identifiers vary together",
            paths: ["/u/1/o/9", "/u/2/o/8", "/u/3/o/7"],
            values: ["/u/{*}/o/{*}"]
        ),
        Row(
            name: "one identifier stays the same",
            paths: ["/v/1/o/9", "/v/1/o/8", "/v/1/o/7"],
            values: ["/v/1/o/{*}"]
        ),
        Row(
            name: "UUIDs",
            paths: (0..<3).map { "/r/0b5c1f00-0000-4000-8000-00000000000\($0)/log" },
            values: ["/r/{*}/log"]
        ),
        Row(name: "a slash at the end is kept", paths: ["/m/a/", "/m/b/", "/m/c/"], values: ["/m/{*}/"]),
        Row(
            name: "an empty segment is left alone",
            paths: ["/a//1", "/a//2", "/a//3"],
            values: ["/a//1", "/a//2", "/a//3"]
        ),
        Row(name: "different lengths", paths: ["/m/a", "/m/b/b", "/m/c/c/c"], values: ["/m/a", "/m/b/b", "/m/c/c/c"]),
        Row(name: "never", paths: ["/m/a", "/m/b", "/m/c"], minimum: 0, values: ["/m/a", "/m/b", "/m/c"]),
        Row(
            name: "what templates refuse keeps to itself",
            paths: ["/m/a*b", "/m/b*c", "/m/c*d"],
            values: ["/m/a*b", "/m/b*c", "/m/c*d"]
        ),
    ])
    func `paths become templates where enough values were seen`(row: Row) throws {
        let requests = try row.paths.map { try request("a", "GET", $0) }
        let generated = PolicyGenerator(scope: Self.scope, minimumDistinct: row.minimum).generate(requests)
        #expect(generated.rules.flatMap { $0.operations.flatMap { $0.paths.map(\.value) } } == row.values)
        let engine = try engine(generated)
        for request in requests { #expect(engine.evaluate(request.attributes).outcome == .allow) }
    }

    @Test func `what no rule can name exactly is left out and said`() throws {
        let anonymous = ObservedRequest(try Fixture.attributes(caller: .anonymous))
        let requests = [
            anonymous, try request("a", "GET", "/v1/*"), try request("a", "GET", "*"), try request("a", "GET", "/{*}"),
            try request("a", "GET", "/fine"),
        ]
        let generated = PolicyGenerator(scope: Self.scope).generate(requests)
        #expect(generated.omissions.map(\.reason) == [.anonymous, .unnameablePath, .unnameablePath, .unnameablePath])
        #expect(generated.count == 1)
        let engine = try engine(generated)
        #expect(engine.evaluate(requests[4].attributes).outcome == .allow)
        #expect(engine.evaluate(try request("a", "GET", "/v1/anything").attributes).outcome == .deny)
        let nothing = PolicyGenerator(scope: Self.scope).generate([anonymous])
        #expect(try self.engine(nothing).evaluate(anonymous.attributes).outcome == .deny)
        #expect(nothing.yaml.contains("rules: []"))
    }

    @Test func `hosts and ports are told apart where that is asked for`() throws {
        let request = ObservedRequest(try Fixture.attributes(authority: "Inference.example", port: 8443))
        let generator = PolicyGenerator(scope: Self.scope, includesHosts: true, includesPorts: true)
        let engine = try engine(generator.generate([request]))
        #expect(engine.evaluate(request.attributes).outcome == .allow)
        #expect(engine.evaluate(try Fixture.attributes(authority: "other", port: 8443)).outcome == .deny)
        #expect(engine.evaluate(try Fixture.attributes(authority: "inference.example", port: 80)).outcome == .deny)
    }

    @Test func `a tunnel is named by its host and port, and has no path`() throws {
        var seen = try request("a", "CONNECT", "")
        seen.attributes.authority = "DB.internal:5432"
        let generated = PolicyGenerator(scope: Self.scope).generate([seen, try request("a", "GET", "/x")])
        #expect(generated.omissions.isEmpty)
        #expect(
            generated.yaml.contains(
                """
                    - operation:
                        methods: ["GET"]
                        paths:
                        - "/x"  # 1 request
                    - operation:
                        hosts: ["db.internal:5432"]
                        methods: ["CONNECT"]

                """
            ),
            "\(generated.yaml)"
        )
        let engine = try engine(generated)
        #expect(engine.evaluate(seen.attributes).outcome == .allow)
        seen.attributes.authority = "db.internal:22"
        #expect(engine.evaluate(seen.attributes).outcome == .deny)
        seen.attributes.method = "GET"
        #expect(engine.evaluate(seen.attributes).outcome == .deny)
    }

    @Test func `more rules than a policy holds are several policies`() throws {
        let requests = try (0..<600).map { try request("n\($0)", "GET", "/") }
        let generated = PolicyGenerator(scope: Self.scope).generate(requests)
        let engine = try engine(generated)
        #expect(engine.policies.map(\.name) == ["seen", "seen-2"])
        #expect(requests.allSatisfy { engine.evaluate($0.attributes).outcome == .allow })
    }

    /// Traffic drawn at random: all of it is allowed, and nothing like it that was not seen.
    @Test(arguments: 0..<20)
    func `all that was seen is allowed, and a held-out attack is not`(seed: UInt64) throws {
        var random = Generator(state: seed)
        let callers = (0..<4).map { "team-\($0)" }
        let methods = ["GET", "POST", "PUT", "DELETE"]
        let forms = [
            "/v1/models/#/predict", "/v1/users/#/orders/#", "/health", "/v1/files/&", "/a/b/c/d", "/static/&/&",
        ]
        var requests: [ObservedRequest] = []
        for _ in 0..<300 {
            guard let form = forms.randomElement(using: &random), let caller = callers.randomElement(using: &random),
                let method = methods.prefix(2).randomElement(using: &random)
            else { continue }
            let path = form.map { letter in
                switch letter {
                case "#": "\(Int.random(in: 0..<1000, using: &random))"
                case "&": ["one", "two", "three", "four"].randomElement(using: &random) ?? ""
                default: "\(letter)"
                }
            }.joined()
            requests.append(try request(caller, method, path))
        }
        let engine = try engine(PolicyGenerator(scope: Self.scope, minimumDistinct: 6).generate(requests))
        for request in requests { #expect(engine.evaluate(request.attributes).outcome == .allow, "\(request.summary)") }
        for request in requests {
            for attack in attacks(on: request.attributes, random: &random) {
                #expect(engine.evaluate(attack).outcome == .deny, "\(ObservedRequest(attack).summary)")
            }
        }
    }

    /// Requests that are near to one and were not seen: by others, by other methods, to other places, in other forms.
    private func attacks(on seen: Attributes, random: inout Generator) -> [Attributes] {
        func changed(_ change: (inout Attributes) -> Void) -> Attributes {
            var attributes = seen
            change(&attributes)
            return attributes
        }
        let name = seen.caller.name ?? ""
        let callers: [Caller] = [
            .anonymous, Caller(uris: [name + "/x"]), Caller(uris: [name + "x"]),
            Caller(uris: [name.replacing("spiffe://td/", with: "spiffe://evil/")]),
            Caller(uris: [name.replacing("team-", with: "team-x")]), Caller(uris: [], dns: ["team-0"]),
        ]
        let parts = seen.path.split(separator: "/")
        let paths = [
            seen.path + "/x", seen.path + "/", "/x" + seen.path, "/" + seen.path, seen.path.uppercased(),
            seen.path.replacing("/", with: "%2F"), seen.path.replacing("/", with: "//"), "/", "",
            "/" + parts.dropLast().joined(separator: "/"), seen.path + "/..", seen.path + "/%2e%2e/admin",
            seen.path.replacing("/", with: "\\"), "/v1/admin",
        ]
        return callers.map { caller in changed { $0.caller = caller } }
            + ["DELETE", "PUT", "get", ""].map { method in changed { $0.method = method } }
            + paths.filter { $0 != seen.path }.map { path in changed { $0.path = path } }
    }
}

/// Numbers that a seed decides (SplitMix64).
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
