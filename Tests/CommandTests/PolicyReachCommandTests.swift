import Foundation
import Testing

/// `lapwing policy reach` and `lapwing policy export`, on the reference scenario.
@Suite(.timeLimit(.minutes(5))) struct PolicyReachCommandTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    private static let example = root + "/Examples/reference"

    @Test func `the table says who reaches what`() throws {
        let result = try Program.run("policy", "reach", "--config", Self.example)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("cluster.local/ns/ml-api/sa/api-gateway  POST     /v1/predict, /v1/stream"))
        let other = try Program.run("policy", "reach", "--config", Self.example, "--from", "cluster.local/ns/x/sa/y")
        #expect(other.output.contains("nobody reaches it"))
    }

    private static let nameless = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: nameless, namespace: ml-inference }
        spec: { rules: [{ from: [{ source: { notPrincipals: ["*"] } }], to: [{ operation: { paths: [/status] } }] }] }
        ---

        """
    private static func peers(_ mode: String) -> String {
        """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: { name: peers, namespace: ml-inference }
        spec: { mtls: { mode: \(mode) } }

        """
    }

    @Test func `callers without an identity count where files let plaintext in`() throws {
        let directory = try TemporaryDirectory()
        func reach(_ mode: String) throws -> String {
            let file = try directory.write(Self.nameless + Self.peers(mode), to: "\(mode).yaml")
            return try Program.run("policy", "reach", file, "--namespace", "ml-inference").output
        }
        #expect(try reach("PERMISSIVE").contains("callers without identity"))
        #expect(try reach("STRICT").contains("nobody reaches it"))
    }

    @Test func `a diff tells of callers without an identity, of tunnels and of providers`() throws {
        let directory = try TemporaryDirectory()
        let (old, new) = (directory.path + "/old", directory.path + "/new")
        _ = try Program.run("init", old)
        func edit(_ place: String, _ old: String, _ new: String) throws {
            let file = place + "/gateway.yaml"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try #require(text.contains(old))
            try text.replacing(old, with: new).write(toFile: file, atomically: true, encoding: .utf8)
        }
        try edit(
            old,
            "  routes:\n",
            "  extensionProviders: [{ name: opa, envoyExtAuthzGrpc: { unixSocket: /run/opa.sock } }]\n"
                + "  routes:\n  - { name: tunnels, hosts: [db.internal], upstream: model, upgrade: [connect] }\n"
        )
        let ask = """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: ask, namespace: ml-inference }
            spec:
              action: CUSTOM
              provider: { name: opa }
              rules: [{ to: [{ operation: { paths: [/v1/stream] } }] }]

            """
        _ = try directory.write(Self.peers("PERMISSIVE") + "---\n" + ask, to: "old/more.yaml")
        func diff(_ change: () throws -> Void) throws -> Program.Result {
            try? FileManager.default.removeItem(atPath: new)
            try FileManager.default.copyItem(atPath: old, toPath: new)
            try change()
            return try Program.run(
                "config",
                "diff",
                new,
                "--against",
                old,
                "--fail-on-change",
                "--state",
                directory.path + "/s"
            )
        }
        let none = try diff {}
        #expect(none.status == 0 && none.output.contains("nothing changes"), "\(none.output)\(none.errors)")
        let nameless = try diff { _ = try directory.write(Self.nameless, to: "new/nameless.yaml") }
        #expect(nameless.status == 1 && nameless.output.contains("newly allowed  callers without identity"))
        let tunnel = try diff {
            let rule = "{ to: [{ operation: { methods: [CONNECT], hosts: [\"db.internal:5432\"] } }] }"
            _ = try directory.write(
                Self.nameless.replacing(
                    "{ from: [{ source: { notPrincipals: [\"*\"] } }], to: [{ operation: { paths: [/status] } }] }",
                    with: rule
                ),
                to: "new/tunnel.yaml"
            )
        }
        #expect(tunnel.status == 1 && tunnel.output.contains("CONNECT db.internal:5432"), "\(tunnel.output)")
        let provider = try diff { try edit(new, "name: opa", "name: other") }
        #expect(
            provider.status == 1 && provider.output.contains("newly denied"),
            "\(provider.output)\(provider.errors)"
        )
    }

    @Test func `a file of assertions that is not there is told as such`() throws {
        let result = try Program.run("policy", "reach", "--config", Self.example, "--assert", "missing.yaml")
        #expect(result.status == 2)
        #expect(result.errors.contains("there is no file `missing.yaml`; --assert takes one with `ReachAssertions`"))
        #expect(!result.errors.contains("lapwing init"))
    }

    @Test func `JSON and SVG are what they say`() throws {
        let json = try Program.run("policy", "reach", "--config", Self.example, "-o", "json")
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["version"] as? Int == 1)
        let workloads = try #require(object?["workloads"] as? [[String: Any]])
        #expect((workloads.first?["allowed"] as? [[String: Any]])?.count == 1)
        let svg = try Program.run("policy", "reach", "--config", Self.example, "-o", "svg")
        #expect(svg.output.hasPrefix("<svg "))
        #expect(XMLParserCheck.isWellFormed(svg.output))
        #expect(svg.output.contains("cluster.local/ns/ml-api/sa/api-gateway"))
    }

    @Test func `the assertions of the example hold, and one that does not is shown a request`() throws {
        let file = Self.example + "/policies.reach.yaml"
        let held = try Program.run("policy", "reach", "--config", Self.example, "--assert", file)
        #expect(held.status == 0, "\(held.output)\(held.errors)")
        #expect(held.errors.contains("4 hold, 0 do not"))
        let directory = try TemporaryDirectory()
        let wrong = try directory.write(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: ReachAssertions
            metadata: {name: wrong}
            spec:
              assertions:
              - name: nobody predicts
                requests: {to: [{operation: {paths: [/v1/predict]}}]}
                expect: DENY
            """,
            to: "wrong.yaml"
        )
        let violated = try Program.run("policy", "reach", "--config", Self.example, "--assert", wrong)
        #expect(violated.status == 1)
        #expect(violated.output.contains("VIOLATED  inference: nobody predicts"), "\(violated.output)")
        #expect(violated.output.contains("POST /v1/predict, from spiffe://cluster.local/ns/ml-api/sa/api-gateway"))
        let unknown = try Program.run(
            "policy",
            "reach",
            "--config",
            Self.example,
            "--assert",
            file,
            "--maximum-states",
            "5"
        )
        #expect(unknown.status == 1, "what is unknown is no pass")
    }

    @Test func `policies are exported, and what is lost is said and counted`() throws {
        let envoy = try Program.run("policy", "export", "--to", "envoy", "--config", Self.example)
        #expect(envoy.status == 0, "\(envoy.errors)")
        #expect(envoy.output.contains("ns[ml-inference]-policy[only-api-gateway]-rule[0]"))
        let ztunnel = try Program.run("policy", "export", "--to", "ztunnel", "--config", Self.example)
        #expect(ztunnel.status == 1)
        #expect(ztunnel.errors.contains("policies.yaml:"), "\(ztunnel.errors)")
        #expect(ztunnel.errors.contains("loss (stricter)"))
        let allowed = try Program.run(
            "policy",
            "export",
            "--to",
            "ztunnel",
            "--config",
            Self.example,
            "--allow-loss",
            "-o",
            "json"
        )
        #expect(allowed.status == 0)
        #expect((try JSONSerialization.jsonObject(with: Data(allowed.output.utf8)) as? [Any])?.count == 1)
    }
}

/// Whether a text is XML whose elements are closed in the order in which they were opened.
private enum XMLParserCheck {
    static func isWellFormed(_ text: String) -> Bool {
        var open: [Substring] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else { return false }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return false }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { $0 != " " })
            }
        }
        return open.isEmpty
    }
}
