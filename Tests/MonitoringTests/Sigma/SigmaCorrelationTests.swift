import Resources
import Testing
import ZeroTrust

@testable import Monitoring

/// What several records come to together.
@Suite struct SigmaCorrelationTests {
    static func text(_ type: String, _ condition: String?, more: String = "", rules: [String] = ["refused"]) -> String {
        let named = ["refused": "{ outcome: deny }", "read": "{ verb: read }"]
        var text = ""
        for (index, name) in named.keys.sorted().enumerated() {
            text += """
                title: \(name)
                id: 4d8f0ad6-0d31-4d0a-9f0e-6a51cb1a4b0\(index)
                name: \(name)
                logsource: { product: lapwing }
                detection: { s: \(named[name] ?? ""), condition: s }
                ---

                """
        }
        return text + """
            title: Together
            id: 4d8f0ad6-0d31-4d0a-9f0e-6a51cb1a4c00
            level: high
            tags: [attack.t1110.001, attack.credential-access, atlas.aml.t0024.002]
            correlation:
                type: \(type)
                rules: [\(rules.joined(separator: ", "))]
                group-by: [who]
                timespan: 60s
            \(condition.map { "    condition: { \($0) }\n" } ?? "")\(more)
            """
    }

    private static func monitor(_ text: String) throws -> Monitor {
        var settings = MonitorSettings()
        settings.rules = try SigmaRuleTests.rules(text)
        return Monitor(settings: settings)
    }

    /// Puts records to a monitor: seconds, and what they hold.
    private static func findings(_ text: String, _ records: [(Int64, String)]) throws -> [Finding] {
        var monitor = try monitor(text)
        for (index, record) in records.enumerated() { examine(&monitor, index, record) }
        return monitor.findings.findings
    }

    private static func examine(_ monitor: inout Monitor, _ index: Int, _ record: (Int64, String)) {
        monitor.examine(
            Array(record.1.utf8),
            of: .lapwing,
            record: UInt64(index),
            at: Timestamp(nanoseconds: monday + record.0 * second),
            caller: "x"
        )
    }

    private static func denied(_ who: String, _ path: String = "/") -> String {
        #"{"outcome":"deny","who":"\#(who)","path":"\#(path)"}"#
    }

    private static func read(_ who: String) -> String { #"{"verb":"read","who":"\#(who)"}"# }

    @Test func `so many records of one group within the span are a finding`() throws {
        let text = Self.text("event_count", "gte: 3")
        let a = Self.denied("a")
        #expect(try Self.findings(text, [(0, a), (10, a)]).isEmpty)
        #expect(try Self.findings(text, [(0, a), (10, a), (20, Self.denied("b")), (71, a)]).isEmpty)
        let findings = try Self.findings(text, [(0, a), (10, a), (20, Self.denied("b")), (60, a), (61, a)])
        let finding = try #require(findings.first)
        #expect(findings.count == 1 && finding.id == "M9-3" && finding.subject == "a" && finding.severity == .high)
        #expect(finding.attack == ["T1110.001"] && finding.atlas == ["AML.T0024.002"])
        #expect(
            finding.measure.threshold == 3 && finding.measure.unit == "records in 1 min" && finding.recordCount == 2
        )
        #expect(finding.cause == "the rule `Together` matches what `a` did: 3 records in 1 min")
    }

    @Test func `so many different values within the span are a finding`() throws {
        let text = Self.text("value_count", "field: path, gt: 2")
        let records = (0..<30).map { (Int64($0), Self.denied("a", "/\($0 % 2)")) }
        #expect(try Self.findings(text, records).isEmpty)
        #expect(try Self.findings(text, records + [(31, Self.denied("a", "/2"))]).count == 1)
    }

