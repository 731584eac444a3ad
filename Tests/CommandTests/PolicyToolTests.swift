import Foundation
import Testing

/// The commands that test, replay, generate and explain policies.
@Suite(.timeLimit(.minutes(5))) struct PolicyToolTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    private static let reference = root + "/Examples/reference"

    /// The reference scenario's policy in a file, with a change.
    private func policies(_ directory: TemporaryDirectory, _ name: String, _ change: (String) -> String) throws
        -> String
    {
        let text = try String(contentsOfFile: Self.reference + "/policies.yaml", encoding: .utf8)
        return try directory.write(change(text), to: name)
    }

    /// Lines of recorded traffic, the second twice.
    private static let traffic = [
        ("ml-api/sa/api-gateway", "POST", "/v1/predict", "allow"),
        ("ml-api/sa/api-gateway", "POST", "/v1/stream", "allow"),
        ("ml-api/sa/api-gateway", "POST", "/v1/stream", "allow"), ("ml-training/sa/job", "GET", "/v1/predict", "deny"),
    ].map { caller, method, path, outcome in
        #"{"caller":{"spiffe_id":"spiffe://cluster.local/ns/\#(caller)"},"#
            + #""decision":{"outcome":"\#(outcome)","reason":"allowed_by_rule"},"kind":"decision","#
            + #""request":{"authority":"inference.example","method":"\#(method)","path":"\#(path)"},"v":1}"#
    }.joined(separator: "\n")

    // MARK: - Tests of policies

    @Test func `the reference policies' own table passes, covers all and notices 95 of 100 mistakes`() throws {
        let result = try Program.run(
            "policy",
            "test",
            Self.reference,
            "--coverage-min",
            "100",
            "--mutation-min",
            "95",
            "-o",
            "json"
        )
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        struct Report: Decodable {
            struct Mutation: Decodable { let noticed, total: Int }

            let format: String
            let passed, failed: Int
            let mutation: Mutation
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
        #expect(report.format == "lapwing-policy-test/1")
        #expect(report.failed == 0 && report.passed >= 20)
        #expect(report.mutation.total >= 20)
        print("reference table: \(report.passed) cases, \(report.mutation.noticed) of \(report.mutation.total) mutants")
    }

    @Test func `a table alone is read with the policies beside it, and a failure is a diff`() throws {
        let directory = try TemporaryDirectory()
        _ = try policies(directory, "policies.yaml") { $0.replacing("\"POST\"", with: "\"PUT\"") }
        let table = try directory.write(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: PolicyTest
            metadata: {name: t, namespace: ml-inference}
            spec:
              workload: {labels: {app: inference-service}}
              cases:
              - {caller: cluster.local/ns/ml-api/sa/api-gateway, method: POST, path: /v1/predict, expect: allow}
              - {path: /v1/predict, expect: deny}
            """,
            to: "t.policytest.yaml"
        )
        let result = try Program.run("policy", "test", table)
        #expect(result.status == 1)
        #expect(result.output.contains("- allow\n        + deny: no_rule_matched"), "\(result.output)\(result.errors)")
        #expect(result.output.contains("smallest edit: add `POST` to to[0].operation.methods"))
        #expect(result.output.contains("1 of 2 cases came out as expected"))
        let junit = try Program.run("policy", "test", table, "-o", "junit")
        #expect(junit.status == 1)
        #expect(junit.output.contains(#"<testsuite name="t""#) && junit.output.contains("<failure message="))
    }

    @Test func `too little coverage and too few noticed mistakes are findings, and no table is a usage error`() throws {
        let directory = try TemporaryDirectory()
        _ = try policies(directory, "policies.yaml") { $0 }
        let nothing = try Program.run("policy", "test", directory.path)
        #expect(nothing.status == 2, "\(nothing.errors)")
        _ = try directory.write(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: PolicyTest
            metadata: {name: t, namespace: ml-inference}
            spec:
              workload: {labels: {app: inference-service}}
              cases:
              - {path: /v1/predict, expect: deny}
            """,
            to: "t.policytest.yaml"
        )
        #expect(try Program.run("policy", "test", directory.path).status == 0)
        let little = try Program.run("policy", "test", directory.path, "--coverage-min", "50")
        #expect(little.status == 1 && little.output.contains("no case matches the rule"))
        let few = try Program.run("policy", "test", directory.path, "--mutation-min", "95")
        #expect(few.status == 1 && few.output.contains("no case would notice: "))
        #expect(try Program.run("policy", "test", directory.path, "--mutate").status == 0)
    }

    @Test func `a table reads paths as the compatibility that it names does`() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.write(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: PolicyTest
            metadata: { name: t, namespace: ml-inference }
            spec:
              workload: { labels: { app: inference-service } }
              compatibility: istio
              cases:
              - { path: "/v1/..;/x", expect: allow }
            ---
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: all, namespace: ml-inference }
            spec: { rules: [{}] }

            """,
            to: "t.policytest.yaml"
        )
        let istio = try Program.run("policy", "test", directory.path)
        #expect(istio.status == 0, "\(istio.output)\(istio.errors)")
        let strict = try Program.run("policy", "test", directory.path, "--compat", "strict")
        #expect(strict.status == 1 && strict.output.contains("bad-request"), "\(strict.output)")
    }

    // MARK: - Replay

    @Test func `recorded traffic on a new policy shows what would change`() throws {
        let directory = try TemporaryDirectory()
        let requests = try directory.write(Self.traffic, to: "traffic.jsonl")
        let new = try policies(directory, "new.yaml") { $0.replacing(", \"/v1/stream\"", with: "") }
        let arguments = ["policy", "replay", "--old", Self.reference, "--new", new, "--requests", requests]
        let result = try Program.run(arguments)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("allow → deny  2 requests, 1 different"))
        #expect(result.output.contains("to keep it allowed: add `/v1/stream` to to[0].operation.paths"))
        #expect(result.output.contains("4 requests, 3 different: 2 would be decided otherwise (50.00 %)"))
        #expect(try Program.run(arguments + ["--fail-on-change"]).status == 1)
        let same = try Program.run([
            "policy", "replay", "--config", Self.reference, "--new", Self.reference, "--requests", requests,
            "--fail-on-change", "-o", "json",
        ])
        #expect(same.status == 0, "\(same.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(same.output.utf8)) as? [String: Any]
        #expect(object?["format"] as? String == "lapwing-policy-replay/1")
        #expect(object?["total"] as? Int == 4 && object?["changed"] as? Int == 0)
    }

    @Test func `traffic of which nobody can read a line is an error, and not a change of nothing`() throws {
        let directory = try TemporaryDirectory()
        let requests = try directory.write("POST /v1/predict 200\nGET / 403\n", to: "access.log")
        let result = try Program.run(
            "policy",
            "replay",
            "--config",
            Self.reference,
            "--new",
            Self.reference,
            "--requests",
            requests,
            "--fail-on-change"
        )
        #expect(result.status == 2, "\(result.output)")
        #expect(result.errors.contains("no line of `\(requests)` is a request"), "\(result.errors)")
    }

    @Test func `the providers of a gateway are known to tests, and to a replay whose new policies stand alone`() throws
    {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let gateway = directory.path + "/c/gateway.yaml"
        try String(contentsOfFile: gateway, encoding: .utf8)
            .replacing(
                "\nspec:\n",
                with:
                    "\nspec:\n  extensionProviders: [{ name: opa, envoyExtAuthzGrpc: { unixSocket: /run/opa.sock } }]\n"
            )
            .write(toFile: gateway, atomically: true, encoding: .utf8)
        let ask = """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: ask, namespace: ml-inference }
            spec:
              action: CUSTOM
              provider: { name: opa }
              rules: [{ to: [{ operation: { paths: [/v1/predict] } }] }]

            """
        _ = try directory.write(ask, to: "c/ask.yaml")
        let table = """
            apiVersion: lapwing.dev/v1alpha1
            kind: PolicyTest
            metadata: { name: t, namespace: ml-inference }
            spec:
              cases:
              - { caller: cluster.local/ns/ml-api/sa/api-gateway, method: POST, path: /v1/predict, expect: custom }

            """
        _ = try directory.write(table, to: "c/t.policytest.yaml")
        let tested = try Program.run("policy", "test", directory.path + "/c")
        #expect(tested.status == 0, "\(tested.output)\(tested.errors)")

        try FileManager.default.createDirectory(atPath: directory.path + "/new", withIntermediateDirectories: false)
        let policies = try String(contentsOfFile: directory.path + "/c/policies.yaml", encoding: .utf8)
        _ = try directory.write(policies + "---\n" + ask, to: "new/policies.yaml")
        let requests = try directory.write(Self.traffic, to: "traffic.jsonl")
        let replayed = try Program.run(
            "policy",
            "replay",
            "--config",
            directory.path + "/c",
            "--new",
            directory.path + "/new",
            "--requests",
            requests,
            "--fail-on-change"
        )
        #expect(replayed.status == 0, "\(replayed.output)\(replayed.errors)")
    }

    // MARK: - Generation

    @Test func `the policy that is generated allows what was allowed, and nothing else`() throws {
        let directory = try TemporaryDirectory()
        let requests = try directory.write(Self.traffic + "\nnot json\n", to: "traffic.jsonl")
        let result = try Program.run(
            "policy",
            "generate",
            "--config",
            Self.reference,
            "--requests",
            requests,
            "--name",
            "seen"
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("left out, not to be read: 1 record"))
        #expect(result.output.contains("paths:\n        - \"/v1/predict\"  # 1 request"), "\(result.output)")
        #expect(!result.output.contains("ml-training"))
        let file = try directory.write(result.output, to: "generated.yaml")
        let checked = try Program.run("policy", "check", file)
        #expect(checked.status == 0, "\(checked.output)")
        let replayed = try Program.run(
            "policy",
            "replay",
            "--old",
            Self.reference,
            "--new",
            file,
            "--requests",
            requests,
            "--fail-on-change"
        )
        #expect(replayed.status == 0, "\(replayed.output)\(replayed.errors)")
    }

    // MARK: - Explanations

    @Test func `a hypothetical request takes every attribute, and its JSON is versioned`() throws {
        let directory = try TemporaryDirectory()
        let config = directory.path + "/c"
        _ = try Program.run("init", config)
        let common = ["policy", "explain", "--config", config]
        let anonymous = try Program.run(common + ["POST", "https://h/v1/predict"])
        #expect(anonymous.status == 1)
        #expect(anonymous.output.contains("got no identity"), "\(anonymous.output)\(anonymous.errors)")
        let full = try Program.run(
            common + [
                "--from", "cluster.local/ns/x/sa/y", "--header", "x-team: a", "--source-ip", "192.0.2.1", "--remote-ip",
                "192.0.2.2", "--destination-ip", "192.0.2.3", "--port", "1234", "--sni", "H", "--claims",
                "{\"sub\": \"a\"}", "-o", "json", "POST",
                "https://h/v1/predict",
            ]
        )
        #expect(full.status == 1, "\(full.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(full.output.utf8)) as? [String: Any]
        #expect(object?["format"] as? String == "lapwing-policy-explanation/1")
        #expect(((object?["edit"] as? [String: Any])?["steps"] as? [Any])?.isEmpty == false)
        for arguments in [
            common + ["--from", "api-gateway", "GET", "/"], ["policy", "reach", "--from", "api-gateway"],
        ] {
            let nobody = try Program.run(arguments, environment: ["LAPWING_CONFIG": config])
            #expect(nobody.status == 2 && nobody.errors.contains("a trust domain and no workload"), "\(nobody.errors)")
        }
        let bad = try Program.run(common + ["--remote-ip", "x", "GET", "/"])
        #expect(bad.status == 2 && bad.errors.contains("`x` is no IP address"))
        let malformed = try Program.run(common + ["get", "/"])
        #expect(malformed.status == 1 && malformed.errors.contains("write it in upper case"))
    }

    @Test func `a tunnel is explained by its target, and what is none is told with what to write`() throws {
        let directory = try TemporaryDirectory()
        let config = directory.path + "/c"
        _ = try Program.run("init", config)
        func explain(_ target: String) throws -> (status: Int32, text: String) {
            let result = try Program.run(
                "policy",
                "explain",
                "--config",
                config,
                "--from",
                "cluster.local/ns/a/sa/b",
                "CONNECT",
                target
            )
            return (result.status, result.output + result.errors)
        }
        let closed = try explain("db.internal:5432")
        #expect(closed.status == 1 && closed.text.contains("answers 501"), "\(closed)")
        #expect(closed.text.contains("none of its routes has `upgrade: [connect]`"), "\(closed)")
        let file = URL(filePath: config + "/gateway.yaml")
        let gateway = try String(contentsOf: file, encoding: .utf8)
        let route = "  routes:\n  - { name: databases, hosts: [db.internal], upstream: model, upgrade: [connect] }\n"
        try Data(gateway.replacing("  routes:\n", with: route).utf8).write(to: file)
        _ = try directory.write(
            """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: tunnels, namespace: ml-inference }
            spec:
              action: ALLOW
              rules:
              - from: [{ source: { principals: [cluster.local/ns/a/sa/b] } }]
                to: [{ operation: { methods: [CONNECT], hosts: ["db.internal:5432"] } }]
            """,
            to: "c/tunnels.yaml"
        )
        let allowed = try explain("db.internal:5432")
        #expect(allowed.status == 0 && allowed.text.contains("policy[tunnels]-rule[0]) at"), "\(allowed)")
        let denied = try explain("db.internal:5433")
        #expect(denied.status == 1 && denied.text.contains("db.internal:5433"), "\(denied)")
        for wrong in ["db.internal", "https://db.internal:5432", "db.internal:5432/x", "db.internal:70000"] {
            let refused = try explain(wrong)
            #expect(refused.status == 1, "\(refused)")
            #expect(refused.text.contains("`\(wrong)` is no target of a CONNECT: write HOST:PORT"), "\(refused)")
        }
    }
}
