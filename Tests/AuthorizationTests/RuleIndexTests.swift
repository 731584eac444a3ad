import Resources
import Testing
import ZeroTrust

@testable import Authorization

/// Engines of many rules, one caller and one path each.
enum ManyRules {
    static func caller(_ index: Int) -> String { "spiffe://cluster.local/ns/team-\(index % 97)/sa/service-\(index)" }
    static func path(_ index: Int) -> String { "/v1/models/model-\(index)/predict" }

    static func engine(
        count: Int,
        action: AuthorizationPolicy.Action = .allow,
        compatibility: Compatibility = .strict,
        rule: (Int) -> [AuthorizationPolicy.Rule] = { [onCallerAndPath($0)] }
    ) throws -> PolicyEngine {
        let policies = (0..<count).map { index in
            AuthorizationPolicy(
                name: "p\(index)",
                namespace: "ml-inference",
                action: action,
                provider: nil,
                isDryRun: false,
                selector: [:],
                targetReferences: [],
                rules: rule(index),
                location: location
            )
        }
        return try PolicyEngine(applying: policies, options: .init(compatibility: compatibility))
    }

    static let location = SourceLocation(file: "many.yaml", line: 1, column: 1)

    static func onCallerAndPath(_ index: Int) -> AuthorizationPolicy.Rule {
        rule(
            from: [field(.principal, [String(caller(index).dropFirst(9))])],
            to: [field(.path, [path(index)]), field(.method, ["POST"])]
        )
    }

    static func rule(from: [AuthorizationPolicy.Field], to: [AuthorizationPolicy.Field]) -> AuthorizationPolicy.Rule {
        AuthorizationPolicy.Rule(
            from: from.isEmpty ? [] : [AuthorizationPolicy.FieldGroup(fields: from, location: location)],
            to: to.isEmpty ? [] : [AuthorizationPolicy.FieldGroup(fields: to, location: location)],
            when: [],
            location: location
        )
    }

    static func field(
        _ subject: AuthorizationPolicy.Subject,
        _ values: [String],
        isNegated: Bool = false
    ) -> AuthorizationPolicy.Field {
        AuthorizationPolicy.Field(
            name: "\(subject)",
            subject: subject,
            isNegated: isNegated,
            values: values.map { AuthorizationPolicy.LocatedValue(text: $0, location: location) },
            location: location
        )
    }
}