    @Test func `all the rules within the span are a finding, in order where it says so`() throws {
        let (a, read) = (Self.denied("a"), Self.read("a"))
        let both = ["refused", "read"]
        for (type, records, expected) in [
            ("temporal", [(0, a), (50, read)], 1), ("temporal", [(0, read), (50, a)], 1),
            ("temporal", [(0, a), (61, read)], 0), ("temporal", [(0, a), (50, Self.read("b"))], 0),
            ("temporal_ordered", [(0, a), (50, read)], 1), ("temporal_ordered", [(0, read), (50, a)], 0),
            ("temporal_ordered", [(0, a), (30, a), (80, read)], 1), ("temporal_ordered", [(0, a), (70, read)], 0),
        ] as [(String, [(Int64, String)], Int)] {
            #expect(
                try Self.findings(Self.text(type, nil, rules: both), records).count == expected,
                "\(type) \(records)"
            )
        }
    }

    @Test func `rules of a correlation are quiet unless it says otherwise, and aliases group by other fields`() throws {
        let a = Self.denied("a")
        #expect(try Self.findings(Self.text("event_count", "gte: 2"), [(0, Self.read("a"))]).map(\.cause).count == 1)
        #expect(try Self.findings(Self.text("event_count", "gte: 3", more: "    generate: true"), [(0, a)]).count == 1)
        let text = Self.text(
            "temporal",
            nil,
            more: "    aliases: { who: { refused: who, read: reader } }",
            rules: ["refused", "read"]
        )
        #expect(try Self.findings(text, [(0, a), (1, #"{"verb":"read","reader":"a"}"#)]).count == 1)
    }

    @Test(arguments: [
        (text("event_count", nil), "needs a `condition`"), (text("event_count", "lt: 3"), "only grows"),
        (text("event_count", "gt: 1, gte: 2"), "only grows"), (text("value_count", "gte: 2"), "needs the `field`"),
        (text("temporal", nil), "of several rules"), (text("value_sum", "gte: 2"), "unknown value `value_sum`"),
        (text("event_count", "gte: 2", rules: ["none"]), "there is no rule of the name or id `none`"),
        (text("event_count", "gte: 2", more: "    timespn: 5m"), "unknown field `timespn`"),
        (text("event_count", "gte: 2").replacing("60s", with: "1y"), "a timespan is"),
        (
            text("temporal", nil, more: "    aliases: { who: { refused: who } }", rules: ["refused", "read"]),
            "the alias `who` needs a field for each rule"
        ),
    ])
    func `a correlation that is not evaluated is an error with its place`(_ text: String, _ message: String) throws {
        let error = #expect(throws: ResourceError.self) { try SigmaRuleTests.rules(text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func `a state that is taken up goes on as if there had been no restart, and groups are bounded`() throws {
        let text = Self.text("value_count", "field: path, gte: 4")
        var numbers = SeededNumbers(5)
        var monitor = try Self.monitor(text)
        var other = monitor
        for index in 0..<20_000 {
            let who = "caller-\(Int.random(in: 0..<9_000, using: &numbers))"
            let record = Self.denied(who, "/\(Int.random(in: 0..<9, using: &numbers))")
            Self.examine(&monitor, index, (Int64(index / 500), record))
            Self.examine(&other, index, (Int64(index / 500), record))
            if index.isMultiple(of: 4_999) {
                other = try Monitor(encoded: other.encoded(), settings: other.settings, declared: nil)
            }
        }
        #expect(monitor.encoded() == other.encoded() && monitor.encoded().count < 2_000_000)
        #expect(!monitor.findings.findings.isEmpty)
        var changed = monitor.settings
        changed.rules = SigmaRules()
        let without = try Monitor(encoded: monitor.encoded(), settings: changed, declared: nil)
        #expect(without.findings.findings == monitor.findings.findings)
    }

    @Test func `what all groups of a correlation keep is bounded`() throws {
        let text = Self.text("event_count", "gte: 10000")
        let correlation = try #require(try SigmaRuleTests.rules(text).correlations.first)
        let rule = try #require(correlation.rules.first)
        var windows = CorrelationWindows(correlation, maximumMarks: 500)
        var most = 0
        for index in 0..<3_000 {
            let event = try SigmaRuleTests.event(Self.denied("caller-\(index % 40)"))
            _ = windows.take(event, of: rule, at: monday + Int64(index))
            most = max(most, windows.markCount)
        }
        #expect(most == 500)
    }

    @Test func `what was counted by a clock that ran ahead is not counted with what comes after it was set right`()
        throws
    {
        let text = Self.text("event_count", "gte: 3")
        let correlation = try #require(try SigmaRuleTests.rules(text).correlations.first)
        let rule = try #require(correlation.rules.first)
        var windows = CorrelationWindows(correlation)
        let event = try SigmaRuleTests.event(Self.denied("caller"))
        for _ in 0..<2 { _ = windows.take(event, of: rule, at: monday + 30 * day) }
        windows.setBack(to: monday)
        #expect(windows.markCount == 0)
        for index in 0..<3 {
            let hit = windows.take(event, of: rule, at: monday + Int64(index))
            #expect((hit != nil) == (index == 2))
        }
    }

    @Test func `a record with more than is looked at is told of`() throws {
        var monitor = try Self.monitor(Self.text("event_count", "gte: 2"))
        Self.examine(&monitor, 0, (0, Self.denied("a", String(repeating: "p", count: 20_000))))
        #expect(monitor.findings.findings.isEmpty, "no rule reads that field")
        Self.examine(&monitor, 1, (1, Self.denied(String(repeating: "w", count: 20_000))))
        let finding = try #require(monitor.findings.findings.first)
        #expect(finding.type == .integrity && finding.cause.contains("bytes in one"), "\(finding.cause)")
        var other = try Self.monitor(Self.text("event_count", "gte: 2"))
        let many = (0..<5_000).map { "\"\($0)\"" }.joined(separator: ",")
        Self.examine(&other, 0, (0, #"{"outcome":"deny","who":[\#(many)]}"#))
        #expect(other.findings.findings.first?.type == .integrity)
    }
}
