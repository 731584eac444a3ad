import Foundation
import Resources
import Testing
import ZeroTrust

@testable import Monitoring

/// The rules in `deploy/sigma`: each finds what it is for, and others read them as we do.
@Suite struct SigmaShippedTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let folder = root.appending(path: "deploy/sigma").path

    static func files() throws -> [(file: String, text: String)] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
            (file: name, text: try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
        }
    }

    /// The part of records that all requests have.
    private static func decision(_ outcome: String, _ reason: String, path: String = "/v1/predict", more: String = "")
        -> String
    {
        """
        {"caller":{"spiffe_id":"spiffe://cluster.local/ns/a/sa/b"},"decision":{\(more)"outcome":"\(outcome)",\
        "reason":"\(reason)"},"kind":"decision","request":{"headers":[{"name":"user-agent","value":"python"}],\
        "method":"POST","path":"\(path)"},"time":"2026-11-26T01:00:00Z"}
        """
    }

    private static func act(_ action: String, _ outcome: String = "allow", actor: String = "uid 0") -> String {
        #"{"action":"\#(action)","actor":"\#(actor)","kind":"act","outcome":"\#(outcome)","time":"2026-11-26T01:00:00Z"}"#
    }

    /// Records that one rule each is for.
    private static let attacks: [(rule: String, record: String)] = [
        ("lapwing_metadata_service_asked_for", decision("deny", "metadata_address")),
        ("lapwing_traffic_around_names", decision("deny", "dns_tunnel")),
        ("lapwing_path_traversal_tried", decision("deny", "no_rule_matched", path: "/v2/%2E%2E/x")),
        ("lapwing_path_traversal_tried", decision("allow", "allowed_by_rule", path: #"/v2/.%2e\\x"#)),
        ("lapwing_request_smuggling_tried", #"{"count":3,"kind":"refusals","reason":"duplicate_content_length"}"#),
        ("lapwing_injection_refused", decision("deny", "guardrail", more: #""guardrail":{"rule":"injection"},"#)),
        (
            "lapwing_injection_refused",
            #"{"ended":"answer_refused","guardrail":{"rule":"answer_injection"},"kind":"completion"}"#
        ),
        (
            "lapwing_secret_in_answer",
            #"{"ended":"answer_refused","guardrail":{"rule":"secret/aws"},"kind":"completion"}"#
        ),
        ("lapwing_administrator_refused", act("entry.create", "deny", actor: "uid 1000")),
        ("lapwing_record_shredded", act("audit.shred")),
        ("lapwing_model_in_quarantine", act("registry.manifest.quarantine")),
        ("lapwing_model_changed_under_service", act("model.proof.withdraw")),
        ("lapwing_model_server_tool", decision("allow", "allowed_by_rule").replacing("python", with: "sqlmap/1.8")),
    ]

    private static let ordinary = [
        decision("allow", "allowed_by_rule"), decision("deny", "no_rule_matched"), act("entry.create"),
        act("audit.shred", "deny"), act("configuration.reload", "deny", actor: "monitor"),
        #"{"ended":"complete","guardrail":{"rule":"injection"},"kind":"completion","response":{"status":200}}"#,
    ]

    @Test func `each rule finds what it is for, and nothing ordinary`() throws {
        let files = try Self.files()
        #expect(files.count >= 12)
        var found: Set<String> = []
        for (file, text) in files {
            let rules = try SigmaRules(
                yaml: text.contains("injection_refused") && !text.contains("name: injection_refused")
                    ? files.filter { $0.file.contains("injection") } : [(file: file, text: text)]
            )
            let name = String(file.dropLast(4))
            for rule in rules.rules where rule.head.name != "request_refused" && !name.hasSuffix("campaign") {
                for attack in Self.attacks {
                    let isFound = rule.matches(try SigmaRuleTests.event(attack.record))
                    #expect(isFound == (attack.rule == name), "\(name) on \(attack.record)")
                    if isFound { found.insert(name) }
                }
                for record in Self.ordinary {
                    #expect(!rule.matches(try SigmaRuleTests.event(record)), "\(name) on \(record)")
                }
            }
        }
        #expect(found == Set(Self.attacks.map(\.rule)))
        let all = try SigmaRules.load([Self.folder])
        #expect(all.count == files.count + 1 && all.reads(.lapwing) && !all.reads(.envoy))
    }

    @Test func `one after another, a correlation finds the campaign and the probing`() throws {
        var settings = MonitorSettings()
        settings.rules = try SigmaRules.load([Self.folder])
        var monitor = Monitor(settings: settings)
        for index in 0..<40 {
            let record =
                index.isMultiple(of: 2)
                ? Self.decision("deny", "guardrail", more: #""guardrail":{"rule":"injection"},"#)
                : Self.decision("deny", "no_rule_matched", path: "/\(index)")
            monitor.examine(
                Array(record.utf8),
                of: .lapwing,
                record: UInt64(index),
                at: Timestamp(nanoseconds: monday + Int64(index) * second),
                caller: "b"
            )
        }
        #expect(
            Set(monitor.findings.findings.map { $0.cause.prefix(40) }).count == 3,
            "\(monitor.findings.findings.map(\.cause))"
        )
    }

    // MARK: - Others

    private static func peer(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String)? {
        let folder = ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? root.appending(path: ".venv").path
        let executable = "\(folder)/bin/\(program)"
        guard FileManager.default.isExecutableFile(atPath: "\(folder)/bin/sigma"),
            FileManager.default.isExecutableFile(atPath: executable)
        else {
            print("skipped: the test peers lack sigma-cli (scripts/setup-test-peers)")
            #expect(ProcessInfo.processInfo.environment["CI"] != "true", "the test peers have to be installed in CI")
            return nil
        }
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Test func `sigma-cli reads the rules and has nothing to say of them`() throws {
        // Lists of tags are fetched from the network, and ATLAS is no namespace of theirs.
        let others = ["attacktag", "d3_fendtag", "namespace_tag"].flatMap { ["-x", $0] }
        guard let (status, output) = try Self.peer("sigma", ["check", "--fail-on-issues"] + others + [Self.folder])
        else {
            return
        }
        #expect(status == 0, "\(output)")
        #expect(output.contains("Found 0 errors, 0 condition errors and 0 issues"), "\(output)")
    }

    /// What pySigma's SQLite finds: the records by rule, and the groups by correlation.
    private static func outside(_ rules: String, _ records: [String]) throws -> [String: (
        records: [Int], groups: [String]
    )]? {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sigma-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "records.jsonl")
        try records.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        var place = rules
        if !rules.hasPrefix("/") {
            place = folder.appending(path: "rules.yml").path
            try rules.write(toFile: place, atomically: true, encoding: .utf8)
        }
        let script = root.appending(path: "Tests/Peers/sigma_in_sqlite.py").path
        guard let (status, output) = try peer("python", [script, place, file.path]) else { return nil }
        try #require(status == 0, "\(output)")
        struct Line: Decodable {
            let id: String
            let records: [Int]?
            let groups: [String]?
        }
        var results: [String: (records: [Int], groups: [String])] = [:]
        for line in output.split(separator: "\n") {
            let line = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            results[line.id] = (line.records ?? [], line.groups ?? [])
        }
        return results
    }

    private static func compare(_ rules: SigmaRules, _ place: String, _ records: [String]) throws -> (
        same: Int, of: Int
    )? {
        guard let outside = try outside(place, records) else { return nil }
        let events = try records.map { try SigmaRuleTests.event($0) }
        var same = 0
        var hits = 0
        for rule in rules.rules {
            let own = events.indices.filter { rule.matches(events[$0]) }
            let other = try #require(outside[rule.head.id]).records
            hits += own.count
            #expect(own == other, "\(rule.head.title) \(rule.head.id): \(own) and \(other)")
            if own == other { same += 1 }
        }
        for (place, correlation) in rules.correlations.enumerated() {
            var window = CorrelationWindows(rules.correlations[place])
            var groups: Set<String> = []
            for event in events {
                guard let time = event.text("time").flatMap({ Timestamp($0) }) else { continue }
                for rule in Set(correlation.rules) where rules.rules[rule].matches(event) {
                    if let hit = window.take(event, of: rule, at: time.nanoseconds) { groups.insert(hit.name) }
                }
            }
            let other = try #require(outside[correlation.head.id]).groups
            hits += groups.count
            #expect(groups.sorted() == other, "\(correlation.head.title)")
            if groups.sorted() == other { same += 1 }
        }
        #expect(hits > 0)
        return (same, rules.count)
    }

    @Test func `pySigma's SQLite finds the same records by the shipped rules`() throws {
        var records = Self.attacks.map(\.record) + Self.ordinary
        for index in 0..<60 {
            let caller = "spiffe://cluster.local/ns/a/sa/\(index % 3)"
            let path = index % 3 == 0 ? "/models/\(index)" : "/models/\(index % 4)"
            let isInjection = index % 3 == 1
            let record = Self.decision(
                "deny",
                isInjection ? "guardrail" : "no_rule_matched",
                path: path,
                more: isInjection ? #""guardrail":{"rule":"injection"},"# : ""
            ).replacing("spiffe://cluster.local/ns/a/sa/b", with: caller)
                .replacing("01:00:00Z", with: "01:\(index / 6 + 10):\(10 + index % 6)Z")
            records.append(record)
        }
        guard let (same, all) = try Self.compare(SigmaRules.load([Self.folder]), Self.folder, records) else { return }
        print("suite sigma shipped rules against pySigma: \(same) passed, \(all - same) failed")
    }

    @Test func `pySigma's SQLite finds the same records by rules made at random`() throws {
        var numbers = SeededNumbers(2_026)
        func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &numbers)] }
        let words = [
            "alpha", "Beta", "be", "a", "/v1/predict", "x-1", "10.1.2.3", "a*a", "b?", "-enc run", "Tm9uZQ", "QWxwaGE",
        ]
        let names = ["f1", "f2", "g.h"]
        var text = ""
        for number in 0..<150 {
            var detections: [String] = []
            for index in 0..<Int.random(in: 1...4, using: &numbers) {
                var lines: [String] = []
                for name in names.shuffled(using: &numbers).prefix(Int.random(in: 1...2, using: &numbers)) {
                    let modifier = pick([
                        "", "", "|contains", "|startswith", "|endswith", "|contains|all", "|re", "|exists", "|gte",
                        "|lt",
                        "|base64offset|contains", "|windash|contains", "null",
                    ])
                    switch modifier {
                    case "|exists": lines.append("\(name)|exists: \(pick(["true", "false"]))")
                    case "null": lines.append("\(name): null")
                    case "|gte", "|lt": lines.append("n\(modifier): \(Int.random(in: 0...9, using: &numbers))")
                    case "|re": lines.append("\(name)|re: '\(pick(["^a", "[Bb]e", "(al|be)+", "x-\\d", "a$"]))'")
                    case "|base64offset|contains": lines.append("\(name)\(modifier): \(pick(["Alpha", "None", "lph"]))")
                    case "|contains|all": lines.append("\(name)\(modifier): ['\(pick(words))', '\(pick(words))']")
                    default: lines.append("\(name)\(modifier): ['\(pick(words))', '\(pick(words))']")
                    }
                }
                // A key stands once in a mapping.
                var keys: Set<Substring> = []
                lines = lines.filter { keys.insert($0.prefix { $0 != ":" }).inserted }
                detections.append(
                    "        s\(index): { \(lines.map { "'\($0.replacing(": ", with: "': ", maxReplacements: 1))" }.joined(separator: ", ")) }"
                )
            }
            let count = detections.count
            let all = (0..<count).map { "s\($0)" }
            let condition = pick([
                "1 of them", "all of s*", all.joined(separator: " or "), all.joined(separator: " and not "), "not s0",
                "not (\(all.joined(separator: " or ")))", "s0 and not 1 of s*",
            ])
            text += """
                title: rule \(number)
                id: 4d8f0ad6-0d31-4d0a-9f0e-\(String(format: "%012d", number))
                logsource: { product: lapwing }
                detection:
                \(detections.joined(separator: "\n"))
                        condition: \(condition)
                ---

                """
        }
        var records: [String] = []
        for _ in 0..<400 {
            var members = ["\"n\":\(Int.random(in: 0...9, using: &numbers))"]
            if Bool.random(using: &numbers) { members.append("\"f1\":\"\(pick(words))\(pick(["", "alpha", "x"]))\"") }
            if Bool.random(using: &numbers) {
                members.append("\"f2\":\"\(pick(["", "/enc run", "ALPHA", "none"]))\(pick(words))\"")
            }
            if Bool.random(using: &numbers) { members.append("\"g\":{\"h\":\"\(pick(words).uppercased())\"}") }
            records.append("{\(members.joined(separator: ","))}")
        }
        guard let (same, all) = try Self.compare(SigmaRuleTests.rules(text), text, records) else { return }
        print("suite sigma random rules against pySigma: \(same) passed, \(all - same) failed")
    }
}
