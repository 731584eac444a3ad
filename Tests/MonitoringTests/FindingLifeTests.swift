import Monitoring
import Testing
import ZeroTrust

@Suite struct FindingLifeTests {
    private static let now = Timestamp(nanoseconds: monday + day)

    /// A monitor with one finding, `M1-0`.
    private static func found() -> Monitor {
        var monitor = monitor(for: [.undeclaredEdge])
        monitor.observe(seen(0, at: 0, decision: .deny, marks: [.undeclared]))
        return monitor
    }

    private static func again(_ monitor: inout Monitor, _ record: UInt64) {
        monitor.observe(seen(record, at: Int64(record) * hour, decision: .deny, marks: [.undeclared]))
    }

    @Test func `a finding is opened, taken up, accepted, and then no finding any more`() throws {
        var monitor = Self.found()
        try monitor.apply(.acknowledge, to: "M1-0", by: "spiffe://cluster.local/ns/sec/sa/ada", at: Self.now)
        #expect(monitor.findings["M1-0"]?.state.name == "acknowledged")
        try monitor.apply(.accept(reason: "planned"), to: "M1-0", by: "ada", at: Self.now)
        #expect(monitor.findings["M1-0"]?.state == .accepted(by: "ada", at: Self.now, reason: "planned"))
        Self.again(&monitor, 1)
        #expect(monitor.findings.findings.count == 1)
    }

    @Test func `what was resolved and comes again is a new finding`() throws {
        var monitor = Self.found()
        try monitor.apply(.resolve, to: "M1-0", by: "ada", at: Self.now)
        Self.again(&monitor, 1)
        #expect(monitor.findings.findings.map(\.id) == ["M1-0", "M1-1"])
        #expect(monitor.findings.findings.map(\.state.name) == ["resolved", "open"])
    }

    @Test func `acts that a finding is past are refused, with what to do next`() throws {
        var monitor = Self.found()
        #expect(throws: MonitoringError.self) { try monitor.apply(.acknowledge, to: "M1-99", by: "ada", at: Self.now) }
        try monitor.apply(.resolve, to: "M1-0", by: "ada", at: Self.now)
        #expect(throws: MonitoringError.self) { try monitor.apply(.acknowledge, to: "M1-0", by: "ada", at: Self.now) }
    }

    @Test func `an amount that was accepted is accepted up to that amount`() throws {
        var monitor = monitor(for: [.bulkExtraction])
        func hour(_ index: Int64, _ rows: UInt64) {
            monitor.observe(seen(UInt64(index), at: index * 3_600 * second, rows: rows))
        }
        for index in 0..<200 { hour(Int64(index), 2_000) }
        hour(200, 100_000)
        hour(201, 100_000)
        let finding = try #require(monitor.findings.findings.first)
        try monitor.apply(.accept(reason: "a backfill"), to: finding.id, by: "ada", at: Self.now)
        hour(202, 110_000)
        #expect(monitor.findings.findings.count == 1)
        hour(203, 400_000)
        #expect(monitor.findings.findings.count == 2)
    }

    @Test func `changes are handed out once`() throws {
        var monitor = Self.found()
        #expect(monitor.takeChanges().map(\.id) == ["M1-0"])
        #expect(monitor.takeChanges().isEmpty)
        Self.again(&monitor, 1)
        #expect(monitor.takeChanges().isEmpty)
        try monitor.apply(.acknowledge, to: "M1-0", by: "ada", at: Self.now)
        #expect(monitor.takeChanges().map(\.state.name) == ["acknowledged"])
    }

    @Test func `when there are too many, what is over and matters least goes first`() {
        var monitor = monitor(for: [.undeclaredEdge], declared: EdgeSet([], name: "none")) { $0.maximumFindings = 16 }
        for record in 0..<100 {
            let marks: Observation.Marks = record == 3 ? [.leaves] : []
            monitor.observe(
                seen(UInt64(record), at: Int64(record), gateway, "h\(record):1", source: .flow, marks: marks)
            )
        }
        #expect(monitor.findings.findings.count <= 16)
        #expect(monitor.findings.findings.contains { $0.severity == .critical })
        #expect(monitor.findings.dropped > 0)
    }
}
