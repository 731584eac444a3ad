import Monitoring
import Testing
import ZeroTrust

/// Callers who make up names to blind the monitor.
@Suite struct HostileNameTests {
    @Test func `names of refused calls take no room`() {
        var monitor = monitor(for: [.undeclaredEdge, .firstSeenEdge, .integrity]) {
            $0.maximumNames = 1_024
            $0.learning = 0
        }
        for record in 0..<5_000 {
            monitor.observe(
                seen(
                    UInt64(record),
                    at: Int64(record),
                    gateway,
                    "made-up-\(record)",
                    verb: "V\(record)",
                    decision: .deny,
                    marks: [.undeclared]
                )
            )
        }
        // Refused calls are told apart without a number, and others still have room.
        #expect(monitor.findings.findings.count { $0.type == .undeclaredEdge } == 257)
        for record in 5_000..<5_002 {
            monitor.observe(
                seen(
                    UInt64(record),
                    at: Int64(record) + day * Int64(record - 4_999),
                    "spiffe://td/ns/a/sa/a",
                    "service-\(record)"
                )
            )
        }
        #expect(monitor.findings.findings.count { $0.type == .firstSeenEdge } == 2)
        #expect(!monitor.findings.findings.contains { $0.type == .integrity })
    }

    @Test func `one caller fills its share and no more, and that is a finding`() throws {
        var monitor = monitor(for: [.firstSeenEdge, .integrity]) {
            $0.maximumNames = 1_024
            $0.learning = 0
        }
        for record in 0..<2_000 { monitor.observe(seen(UInt64(record), at: Int64(record), gateway, "host-\(record)")) }
        let finding = try #require(monitor.findings.findings.first { $0.type == .integrity })
        #expect(finding.object == "names" && finding.severity == .high && finding.cause.contains(gateway))
        let before = monitor.findings.findings.count
        for record in 2_000..<2_010 {
            monitor.observe(
                seen(UInt64(record), at: Int64(record) + day * Int64(record - 1_999), "other", "other-\(record)")
            )
        }
        #expect(monitor.findings.findings.count == before + 10)
        let again = try Monitor(encoded: monitor.encoded(), settings: monitor.settings, declared: nil)
        #expect(again.encoded() == monitor.encoded())
    }
}