@Suite struct RuleIndexTests {
    struct Shape: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let rule: @Sendable (Int) -> AuthorizationPolicy.Rule
        /// The caller and the path of a request that rule number 5 allows.
        var caller = ManyRules.caller(5)
        var path = ManyRules.path(5)
        var authority = "inference.example"
    }

    static let shapes = [
        Shape(testDescription: "a caller and a path each") { ManyRules.onCallerAndPath($0) },
        Shape(testDescription: "one caller, many paths") {
            ManyRules.rule(
                from: [ManyRules.field(.principal, [String(ManyRules.caller(5).dropFirst(9))])],
                to: [ManyRules.field(.path, [ManyRules.path($0)])]
            )
        },
        Shape(testDescription: "many callers, one path") {
            ManyRules.rule(
                from: [ManyRules.field(.principal, [String(ManyRules.caller($0).dropFirst(9))])],
                to: [ManyRules.field(.path, [ManyRules.path(5)])]
            )
        },
        Shape(testDescription: "service accounts of any trust domain") {
            ManyRules.rule(from: [ManyRules.field(.serviceAccount, ["team-\($0 % 97)/service-\($0)"])], to: [])
        },
        Shape(testDescription: "namespaces") {
            ManyRules.rule(
                from: [ManyRules.field(.namespace, ["team-\($0)"])],
                to: [ManyRules.field(.path, [ManyRules.path($0)])]
            )
        },
        Shape(testDescription: "a hundred callers times a hundred paths") {
            ManyRules.rule(
                from: [ManyRules.field(.principal, [String(ManyRules.caller($0 % 100).dropFirst(9))])],
                to: [ManyRules.field(.path, [ManyRules.path($0 / 100 + 5)])]
            )
        },
        Shape(testDescription: "path prefixes") {
            ManyRules.rule(from: [], to: [ManyRules.field(.path, ["/v1/models/model-\($0)/*"])])
        },
        Shape(testDescription: "path templates") {
            ManyRules.rule(from: [], to: [ManyRules.field(.path, ["/v1/models/model-\($0)/{*}"])])
        },
        Shape(testDescription: "principals that end alike") {
            ManyRules.rule(from: [ManyRules.field(.principal, ["*/sa/service-\($0)"])], to: [])
        },
        Shape(testDescription: "address blocks") {
            ManyRules.rule(from: [ManyRules.field(.sourceIP, ["10.\($0 / 200).\(($0 + 251) % 256).0/24"])], to: [])
        },
        Shape(
            testDescription: "hosts",
            rule: { ManyRules.rule(from: [], to: [ManyRules.field(.host, ["model-\($0).example"])]) },
            authority: "MODEL-5.example"
        ),
    ]

    @Test(arguments: shapes)
    func `ten thousand rules cost no more than ten`(shape: Shape) throws {
        let attributes = try Fixture.attributes(
            caller: Caller(uris: [shape.caller]),
            path: shape.path,
            authority: shape.authority
        )
        for count in [10, 10_000] {
            let engine = try ManyRules.engine(count: count) { [shape.rule($0)] }
            let search = engine.allow.search(attributes)
            #expect(search.best < count, "rule 5 of \(count) must match")
            #expect(search.examined <= 10, "\(count) rules: \(search.examined) examined")
        }
    }

    @Test func `a request that nothing matches examines nothing`() throws {
        let engine = try ManyRules.engine(count: 10_000)
        let stranger = try Fixture.attributes(caller: Caller(uris: ["spiffe://cluster.local/ns/x/sa/y"]))
        #expect(engine.allow.search(stranger).examined == 0)
    }

    @Test func `the index finds what a scan of every rule finds`() throws {
        var random = SplitMix64(seed: 7)
        let callers = [
            "spiffe://cluster.local/ns/a/sa/x", "spiffe://cluster.local/ns/b/sa/y", "spiffe://other/ns/a/sa/ns/b/sa/x",
            "spiffe://cluster.local/c/ns/a/z/sa/y/w", "spiffe://td/ns//sa/", "dns.example",
        ]
        let paths = [
            "/", "/a", "/a/", "/a/b", "/a/b/c", "//a", "/b?x=/a", "/a/b.json", "/A", "/a//b/", "/a%2fb", "/x/..%2fa",
            "/a;x/b", "/%61?y",
        ]
        let hosts = ["example.com", "a.example.com", "EXAMPLE.com:80", "", "example.com.", "a.example.com.:1"]
        let values: [(AuthorizationPolicy.Subject, [String])] = [
            (
                .principal,
                ["cluster.local/ns/a/sa/x", "cluster.local/*", "*/sa/y", "*", "*x", "other/ns/a/sa/ns/b/sa/x"]
            ),
            (.namespace, ["a", "b", "*", "a*", ""]),
            (.serviceAccount, ["a/x", "b/y", "b/x", "a/y"]),
            (.trustDomain, ["cluster.local", "other", "clu*", "*"]),
            (
                .sourceIP,
                ["10.0.0.0/8", "10.0.0.7", "0.0.0.0/0", "::/0", "10.0.0.4/30", "2001:db8::/33", "10.0.0.7/31"]
            ),
            (.remoteIP, ["192.0.2.0/24", "2001:db8::1", "::ffff:10.0.0.7"]),
            (.path, ["/a", "/a*", "*", "*b", "/a/{*}", "/{**}", "/a/{**}/c", "*.json", "/a/b"]),
            (.host, ["example.com", "*.example.com", "EXAMPLE.*", "*"]),
            (.method, ["GET", "P*"]),
        ]
        func pick(_ count: Int) -> Int { Int(truncatingIfNeeded: random.next() % UInt64(count)) }
        func fields(_ choices: ArraySlice<(AuthorizationPolicy.Subject, [String])>) -> [AuthorizationPolicy.Field] {
            choices.filter { _ in pick(2) == 0 }.map { subject, values in
                let chosen = (0...pick(2)).map { _ in values[pick(values.count)] }.filter { !$0.isEmpty }
                return ManyRules.field(subject, chosen.isEmpty ? [values[0]] : chosen, isNegated: pick(4) == 0)
            }
        }
        for round in 0..<60 {
            let action: AuthorizationPolicy.Action = round % 2 == 0 ? .allow : .deny
            let rules = (0..<40).map { _ in ManyRules.rule(from: fields(values[..<6]), to: fields(values[6...])) }
            let engines = try Compatibility.allCases.map { compatibility in
                try ManyRules.engine(count: 40, action: action, compatibility: compatibility) { [rules[$0]] }
            }
            for _ in 0..<60 {
                let attributes = try Fixture.attributes(
                    caller: pick(8) == 0
                        ? .anonymous : Caller(uris: [callers[pick(callers.count)], callers[pick(callers.count)]]),
                    method: ["GET", "POST"][pick(2)],
                    path: paths[pick(paths.count)],
                    authority: hosts[pick(hosts.count)],
                    source: ["10.0.0.7", "10.0.0.8", "2001:db8::1", "::ffff:10.0.0.7"][pick(4)],
                    remote: ["192.0.2.1", "2001:db8::1", "::ffff:10.0.0.7"][pick(3)]
                )
                let found = engines.map { engine in
                    let index = action == .allow ? engine.allow : engine.deny
                    let scanned = index.rules.indices.filter { index.rules[$0].matches(attributes) }
                    #expect(index.firstMatch(attributes) == scanned.first)
                    return Set(scanned)
                }
                // Strict allows nothing that istio does not, and denies all that it denies.
                #expect(action == .allow ? found[0].isSubset(of: found[1]) : found[1].isSubset(of: found[0]))
            }
        }
    }
}

/// A generator of the same numbers for the same seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
