import Foundation
import Monitoring
import Testing
import ZeroTrust

/// Attacks on a cloud, as CloudTrail recorded them: one long log with attacks among ordinary work, and one file for each of
/// many techniques.
@Suite struct CloudAttackTests {
    /// What learning there is: the first log covers an hour, so that a day of learning would be all of it.
    private static func settings() -> MonitorSettings {
        var settings = MonitorSettings()
        settings.learning = 600_000_000_000
        return settings
    }

    private typealias Event = [String: Any]

    /// The events of the long log in the order of their times, and whether each is an attack's, by its user agent.
    private static func invictus(_ folder: URL) throws -> [(event: Event, isAttack: Bool)] {
        var events: [Event] = []
        for file in MonitoringCorpus.files(in: folder, ending: ".json") {
            let document = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? Event
            events += document?["Records"] as? [Event] ?? []
        }
        return events.enumerated().sorted {
            let (left, right) = ($0.element["eventTime"] as? String ?? "", $1.element["eventTime"] as? String ?? "")
            return (left, $0.offset) < (right, $1.offset)
        }
        .map { ($0.element, ($0.element["userAgent"] as? String ?? "").lowercased().contains("stratus")) }
    }

    /// The event as the detector may see it: no user agent, and nothing that is named for the attack.
    private static func hidden(_ event: Event) throws -> [UInt8] {
        var event = event
        event["userAgent"] = ""
        return Array(try JSONSerialization.data(withJSONObject: veiled(event), options: [.sortedKeys]))
    }

    /// Every text with `stratus` in it becomes a name without meaning; the same text always the same name.
    private static func veiled(_ value: Any) -> Any {
        switch value {
        case let members as [String: Any]: return members.mapValues { veiled($0) }
        case let elements as [Any]: return elements.map { veiled($0) }
        case let text as String where text.lowercased().contains("stratus"):
            let isRole = text.hasPrefix("arn:") && text.contains("assumed-role/")
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            return isRole && parts.count == 3
                ? "\(parts[0])/name-\(StableHash.of(String(parts[1])))/\(parts[2])" : "name-\(StableHash.of(text))"
        default: return value
        }
    }

    @Test func `grouped findings of the long log are attacks, names hidden`() throws {
        guard let folder = MonitoringCorpus.folder("cloudtrail-invictus") else { return }
        let events = try Self.invictus(folder)
        try #require(events.contains { $0.isAttack } && events.contains { !$0.isAttack }, "the log is not whole")
        var monitor = Monitor(settings: Self.settings())
        for (index, event) in events.enumerated() {
            let line = try Self.hidden(event.event)
            if let seen = try LogParser.observation(in: line, of: .cloudTrail, record: UInt64(index)) {
                monitor.observe(seen)
            }
        }
        let findings = monitor.findings.findings
        var (some, most) = (0, 0)
        for finding in findings {
            let records = finding.records.flatMap { $0.ranges.flatMap { Array($0) } }
            let attacks = records.count { events[Int($0)].isAttack }
            if attacks > 0 { some += 1 }
            if attacks * 2 >= records.count { most += 1 }
            print(
                "invictus \(finding.id) \(finding.severity.name): \(attacks) of \(records.count) records are attacks: "
                    + finding.cause.replacing(finding.subject, with: "…" + finding.subject.suffix(24))
            )
        }
        try #require(findings.count >= 5)
        let precision = Double(most) / Double(findings.count)
        print(
            "measure invictus: \(most) of \(findings.count) "
                + "(findings of which half the records or more are attacks; \(some) have any)"
        )
        #expect(precision >= 0.8, "precision is \(precision)")
        #expect(some * 10 >= findings.count * 8)
    }

    @Test func `techniques have a finding each, given a benign baseline`() throws {
        guard let baseline = MonitoringCorpus.folder("cloudtrail-invictus"),
            let folder = MonitoringCorpus.folder("stratus-detonation-logs")
        else { return }
        let benign = try Self.invictus(baseline).filter { !$0.isAttack }
        try #require(!benign.isEmpty, "there is no baseline")
        var learned = Monitor(settings: Self.settings())
        // The baseline is what there is to learn from: it comes first, and nothing in it is told of.
        for (index, event) in benign.enumerated() {
            if let seen = try LogParser.observation(
                in: Self.hidden(event.event),
                of: .cloudTrail,
                record: UInt64(index)
            ) {
                learned.observe(seen)
            }
        }
        let before = Set(learned.findings.findings.map(\.id))
        let busiest = try Self.busiest(benign)
        var report = SuiteReport(name: "stratus")
        var asOwnUser = 0
        let files = MonitoringCorpus.files(in: folder, ending: ".json")
        for file in files {
            let events = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [Event] ?? []
            let found = try Self.findings(of: events, after: learned, caller: nil).filter { !before.contains($0.id) }
            let own = try Self.findings(of: events, after: learned, caller: busiest)
                .filter { !before.contains($0.id) }
            if !own.isEmpty { asOwnUser += 1 }
            let name = file.deletingPathExtension().lastPathComponent
            if found.isEmpty { report.failed("\(name) has no finding") } else { report.passed() }
            print("stratus \(name): \(found.count) findings; by the baseline's own user \(own.count)")
        }
        print("measure stratus as the baseline's own user: \(asOwnUser) of \(files.count)")
        #expect(asOwnUser * 10 >= files.count * 8)
        report.finish()
    }

    /// The findings of a technique after a baseline; with a caller, as if that one had done it all.
    private static func findings(of events: [Event], after learned: Monitor, caller: String?) throws -> [Finding] {
        var monitor = learned
        for (index, event) in events.enumerated() {
            let record = UInt64(1_000_000 + index)
            guard var seen = try LogParser.observation(in: hidden(event), of: .cloudTrail, record: record) else {
                continue
            }
            if let caller { seen.caller = caller }
            monitor.observe(seen)
        }
        return monitor.findings.findings
    }

    /// Who did most in a log.
    private static func busiest(_ events: [(event: Event, isAttack: Bool)]) throws -> String? {
        var counts: [String: Int] = [:]
        for event in events {
            if let seen = try LogParser.observation(in: hidden(event.event), of: .cloudTrail, record: 0) {
                counts[seen.caller, default: 0] += 1
            }
        }
        return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    }
}
