import Monitoring
import Testing
import ZeroTrust

/// The same log gives the same findings and the same state, in one go or with a restart at any place.
@Suite struct ReplayTests {
    private static func traffic(_ seed: UInt64, _ count: Int) -> [Observation] {
        var numbers = SeededNumbers(seed)
        return (0..<count).map { record in
            let caller =
                "spiffe://td/ns/n\(Int.random(in: 0..<5, using: &numbers))/sa/s\(Int.random(in: 0..<9, using: &numbers))"
            let isRefused = Int.random(in: 0..<30, using: &numbers) == 0
            return seen(
                UInt64(record),
                at: Int64(record) * 97 * second,
                caller,
                "callee-\(Int.random(in: 0..<6, using: &numbers) * Int.random(in: 0..<6, using: &numbers))",
                verb: ["GET", "POST", "PUT", "DELETE"].randomElement(using: &numbers) ?? "GET",
                source: record.isMultiple(of: 7) ? .envoy : .lapwing,
                object: "/o/\(Int.random(in: 0..<4_000, using: &numbers))",
                model: .init(
                    name: "m\(Int.random(in: 0..<4, using: &numbers))",
                    digest: "sha256:\(Int.random(in: 0..<9, using: &numbers))"
                ),
                decision: isRefused ? .deny : .allow,
                bytes: UInt64.random(in: 0..<1_000_000, using: &numbers),
                rows: UInt64.random(in: 0..<100, using: &numbers),
                tokens: UInt64.random(in: 0..<2_000, using: &numbers),
                guardRule: Int.random(in: 0..<40, using: &numbers) == 0 ? "injection" : nil,
                wasGuarded: true,
                prompt: PromptTraits(fingerprint: numbers.next(), template: numbers.next() % 100, temperature: 0.1),
                marks: isRefused ? [.undeclared] : []
            )
        }
    }

    private static let declared = EdgeSet([.init(caller: "spiffe://td/ns/n1/*", callee: "*")], name: "some")

    @Test(arguments: [UInt64(1), 2, 3]) func `a state taken up anywhere ends as if there had been no restart`(
        seed: UInt64
    ) throws {
        let traffic = Self.traffic(seed, 6_000)
        var whole = Monitor(declared: Self.declared)
        var again = Monitor(declared: Self.declared)
        var parts = Monitor(declared: Self.declared)
        for (index, observation) in traffic.enumerated() {
            whole.observe(observation)
            again.observe(observation)
            if index.isMultiple(of: 611) {
                parts = try Monitor(encoded: parts.encoded(), settings: parts.settings, declared: Self.declared)
            }
            parts.observe(observation)
        }
        #expect(!whole.findings.findings.isEmpty)
        #expect(whole.findings.findings == again.findings.findings)
        #expect(whole.encoded() == again.encoded())
        #expect(whole.findings.findings == parts.findings.findings)
        #expect(whole.encoded() == parts.encoded())
        #expect(parts.next[.lapwing] ?? 0 > 5_900)
    }

    @Test func `a state of other settings is refused`() throws {
        let monitor = Monitor()
        var settings = MonitorSettings()
        settings.coverage = 0.5
        #expect(throws: MonitoringError.self) {
            try Monitor(encoded: monitor.encoded(), settings: settings, declared: nil)
        }
    }

    @Test func `other rules of Sigma leave everything that was learned without them`() throws {
        func settings(_ comment: String, _ outcome: String) throws -> MonitorSettings {
            var settings = MonitorSettings()
            settings.rules = try SigmaRules(yaml: [
                (
                    file: "rules.yml",
                    text: """
                    # \(comment)
                    title: Refused
                    id: 4d8f0ad6-0d31-4d0a-9f0e-6a51cb1a4b00
                    name: refused
                    logsource: { product: lapwing }
                    detection: { s: { outcome: \(outcome) }, condition: s }
                    ---
                    title: Together
                    id: 4d8f0ad6-0d31-4d0a-9f0e-6a51cb1a4c00
                    level: high
                    correlation:
                        type: event_count
                        rules: [refused]
                        group-by: [who]
                        timespan: 60s
                        condition: { gte: 3 }
                    """
                )
            ])
            return settings
        }
        func examine(_ monitor: inout Monitor, _ record: UInt64) {
            monitor.examine(
                Array(#"{"outcome":"deny","who":"a"}"#.utf8),
                of: .lapwing,
                record: record,
                at: Timestamp(nanoseconds: monday),
                caller: "x"
            )
        }
        let old = try settings("as it was", "deny")
        var monitor = Monitor(settings: old, declared: Self.declared)
        for observation in Self.traffic(4, 2_000) { monitor.observe(observation) }
        for record in 0..<2 { examine(&monitor, UInt64(2_000 + record)) }
        let bytes = monitor.encoded()
        var same = try Monitor(encoded: bytes, settings: old, declared: Self.declared)
        #expect(same.encoded() == bytes)
        var other = try Monitor(
            encoded: bytes,
            settings: try settings("as it is", "deny"),
            declared: Self.declared
        )
        #expect(other.findings.findings == monitor.findings.findings && other.observed == 2_000)
        #expect(other.next == monitor.next)
        // The third within the span is a finding where the first two are still counted.
        examine(&same, 2_002)
        examine(&other, 2_002)
        #expect(same.findings.findings.contains { $0.type == .sigmaRule })
        #expect(!other.findings.findings.contains { $0.type == .sigmaRule })
        // Without rules it can be taken up as well, and everything but their windows is as it was.
        let plain = try Monitor(encoded: bytes, settings: MonitorSettings(), declared: Self.declared)
        #expect(plain.findings.findings == monitor.findings.findings)
    }

    @Test func `a damaged state is refused or another state, and never a crash`() throws {
        var monitor = Monitor(declared: Self.declared)
        for observation in Self.traffic(9, 1_500) { monitor.observe(observation) }
        let bytes = monitor.encoded()
        var numbers = SeededNumbers(77)
        var refused = 0
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                damaged[Int.random(in: 0..<damaged.count, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
            }
            if Bool.random(using: &numbers) { damaged.removeLast(Int.random(in: 1..<damaged.count, using: &numbers)) }
            do {
                var taken = try Monitor(encoded: damaged, settings: monitor.settings, declared: nil)
                for observation in Self.traffic(4, 50) { taken.observe(observation) }
            } catch {
                refused += 1
            }
        }
        #expect(refused > 100)
    }
}
