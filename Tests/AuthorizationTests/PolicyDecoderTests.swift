import Authorization
import Resources
import Testing

@Suite struct PolicyDecoderTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let spec: String
        let message: String

        init(_ spec: String, _ message: String) {
            (self.spec, self.message) = (spec, message)
        }

        var testDescription: String { spec }
    }

    static func source(_ fields: String) -> String { "rules: [{from: [{source: {\(fields)}}]}]" }
    static func operation(_ fields: String) -> String { "rules: [{to: [{operation: {\(fields)}}]}]" }
    static func when(_ fields: String) -> String { "rules: [{when: [{\(fields)}]}]" }

    static let refused = [
        Row(
            "rule: []",
            "4:8: error: unknown field `rule` in the spec of an AuthorizationPolicy; did you mean `rules`?"
        ),
        Row("action: Allow", "unknown value `Allow`; did you mean `ALLOW`?"),
        Row("action: CUSTOM, rules: [{}]", "a CUSTOM policy needs `provider`"),
        Row("action: CUSTOM, provider: {name: ''}, rules: [{}]", "the name of a provider must not be empty"),
        Row("provider: {name: x}, rules: [{}]", "`provider` is for policies whose action is CUSTOM"),
        Row("action: DENY", "a DENY policy without `rules` never denies"),
        Row("action: DENY, rules: []", "a DENY policy without `rules` never denies"),
        Row("rules: {}", "expected a list, found a mapping"),
        Row("rules: [null]", "expected a rule to be a mapping, found nothing"),
        Row("rules: [{form: []}]", "4:17: error: unknown field `form` in a rule; did you mean `from`?"),
        Row("rules: [{from: []}]", "`from` is empty"),
        Row("rules: [{to: []}]", "`to` is empty"),
        Row("rules: [{from: [{}]}]", "an element of `from` needs `source`"),
        Row(
            "rules: [{from: [{source: , principals: [a]}]}]",
            "unknown field `principals` in an element of `from`; what is said of it stands below `source`, further in"
        ),
        Row(
            "rules: [{to: [{operation: , methods: [GET]}]}]",
            "unknown field `methods` in an element of `to`; what is said of it stands below `operation`"
        ),
        Row("selector: {app: web}", "unknown field `app` in a selector; labels stand below `matchLabels`"),
        Row("rules: [{from: [{source: {}}]}]", "`source` is empty; it must set at least one field"),
        Row("rules: [{to: [{operation: {}}]}]", "`operation` is empty; it must set at least one field"),
        Row(
            "rules: [{from: [{sources: {principals: [a]}}]}]",
            "unknown field `sources` in an element of `from`; did you mean `source`?"
        ),
        Row(source("principal: [a]"), "unknown field `principal` in a source; did you mean `principals`?"),
        Row(source("notprincipals: [a]"), "did you mean `notPrincipals`?"),
        Row(source("principals: a"), "expected a list, found the string `a`"),
        Row(source("principals: []"), "`principals` is empty, which matches anything"),
        Row(source("principals: [a, '']"), "4:50: error: `principals`: a value must not be empty"),
        Row(source("ipBlocks: [1.2.3]"), "`1.2.3` is no address"),
        Row(source("ipBlocks: [10.0.0.0/33]"), "`10.0.0.0/33` is no address"),
        Row(source("ipBlocks: [10.0.0.0/08]"), "`10.0.0.0/08` is no address"),
        Row(source("notRemoteIpBlocks: [x]"), "`notRemoteIpBlocks`: `x` is no address"),
        Row(source("serviceAccounts: [a/b/c]"), "`a/b/c` is no service account"),
        Row(source("serviceAccounts: ['a/*']"), "service accounts have no wildcards"),
        Row(source("serviceAccounts: [a/b], namespaces: [a]"), "`serviceAccounts` cannot be combined"),
        Row(source("notServiceAccounts: [a/b], principals: [a]"), "`serviceAccounts` cannot be combined"),
        Row(source("serviceAccounts: [\((0..<17).map { "a\($0)" }.joined(separator: ", "))]"), "at most 16 values"),
        Row(source("trustDomains: [a/b]"), "`a/b` is no trust domain"),
        Row(source("trustDomains: ['a*b']"), "`a*b` is no trust domain"),
        Row(operation("path: [/a]"), "unknown field `path` in an operation; did you mean `paths`?"),
        Row(operation("ports: [8080]"), "expected a string, found the number 8080; write \"8080\" in quotes"),
        Row(operation("ports: ['0']"), "`0` is no port"), Row(operation("ports: ['65536']"), "`65536` is no port"),
        Row(operation("notPorts: [http]"), "`http` is no port"), Row(operation("ports: ['+80']"), "`+80` is no port"),
        Row(operation("paths: ['/a/{x}']"), "`{` and `}` are allowed only in a segment that is `{*}` or `{**}`"),
        Row(operation("paths: ['/{**}/{*}']"), "no operator may follow `{**}`"),
        Row(operation("notPaths: ['a/{*}']"), "a path template begins with `/`"),
        Row(when("values: [a]"), "a condition needs `key`"), Row(when("key: '', values: [a]"), "must not be empty"),
        Row(when("key: source.ip"), "a condition needs `values` or `notValues`"),
        Row(when("key: source.ip, values: [x]"), "`x` is no address"),
        Row(when("key: source.ips, values: [x]"), "unknown condition key `source.ips`; did you mean `source.ip`?"),
        Row(when("key: request.headers, values: [x]"), "write `request.headers[x-team]`"),
        Row(when("key: 'request.headers[]', values: [x]"), "names no header"),
        Row(when("key: 'request.headers[a b]', values: [x]"), "names no header"),
        Row(when("key: 'request.auth.claims[a', values: [x]"), "`request.auth.claims[a` names no claim"),
        Row(when("key: 'request.auth.claims[a][]', values: [x]"), "names no claim"),
        Row(when("key: 'experimental.envoy.filters.x', values: [x]"), "names no metadata"),
        Row(when("key: source.user, values: [x]"), "use `source.principal`"),
        Row(when("key: 'destination.labels[a]', values: [x]"), "use the selector"),
        Row(when("key: destination.port, values: [http]"), "`http` is no port"),
        Row("selector: {matchLabels: {app: 'a*'}}", "has a wildcard, which selectors do not know"),
        Row("selector: {matchLabels: {'a*': b}}", "has a wildcard, which selectors do not know"),
        Row("selector: {matchLabels: {'': b}}", "a label key must not be empty"),
        Row("selector: {matchlabels: {a: b}}", "did you mean `matchLabels`?"),
        Row("selector: {matchLabels: {a: b}}, targetRef: {kind: Service, name: x}", "at most one of"),
        Row("targetRef: {kind: Gateway, group: gateway.networking.k8s.io}", "a target reference needs `name`"),
        Row("targetRef: {kind: Pod, group: '', name: x}", "nothing can be attached to `/Pod`"),
        Row("targetRef: {kind: Service, name: x, namespace: y}", "must not name a namespace"),
    ]

    @Test(arguments: refused)
    func `what can never do what it says is refused at its place`(_ row: Row) {
        let text = document("{\(row.spec)}")
        let error = #expect(throws: ResourceError.self) {
            try PolicySet.load(try ResourceLoader.parse(yaml: text, file: "policy.yaml"))
        }
        let description = error?.description ?? ""
        #expect(description.contains(row.message), "\(description)")
        #expect(description.hasPrefix("policy.yaml:"), "\(description)")
    }

    static let doubtful = [
        Row("selector: {}", "an empty selector selects every workload"),
        Row("action: DENY, " + operation("methods: [GET]"), "denies all traffic to ports that carry no HTTP"),
        Row(source("principals: ['spiffe://td/a']"), "a principal is written without `spiffe://`"),
        Row(operation("methods: [get]"), "methods are in upper case"),
        Row(operation("paths: [v1/predict]"), "a path begins with `/`"),
        Row(operation("paths: ['/a/*/b']"), "use `{*}` for a segment"),
        Row(operation("paths: ['/a?x=1']"), "paths are compared without their query"),
    ]

    @Test(arguments: doubtful)
    func `what is probably not meant loads with a warning`(_ row: Row) throws {
        let documents = try ResourceLoader.parse(yaml: document("{\(row.spec)}"), file: "policy.yaml")
        let set = try PolicySet.load(documents)
        #expect(set.policies.count == 1)
        #expect(set.warnings.count == 1)
        #expect(set.warnings.first?.severity == .warning)
        #expect(set.warnings.first?.message.contains(row.message) == true, "\(set.warnings)")
    }

    @Test func `everything that is wrong is reported together`() throws {
        let first = document(
            "{action: DENY, rules: [{from: [{source: {ipBlocks: [x], principal: [y]}}], when: [{key: z, values: [a]}]}]}"
        )
        let second = document("{rules: [{to: [{operation: {ports: [http, '0']}}]}]}", name: "q")
        let error = #expect(throws: ResourceError.self) {
            try PolicySet.load(try ResourceLoader.parse(yaml: first + "\n---\n" + second, file: "policy.yaml"))
        }
        #expect(error?.diagnostics.count(where: { $0.severity == .error }) == 5, "\(String(describing: error))")
    }

    @Test(arguments: ["true", "1", "T"])
    func `the dry-run annotation is read as Istio reads it`(_ value: String) throws {
        let set = try PolicySet.load(annotated(value, action: "DENY"))
        #expect(set.policies.first?.isDryRun == true)
        #expect(throws: ResourceError.self) { try PolicySet.load(annotated(value, action: "AUDIT")) }
        #expect(throws: ResourceError.self) { try PolicySet.load(annotated("yes", action: "DENY")) }
        #expect(throws: ResourceError.self) { try PolicySet.load(annotated("false", action: "AUDIT")) }
        #expect(try PolicySet.load(annotated("false", action: "AUDIT"), checks: .dataPlane).policies.count == 1)
        #expect(try PolicySet.load(annotated("false", action: "DENY")).policies.first?.isDryRun == false)
    }

    @Test func `other kinds are left alone, versions are checked`() throws {
        let others = """
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata: {name: default, namespace: istio-system}
            spec: {mtls: {mode: STRICT}}
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: AuthorizationPolicy
            metadata: {name: x}
            spec: {anything: 1}
            """
        #expect(try PolicySet.load(try ResourceLoader.parse(yaml: others, file: "a.yaml")).policies.isEmpty)
        for text in [
            "{apiVersion: security.istio.io/v1alpha1, kind: RequestAuthentication, metadata: {name: a}}",
            "{apiVersion: security.istio.io/v2, kind: PeerAuthentication, metadata: {name: a}}",
            "{apiVersion: security.istio.io/v1alpha1, kind: AuthorizationPolicy, metadata: {name: a}}",
        ] {
            let documents = try ResourceLoader.parse(yaml: text, file: "a.yaml")
            #expect(throws: ResourceError.self) { try PolicySet.load(documents) }
        }
    }

    @Test func `any document is read or refused`() throws {
        var random = SplitMix64(seed: 11)
        let words = [
            "action", "rules", "from", "to", "when", "source", "operation", "paths", "notPaths", "ports", "key",
            "values",
            "ALLOW", "DENY", "/a/{*}", "{**}", "'*'", "1", "null", "''", "source.ip", "selector", "matchLabels",
            "targetRefs", "spiffe://x", "true",
        ]
        func value(_ depth: Int) -> String {
            let pick = { words[Int(random.next() % UInt64(words.count))] }
            switch depth > 5 ? 0 : random.next() % 3 {
            case 0: return "'\(pick())'".replacing("''", with: "")
            case 1:
                return "[" + (0..<Int(random.next() % 3)).map { _ in value(depth + 1) }.joined(separator: ", ") + "]"
            default:
                let keys = Set((0..<Int(random.next() % 4)).map { _ in pick() }).sorted()
                return "{" + keys.map { "\"\($0)\": \(value(depth + 1))" }.joined(separator: ", ") + "}"
            }
        }
        for _ in 0..<1_000 {
            guard let documents = try? ResourceLoader.parse(yaml: document(value(0)), file: "f.yaml") else { continue }
            let result = PolicySet.check(documents)
            #expect(result.sound.policies.isEmpty == result.diagnostics.contains { $0.severity == .error })
        }
    }

    private func document(_ spec: String, name: String = "p") -> String {
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: \(name), namespace: ml-inference}
        spec: \(spec)
        """
    }

    private func annotated(_ value: String, action: String) throws -> [Document] {
        try ResourceLoader.parse(
            yaml: """
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: p, annotations: {istio.io/dry-run: "\(value)"}}
                spec: {action: \(action), rules: [{}]}
                """,
            file: "policy.yaml"
        )
    }
}
