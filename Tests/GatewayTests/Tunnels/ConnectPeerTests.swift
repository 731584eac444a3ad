import Authorization
import Foundation
import Resources
import Testing
import ZeroTrust

@testable import Gateway

@Suite(.timeLimit(.minutes(2))) struct ConnectPeerTests {
    private static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../Peers/\(name)")
            .standardizedFileURL.path
    }

    @Test func `curl tunnels through the gateway to an Envoy that ends its tunnels`() async throws {
        guard let python = ExternalTool.python, let envoy = ExternalTool.envoy else { return }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let socket = folder.appendingPathComponent("envoy.sock").path
        let policy = ConnectTests.policy.replacing("db.internal:5432", with: "db.internal:54*")
        let gateway = try await TestGateway.start(upstream: nil, transport: .unixSocket(socket), policy: policy) {
            $0.routes.append(
                Route(name: "tunnels", hosts: ["db.internal"], upstream: "inference", allowsConnect: true)
            )
        }
        try await withCredentials(gateway) { _, certificate, key in
            let port = "\(gateway.server.ports["mtls"] ?? 0)"
            let outcome = try await python.run([
                Self.script("connect_through_gateway.py"), envoy.path, port, certificate, key, socket,
            ])
            #expect(outcome.status == 0 && outcome.output.hasSuffix("9 of 9\n"), "\(outcome.output)")
            print("suite: CONNECT through the gateway: \(outcome.output.split(separator: "\n").last ?? "nothing")")
        }
        let decisions = await gateway.log.records("decision", count: 9)
        let completions = await gateway.log.records("completion", count: 9)
        #expect(decisions.count == 9 && completions.count == 9)
        #expect(completions.count { $0["response.status"] == "200" } == 5)
        await gateway.stop()
    }

    @Test func `a provider over gRPC is asked about a tunnel as about any request`() async throws {
        guard let python = try await PythonServer.has("envoy.service.auth.v3.external_auth_pb2_grpc") else { return }
        let socket = FileManager.default.temporaryDirectory.path + "/judge-\(UUID().uuidString.prefix(8)).sock"
        defer { try? FileManager.default.removeItem(atPath: socket) }
        let provider = try await PythonServer(python, "ext_authz_server.py", [socket])
        do {
            try await ConnectTests.with { gateway, upstream in
                let place = ProviderWorld.indented("unixSocket: \(socket)")
                try await ProviderWorld.ask(
                    ProviderWorld.providers("- name: judge\n  envoyExtAuthzGrpc:\n\(place)"),
                    by: ProviderWorld.custom + ConnectTests.policy,
                    at: gateway
                )
                let denied = try await gateway.client()
                denied.send(ConnectTests.ask(headers: "X-Ask: deny\r\n") + "early")
                #expect(await denied.end().statuses == [429])
                #expect(upstream.heard.value.isEmpty)
                let client = try await gateway.client()
                client.send(ConnectTests.ask(headers: "X-Ask: allow\r\nX-Tenant: red\r\n") + "early")
                await upstream.heard.wait { $0.first?.hasSuffix("\r\n\r\nearly") == true }
                let head = upstream.heard.value[0]
                #expect(head.hasPrefix("CONNECT db.internal:5432 HTTP/1.1\r\n") && head.contains("x-tenant: green\r\n"))
                #expect(head.contains("\"host\": \"db.internal:5432\"") && head.contains("\"method\": \"CONNECT\""))
                #expect(head.contains("\"path\": \"\"") && !head.contains("X-Tenant: red"))
                await client.wait(for: "\r\n\r\n")
                await client.close()
            }
        } catch {
            await provider.stop()
            throw error
        }
        await provider.stop()
    }

    /// Rules of one ALLOW policy, and of a DENY policy beside one that allows everything.
    private static let rules = [
        "[{}]", "[{ to: [{ operation: { methods: [CONNECT] } }] }]", "[{ to: [{ operation: { methods: [GET] } }] }]",
        "[{ to: [{ operation: { notMethods: [CONNECT] } }] }]", "[{ to: [{ operation: { notMethods: [GET] } }] }]",
        "[{ to: [{ operation: { hosts: [\"db.internal:5432\"] } }] }]",
        "[{ to: [{ operation: { hosts: [db.internal] } }] }]",
        "[{ to: [{ operation: { hosts: [\"DB.internal:*\"] } }] }]",
        "[{ to: [{ operation: { notHosts: [\"*.pool.internal:1\"] } }] }]",
        "[{ to: [{ operation: { paths: [\"*\"] } }] }]", "[{ to: [{ operation: { paths: [\"/*\"] } }] }]",
        "[{ to: [{ operation: { paths: [\"*x\"] } }] }]", "[{ to: [{ operation: { paths: [\"/{**}\"] } }] }]",
        "[{ to: [{ operation: { notPaths: [\"*\"] } }] }]", "[{ to: [{ operation: { notPaths: [\"/admin*\"] } }] }]",
        "[{ to: [{ operation: { notPaths: [\"/{*}\"] } }] }]",
        "[{ to: [{ operation: { methods: [CONNECT], paths: [\"/v1\"] } }] }]",
        "[{ when: [{ key: \"request.headers[:method]\", values: [CONNECT] }] }]",
        "[{ when: [{ key: \"request.headers[:authority]\", values: [\"db.internal:5432\"] }] }]",
        "[{ when: [{ key: \"request.headers[:path]\", values: [\"/*\"] }] }]",
        "[{ when: [{ key: \"request.headers[:path]\", notValues: [\"/v1\"] }] }]",
    ]

    private static func policy(_ action: String, _ rules: String) -> String {
        """
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: \(action.lowercased()), namespace: n }
        spec: { action: \(action), rules: \(rules) }

        """
    }

    @Test func `policies decide on a CONNECT as a real Envoy with the exported filters does`() async throws {
        guard let python = ExternalTool.python, let envoy = ExternalTool.envoy else { return }
        let targets = ["db.internal:5432", "DB.Internal:5432", "db.internal:22", "a.pool.internal:1", "x:443"]
        let sets =
            Self.rules.map { Self.policy("ALLOW", $0) }
            + Self.rules.map { Self.policy("ALLOW", "[{}]") + Self.policy("DENY", $0) }
        var (filters, engines): ([Any], [PolicyEngine]) = ([], [])
        for text in sets {
            let policies = try PolicySet.load(
                ResourceLoader.parse(yaml: text, file: "p.yaml"),
                checks: .dataPlane
            ).policies
            let export = EnvoyExport().export(policies, compatibility: .istio)
            filters.append(try export.values.map { try JSONSerialization.jsonObject(with: Data($0.json.utf8)) })
            engines.append(
                try PolicyEngine(
                    policies: PolicySet.load(
                        ResourceLoader.parse(yaml: text, file: "p.yaml"),
                        checks: .dataPlane
                    ),
                    workload: Workload(namespace: "n"),
                    options: .init(compatibility: .istio)
                )
            )
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let cases = folder.appendingPathComponent("cases.json")
        try JSONSerialization.data(withJSONObject: ["filters": filters, "targets": targets]).write(to: cases)
        let outcome = try await python.run([Self.script("connect_in_envoy.py"), envoy.path, cases.path])
        let answers = try #require(
            try? JSONDecoder().decode([[Bool]].self, from: Data(outcome.output.utf8)),
            "\(outcome.output)"
        )
        try #require(answers.count == sets.count)
        var agreed = 0
        for (number, engine) in engines.enumerated() {
            for (target, answer) in zip(targets, answers[number]) {
                let request = Attributes(
                    caller: .anonymous,
                    method: "CONNECT",
                    path: "",
                    authority: target,
                    source: IPAddress(v4: 0x7f00_0001),
                    destination: .init(address: IPAddress(v4: 0x7f00_0001), port: 8443)
                )
                let decision = engine.evaluate(request)
                #expect((decision.outcome == .allow) == answer, "\(target), Envoy: \(answer)\n\(sets[number])")
                if (decision.outcome == .allow) == answer { agreed += 1 }
            }
        }
        print("suite: CONNECT in Envoy: \(agreed) of \(sets.count * targets.count)")
    }
}
