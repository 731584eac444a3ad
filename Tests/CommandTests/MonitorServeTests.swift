import Crypto
import Foundation
import NIOHTTP1
import Synchronization
import Testing

@testable import lapwing

/// The monitor of a running node: from a request that no policy allows to the finding, the alert, and what becomes of it.
@Suite(.timeLimit(.minutes(5))) struct MonitorServeTests {
    /// What a receiver of alerts got.
    private final class Receiver: Sendable {
        let requests = Mutex<[(headers: String, body: String)]>([])
        let failures = Mutex(1)

        func answer(_ request: LocalHTTPServer.Request) -> LocalHTTPServer.Response {
            // The first try fails, so that the second shows that it is tried again.
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { return .json("{}", status: .serviceUnavailable) }
            requests.withLock {
                $0.append((String(describing: request.headers), String(decoding: request.body, as: UTF8.self)))
            }
            return .json("{}")
        }

        var first: (headers: String, body: String)? { requests.withLock { $0.first } }
    }

    private static let secret = "a secret of the test"

    /// A port that is free, and most likely still is when it is used.
    private static func freePort() async throws -> Int {
        let server = try await LocalHTTPServer.start(host: "127.0.0.1", port: 0) { _ in .json("{}") }
        let port = server.port
        // It is free only once nobody listens any more.
        try await server.stop()
        return try #require(port)
    }

    /// A configuration with a route to a receiver.
    private static func configure(_ directory: String, receiver: String, more: String = "") throws {
        try secret.write(toFile: directory + "/alert.key", atomically: true, encoding: .utf8)
        let route = """
            apiVersion: lapwing.dev/v1alpha1
            kind: AlertRoute
            metadata: { name: on-call }
            spec:
              \(receiver.replacing("DIRECTORY", with: directory))
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: MonitorPolicy
            metadata: { name: default }
            spec: { learning: 1h\(more) }
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: AdminPolicy
            metadata: { name: administrators }
            spec: { bindings: [{ role: responder, uids: [65534] }, { role: viewer, uids: [65533] }] }

            """
        try route.write(toFile: directory + "/monitor.yaml", atomically: true, encoding: .utf8)
    }

    /// A running installation at which a stranger has called.
    private static func attacked(receiver: String, more: String = "") throws -> (
        lapwing: Installation, port: String, admin: Int
    ) {
        let lapwing = try Installation { try configure($0, receiver: receiver, more: more) }
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        #expect(try lapwing.wait { lapwing.port(of: "mtls") != nil })
        let port = try #require(lapwing.port(of: "mtls"))
        #expect(try lapwing.wait { try strangerCalls(lapwing, port) == "403" })
        let admin = try #require(try adminPort(of: lapwing))
        return (lapwing, port, admin)
    }

    /// The port of the metrics, once it is bound.
    private static func adminPort(of lapwing: Installation) throws -> Int? {
        var found: Int?
        _ = try lapwing.wait {
            let text = try String(contentsOfFile: lapwing.log, encoding: .utf8)
            let line = text.split(separator: "\n").first { $0.contains("admin listening") }
            found = line?.split(separator: "port=").last.flatMap { Int($0.prefix { $0.isNumber }) }
            return found != nil
        }
        return found
    }

    private static func alert(_ words: [String], of lapwing: Installation) throws -> Program.Result {
        try Program.run(["alert"] + words + lapwing.places + ["--config", lapwing.directory.path + "/c"])
    }

    /// Makes a request that no policy allows.
    private static func strangerCalls(_ lapwing: Installation, _ port: String) throws -> String {
        let keys = lapwing.directory.path + "/svid"
        _ = try lapwing.run("identity", "svid", "fetch", "--write", keys)
        return try Program.run(
            [
                "-sk", "-m", "5", "--cert", keys + "/svid.0.pem", "--key", keys + "/svid.0.key", "-X", "POST", "-o",
                "/dev/null",
                "-w", "%{http_code}", "https://127.0.0.1:\(port)/v1/predict",
            ],
            program: "/usr/bin/curl"
        ).output
    }

    @Test(.timeLimit(.minutes(3)))
    func `a request that no policy allows becomes a finding, an alert and a metric, and is accepted by command`()
        async throws
    {
        let receiver = Receiver()
        let server = try await LocalHTTPServer.start(host: "127.0.0.1", port: 0) { receiver.answer($0) }
        let target = try #require(server.port)
        let hook = "webhook: { url: \"http://127.0.0.1:\(target)/alerts\", secretFile: DIRECTORY/alert.key }"
        let (lapwing, port, admin) = try Self.attacked(receiver: hook)
        let began = ContinuousClock.now
        func alert(_ words: String...) throws -> Program.Result { try Self.alert(words, of: lapwing) }

        // The node itself tells of it within a second; the command reads the log.
        func metrics() throws -> String {
            try Program.run(["-s", "http://127.0.0.1:\(admin)/metrics"], program: "/usr/bin/curl").output
        }
        let sample = #"lapwing_findings_total{type="undeclared_edge",severity="medium"} 1"#
        #expect(try lapwing.wait { try metrics().contains(sample) })
        print("from the answer to the finding in metrics: \(ContinuousClock.now - began), polled every 100 ms and more")
        let listed = try alert("list", "-o", "json")
        #expect(listed.status == 1, "\(listed.errors)")
        let finding = try #require(
            listed.output.split(separator: "\n").first.flatMap {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
        )
        let id = try #require(finding["id"] as? String)
        #expect(finding["detector"] as? String == "M1" && finding["subject"] as? String == Self.caller)
        #expect(try alert("show", id).output.contains("no policy declares"))
        // The port was chosen by the system; the service is named all the same.
        let service = "spiffe://cluster.local/ns/ml-inference/sa/inference-service"
        #expect(finding["object"] as? String == service, "\(listed.output)")

        // The alert arrives at the second try, signed.
        #expect(try lapwing.wait { receiver.first != nil })
        let alerted = try #require(receiver.first)
        #expect(alerted.body.contains(#""id":"\#(id)""#))
        #expect(try Self.isSigned(alerted.headers, alerted.body))

        #expect(try alert("ack", id).status == 0)
        let accepted = try alert("accept", id, "--reason", "a test of ours")
        #expect(accepted.status == 0, "\(accepted.errors)")
        #expect(try alert("accept", id, "--reason", "twice").status == 1)
        #expect(try alert("list").status == 0)
        #expect(try lapwing.wait { try Self.strangerCalls(lapwing, port) == "403" })
        #expect(
            try lapwing.wait { try alert("list", "--all", "-o", "json").output.contains(#""reason":"a test of ours""#) }
        )
        #expect(try alert("list").status == 0, "what was accepted is told of again")

        // The whole log once more has the same findings, the acts included.
        let replayed = try Program.run(
            ["monitor", "replay", "--all", "-o", "json"] + lapwing.places + ["--config", lapwing.directory.path + "/c"]
        )
        #expect(replayed.output == (try alert("list", "--all", "-o", "json").output), "\(replayed.errors)")
        #expect(try lapwing.run("audit", "tail", "-o", "json").output.contains("finding.accept"))

        try Self.scrape(admin, by: try await Self.freePort(), in: lapwing.directory)
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func `a rule of Sigma finds the request, and another that is put there finds the next`() async throws {
        let receiver = Receiver()
        let server = try await LocalHTTPServer.start(host: "127.0.0.1", port: 0) { receiver.answer($0) }
        let target = try #require(server.port)
        let rules = try TemporaryDirectory()
        let rule = """
            title: A stranger at the door of the model
            id: 5f0c7a86-52d0-4a8f-8f6e-1d2f3a4b5c6d
            level: high
            tags: [attack.t1078, atlas.aml.t0040]
            logsource: { product: lapwing, service: audit }
            detection:
                selection: { kind: decision, decision.outcome: deny, 'request.path|startswith': /v1/ }
                condition: selection
            """
        _ = try rules.write(rule, to: "stranger.yml")
        let hook = "webhook: { url: \"http://127.0.0.1:\(target)/alerts\", secretFile: DIRECTORY/alert.key }"
        let (lapwing, port, admin) = try Self.attacked(receiver: hook, more: ", sigma: [\(rules.path)]")
        let sample = #"lapwing_findings_total{type="sigma_rule",severity="high"} 1"#
        #expect(
            try lapwing.wait {
                try Program.run(["-s", "http://127.0.0.1:\(admin)/metrics"], program: "/usr/bin/curl").output.contains(
                    sample
                )
            }
        )
        let listed = try Self.alert(["list", "--type", "M9", "-o", "json"], of: lapwing)
        let finding = try #require(
            try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [String: Any],
            "\(listed)"
        )
        let id = try #require(finding["id"] as? String)
        #expect(finding["attack"] as? [String] == ["T1078"] && finding["atlas"] as? [String] == ["AML.T0040"])
        #expect(finding["subject"] as? String == Self.caller)
        // The log alone has the same.
        let replayed = try Program.run(
            ["monitor", "replay", "-o", "json"] + lapwing.places + ["--config", lapwing.directory.path + "/c"]
        )
        #expect(replayed.output.contains(#""id":"\#(id)""#), "\(replayed)")

        // Another rule, and a reload: what comes from then on is put to it.
        _ = try rules.write(
            rule.replacing("5f0c7a86", with: "6f0c7a86").replacing("A stranger", with: "Somebody"),
            to: "two.yml"
        )
        #expect(try lapwing.run("config", "reload").status == 0)
        #expect(try Self.strangerCalls(lapwing, port) == "403")
        #expect(
            try lapwing.wait {
                try Self.alert(["list", "--type", "M9"], of: lapwing).output.contains("`Somebody at the door")
            }
        )
        _ = try rules.write("title: no rule", to: "three.yml")
        let refused = try lapwing.run("config", "reload")
        #expect(refused.status == 1 && (refused.output + refused.errors).contains("three.yml:1:1"), "\(refused)")
        try await server.stop()
    }

    @Test(
        .timeLimit(.minutes(3)),
        .enabled(if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"), "needs root")
    )
    func `an AdminPolicy says who may say what becomes of a finding`() async throws {
        let (lapwing, _, _) = try Self.attacked(
            receiver: "webhook: { url: \"http://127.0.0.1:9/\", secretFile: DIRECTORY/alert.key }"
        )
        var id = ""
        #expect(
            try lapwing.wait {
                let listed = try Self.alert(["list", "--type", "M1", "-o", "json"], of: lapwing).output
                id = listed.firstMatch(of: /"id":"(M1-[0-9]+)"/).map { String($0.1) } ?? ""
                return !id.isEmpty
            }
        )
        for place in [lapwing.directory.path, lapwing.directory.path + "/r"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place)
        }
        func act(_ user: Int, _ words: String...) throws -> Program.Result {
            let identity = ["--reuid", "\(user)", "--regid", "\(user)", "--clear-groups"]
            return try Program.run(
                identity + [try Program.path, "alert"] + words + lapwing.places,
                program: "/usr/bin/setpriv"
            )
        }
        for (user, status) in [(65_532, 1), (65_533, 1), (65_534, 0)] as [(Int, Int32)] {
            let result = try act(user, "ack", id)
            #expect(result.status == status, "\(user): \(result)")
            #expect(
                result.errors.contains(status == 0 ? "record says so of \(id)" : "may not do `finding.acknowledge`"),
                "\(result)"
            )
        }
        #expect(try act(65_534, "accept", "M1/../x", "--reason", "r").status == 2)
        func record() throws -> String { try lapwing.run("audit", "tail", "-n", "200", "-o", "json").output }
        #expect(
            try lapwing.wait {
                let acts = try record().split(separator: "\n").filter { $0.contains("finding.acknowledge") }
                return acts.contains { $0.contains("uid 65534") && $0.contains(#""allow""#) }
                    && acts.contains { $0.contains("uid 65533") && $0.contains(#""deny""#) }
            }
        )
        let shown = try Self.alert(["show", id, "-o", "json"], of: lapwing).output
        #expect(shown.contains(#""state":"acknowledged""#) && shown.contains(#""stateBy":"uid 65534""#), "\(shown)")
    }

    private static let hasAlertmanager = DebianProgram.isHere("prometheus-alertmanager")

    @Test(.timeLimit(.minutes(3)), .enabled(if: hasAlertmanager, "prometheus-alertmanager is not installed"))
    func `an Alertmanager has the alert, until the finding is over`() async throws {
        let directory = try TemporaryDirectory()
        let own = try await Self.freePort()
        // An alert that is not sent again is over after a second here, unless it says that it goes on.
        let configuration = try directory.write(
            "global: {resolve_timeout: 1s}\nroute: {receiver: none}\nreceivers: [{name: none}]\n",
            to: "am.yml"
        )
        func started() throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/prometheus-alertmanager")
            process.arguments = [
                "--config.file=\(configuration)", "--storage.path=\(directory.path)/am", "--cluster.listen-address=",
                "--web.listen-address=127.0.0.1:\(own)", "--log.level=error",
            ]
            try process.run()
            return process
        }
        var process = try started()
        defer { process.stop() }
        let receiver = "alertmanager: { url: \"http://127.0.0.1:\(own)\" }"
        let (lapwing, _, _) = try Self.attacked(receiver: receiver)
        func alerts() throws -> String {
            try Program.run(["-s", "http://127.0.0.1:\(own)/api/v2/alerts"], program: "/usr/bin/curl").output
        }
        #expect(try lapwing.wait { try alerts().contains("LapwingFinding") })
        let held = try JSONSerialization.jsonObject(with: Data(alerts().utf8)) as? [[String: Any]]
        let labels = try #require(held?.first?["labels"] as? [String: String])
        #expect(labels["type"] == "undeclared_edge" && labels["subject"] == Self.caller)
        let end = try #require(held?.first?["endsAt"] as? String)
        #expect(end > Date(timeIntervalSinceNow: 86_400).formatted(.iso8601), "it is over by itself: \(end)")
        let id = try #require(labels["finding"])
        // One that is started anew has forgotten it, and is told again: each minute, and here by a node that starts.
        process.stop()
        process = try started()
        lapwing.stop()
        try lapwing.start()
        #expect(try lapwing.wait { try alerts().contains("LapwingFinding") }, "the alert was forgotten")
        #expect(try Self.alert(["resolve", id], of: lapwing).status == 0)
        #expect(try lapwing.wait { try !alerts().contains("LapwingFinding") }, "the alert goes on")
    }

    private static let caller = "spiffe://cluster.local/ns/ml-inference/sa/inference-service"

    private static func isSigned(_ headers: String, _ body: String) throws -> Bool {
        let value = try #require(headers.firstMatch(of: /t=([0-9]+),v1=([0-9a-f]{64})/))
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("\(value.1).\(body)".utf8),
            using: SymmetricKey(data: Data(secret.utf8))
        )
        return code.map { String(format: "%02x", $0) }.joined() == value.2
    }

    // MARK: - Prometheus

    /// Whether Prometheus' own programs are here.
    private static let hasPrometheus = DebianProgram.isHere("prometheus") && DebianProgram.isHere("promtool")

    /// Has Prometheus' own programs read the metrics, scrape them, and answer every query of the dashboard.
    private static func scrape(_ admin: Int, by port: Int, in directory: TemporaryDirectory) throws {
        guard hasPrometheus else {
            print("skipped: prometheus is not installed (scripts/setup --tests)")
            return
        }
        let text = try Program.run(["-s", "http://127.0.0.1:\(admin)/metrics"], program: "/usr/bin/curl").output
        let lint = try Program.run(["check", "metrics"], input: text, program: "/usr/bin/promtool")
        #expect(lint.status == 0, "\(lint.errors)\(lint.output)")

        let configuration = try directory.write(
            """
            global: {scrape_interval: 1s}
            scrape_configs: [{job_name: lapwing, metrics_path: /stats/prometheus, static_configs: [{targets: ['127.0.0.1:\(admin)']}]}]

            """,
            to: "prometheus.yml"
        )
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/prometheus")
        process.arguments = [
            "--config.file=\(configuration)", "--storage.tsdb.path=\(directory.path)/tsdb",
            "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
        ]
        try process.run()
        defer {
            process.stop()
        }
        func query(_ expression: String) throws -> String {
            try Program.run(
                ["query", "instant", "http://127.0.0.1:\(port)", expression],
                program: "/usr/bin/promtool"
            ).output
        }
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            if (try? query("count_over_time(up{job=\"lapwing\"}[1m]) >= 4"))?.contains("=>") == true { break }
            Thread.sleep(forTimeInterval: 0.5)
        }
        #expect(try query("up{job=\"lapwing\"}").contains("=> 1"))
        let file = FileManager.default.currentDirectoryPath + "/deploy/grafana/lapwing.json"
        let board =
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file))) as? [String: Any]
        let panels = try #require(board?["panels"] as? [[String: Any]])
        var (answered, empty) = (0, 0)
        for panel in panels {
            for target in panel["targets"] as? [[String: Any]] ?? [] {
                let expression = try #require(target["expr"] as? String)
                    .replacing("$__rate_interval", with: "1m").replacing("$instance", with: ".*")
                if try query(expression).contains("=>") {
                    answered += 1
                } else {
                    empty += 1
                    Issue.record("`\(expression)` of `\(panel["title"] ?? "")` has no data")
                }
            }
        }
        print("suite grafana-queries: \(answered) passed, \(empty) failed")
    }

    @Test(.enabled(if: hasPrometheus, "promtool is not installed"))
    func `the alerts that are shipped pass their own tests`() throws {
        let folder = FileManager.default.currentDirectoryPath + "/deploy/prometheus"
        for arguments in [
            ["check", "rules", "\(folder)/lapwing.rules.yml"], ["test", "rules", "\(folder)/lapwing.rules.test.yml"],
        ] {
            let result = try Program.run(arguments, program: "/usr/bin/promtool")
            #expect(result.status == 0, "\(result.errors)\(result.output)")
        }
        // Each alert is tried, both ways.
        let rules = try String(contentsOfFile: folder + "/lapwing.rules.yml", encoding: .utf8)
        let tests = try String(contentsOfFile: folder + "/lapwing.rules.test.yml", encoding: .utf8)
        for match in rules.matches(of: /- alert: (\w+)/) {
            #expect(tests.matches(of: try Regex("\\b\(match.1)\\b")).count >= 2, "\(match.1)")
        }
    }
}
