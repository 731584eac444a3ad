import AuditLog
import Foundation
import Testing
import ZeroTrust

/// `lapwing monitor replay` and `lapwing alert` over a log that no gateway writes to.
@Suite(.timeLimit(.minutes(5))) struct MonitorCommandTests {
    private let directory: TemporaryDirectory
    private var settings: [String] { ["--config", directory.path + "/c", "--state", directory.path + "/s"] }
    private static let start: Int64 = 1_795_392_000_000_000_000

    init() throws {
        directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let authority = try CheckpointAuthority(directory: directory.path + "/authority", origin: "test")
        let writer = try LogWriter(directory: directory.path + "/s/audit", origin: "test", signer: authority)
        for number in 0..<60 {
            let isStranger = number >= 50
            let decision = DecisionRecord(
                id: RequestID(milliseconds: UInt64(1_000 + number), random: 2),
                time: Timestamp(nanoseconds: Self.start + Int64(number) * 3_600_000_000_000),
                node: "node",
                caller: .init(
                    spiffeID: try SPIFFEID(
                        "spiffe://cluster.local/ns/\(isStranger ? "shop/sa/cart" : "ml-api/sa/api-gateway")"
                    ),
                    serialNumber: "1",
                    fingerprint: "ab"
                ),
                source: .init(address: IPAddress(v4: 0x0a00_0001), port: 2_000),
                tls: nil,
                request: .init(
                    method: "POST",
                    path: "/v1/predict",
                    authority: "inference.example",
                    destination: .init(address: IPAddress(v4: 0x7f00_0001), port: 8443)
                ),
                outcome: number >= 55 ? .deny : .allow,
                reason: number >= 55 ? "no_rule_matched" : "allowed_by_rule",
                policy: nil,
                snapshot: "00",
                compatibility: "strict",
                latency: 1,
                route: number >= 55 ? nil : "predict"
            )
            writer.append(decision.encoded()) { _ in }
        }
        writer.close()
    }

    private func run(_ words: String...) throws -> Program.Result { try Program.run(words + settings) }

    @Test func `a replay has the same findings each time, and the list has them too`() throws {
        let first = try run("monitor", "replay", "-o", "json")
        #expect(first.status == 1, "\(first.errors)")
        let ids = first.output.split(separator: "\n").compactMap { line in
            (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["id"] as? String
        }
        // A new caller of the route, its first access to what is behind it, and five refusals of one edge.
        #expect(Set(ids) == ["M2-50", "M3-50", "M1-55"], "\(first.output)")
        #expect(try run("monitor", "replay", "-o", "json").output == first.output)
        // Whom a refused request was for is said by name, also where it came to no route.
        let service = "spiffe://cluster.local/ns/ml-inference/sa/inference-service"
        #expect(first.output.contains("spiffe://cluster.local/ns/shop/sa/cart → \(service) (call)"), "\(first.output)")
        #expect(try run("alert", "list", "-o", "json").output == first.output)
        let filtered = try run("alert", "list", "--type", "M1", "-o", "json")
        #expect(filtered.output.contains("M1-55") && !filtered.output.contains("M2-50"))
        let shown = try run("alert", "show", "M1-55")
        #expect(
            shown.output.contains("lapwing 55-59") && shown.output.contains("spiffe://cluster.local/ns/shop/sa/cart")
        )
        #expect(try run("alert", "show", "M1-1").status == 1)
    }

    @Test func `an act that cannot be recorded changes nothing, and says what to look at`() throws {
        let result = try Program.run(["alert", "ack", "M1-55"] + settings + ["--run", directory.path + "/r"])
        #expect(result.status == 3 && result.errors.contains("lapwing serve"), "\(result.errors)")
        #expect(try run("alert", "list", "-o", "json").output.contains(#""state":"open""#))
        #expect(try run("alert", "ack", "M9-1").status == 1)
    }

    @Test func `logs of others are replayed against what is declared`() throws {
        let policy = """
            apiVersion: lapwing.dev/v1alpha1
            kind: MonitorPolicy
            metadata: { name: default }
            spec:
              declared: [{ from: 10.0.1.6, to: "10.0.0.4:53" }]

            """
        try policy.write(toFile: directory.path + "/c/monitor.yaml", atomically: true, encoding: .utf8)
        let flows = try directory.write(
            """
            {"ts":1588205199.8,"id_orig_h":"10.0.1.6","id_resp_h":"10.0.0.4","id_resp_p":53,"proto":"udp"}
            {"ts":1588205200.8,"id_orig_h":"10.0.1.6","id_resp_h":"203.0.113.5","id_resp_p":443,"proto":"tcp"}
            not a flow

            """,
            to: "flows.json"
        )
        let result = try run("monitor", "replay", "--source", "flow=\(flows)", "-o", "json")
        #expect(result.status == 1 && result.errors.contains("left out, not to be read: 1 record"), "\(result.errors)")
        // The path, and that a record could not be read.
        #expect(result.output.split(separator: "\n").count == 2)
        #expect(result.output.contains(#""id":"M1-flow-1""#) && result.output.contains(#""severity":"critical""#))
        let wrong = try run("monitor", "replay", "--source", "flows=\(flows)")
        #expect(wrong.status == 2 && wrong.errors.contains("flow"), "\(wrong.errors)")
    }

    /// The findings would be those of other settings, and look as good.
    @Test func `a configuration that is named and not there is told`() throws {
        for command in [["monitor", "replay"], ["alert", "list"]] {
            let result = try Program.run(
                command + ["--state", directory.path, "--config", directory.path + "/nowhere"]
            )
            #expect(result.status == 2 && result.output.isEmpty, "\(result.output)")
            #expect(
                result.errors.contains(
                    "there is no configuration at `\(directory.path)/nowhere`, which --config names"
                ),
                "\(result.errors)"
            )
        }
    }

    @Test func `an access log of the mesh is put to the policies that enforce`() throws {
        func line(_ caller: String, _ method: String, _ path: String) -> String {
            """
            {"start_time":"2026-11-26T01:00:00.000Z","method":"\(method)","path":"\(path)","response_code":200,\
            "downstream_peer_uri_san":"spiffe://cluster.local/ns/\(caller)","authority":"inference",\
            "destination_principal":"spiffe://cluster.local/ns/ml-inference/sa/inference-service"}
            """
        }
        let log = try directory.write(
            [
                line("ml-api/sa/api-gateway", "POST", "/v1/predict"),
                line("ml-api/sa/api-gateway", "POST", "/v1/stream"),
                line("shop/sa/cart", "POST", "/v1/predict"), line("ml-api/sa/api-gateway", "DELETE", "/v1/predict"),
            ].joined(separator: "\n"),
            to: "envoy.json"
        )
        let result = try run("monitor", "replay", "--source", "envoy=\(log)", "-o", "json")
        let found = result.output.split(separator: "\n")
        #expect(found.count == 2, "\(result.output)\(result.errors)")
        #expect(found.contains { $0.contains(#""id":"M1-envoy-2""#) && $0.contains("shop/sa/cart") })
        #expect(found.contains { $0.contains(#""id":"M1-envoy-3""#) && $0.contains("(delete)") })
    }

    @Test func `a policy or route that cannot be meant stops the configuration`() throws {
        let text =
            "apiVersion: lapwing.dev/v1alpha1\nkind: AlertRoute\nmetadata: { name: x }\nspec: { severity: bad }\n"
        try text.write(toFile: directory.path + "/c/route.yaml", atomically: true, encoding: .utf8)
        let result = try run("config", "validate")
        #expect(result.status == 1 && result.errors.contains("route.yaml:4:"), "\(result.errors)\(result.output)")
    }
}
