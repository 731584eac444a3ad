import Monitoring
import Testing
import ZeroTrust

/// What becomes worse is told of again, and what was accepted is what somebody saw.
@Suite struct EscalationTests {
    private static let now = Timestamp(nanoseconds: monday + day)

    @Test func `a path that was refused and then stands open is a finding of its own`() throws {
        var monitor = monitor(for: [.undeclaredEdge], declared: EdgeSet([], name: "nothing"))
        func flow(_ record: UInt64, _ decision: Observation.Outcome, _ marks: Observation.Marks = []) {
            monitor.observe(
                seen(
                    record,
                    at: Int64(record),
                    gateway,
                    "203.0.113.9:443",
                    source: .flow,
                    decision: decision,
                    marks: marks
                )
            )
        }
        flow(0, .deny)
        try monitor.apply(.accept(reason: "it is refused"), to: "M1-flow-0", by: "ada", at: Self.now)
        flow(1, .deny)
        flow(2, .allow)
        flow(3, .allow, [.leaves])
        flow(4, .allow, [.leaves])
        #expect(monitor.findings.findings.map(\.id) == ["M1-flow-0", "M1-flow-2", "M1-flow-3"])
        #expect(monitor.findings.findings.map(\.severity) == [.medium, .high, .critical])
    }

    @Test func `a caller who used up its findings on refusals is still found where it gets through`() {
        var monitor = monitor(for: [.undeclaredEdge], declared: EdgeSet([], name: "nothing"))
        for record in 0..<300 {
            monitor.observe(seen(UInt64(record), at: 0, gateway, "h\(record):1", source: .flow, decision: .deny))
        }
        monitor.observe(seen(300, at: 0, gateway, "203.0.113.9:443", source: .flow, marks: [.leaves]))
        #expect(monitor.findings.findings.last?.severity == .critical)
    }

    @Test func `a finding of the record rises with what is read, and shows again`() throws {
        var monitor = monitor(for: [.integrity])
        monitor.take(.witnessesMissing(1, of: 3))
        #expect(monitor.takeChanges().map(\.severity) == [.medium])
        monitor.take(.witnessesMissing(1, of: 3))
        #expect(monitor.takeChanges().isEmpty)
        monitor.take(.witnessesMissing(3, of: 3))
        let finding = try #require(monitor.takeChanges().first)
        #expect(finding.severity == .high && finding.measure.observed == 3 && finding.cause.hasPrefix("3 of 3"))
        #expect(monitor.findings.findings.count == 1)
    }

    @Test func `that the record is in doubt cannot be accepted`() {
        var monitor = monitor(for: [.integrity])
        monitor.take(.gap(records: 3))
        let id = monitor.findings.findings[0].id
        #expect(throws: MonitoringError.self) {
            try monitor.apply(.accept(reason: "no"), to: id, by: "eve", at: Self.now)
        }
        #expect(monitor.findings.findings[0].state == .open)
    }

    @Test func `accepting a group accepts its members and no later ones`() throws {
        var monitor = monitor(for: [.firstModelAccess]) { $0.learning = 0 }
        func ask(_ record: UInt64, _ model: String) {
            monitor.observe(seen(record, at: Int64(record) * hour, model: .init(name: model)))
        }
        ask(0, "chat")
        let id = try #require(monitor.findings.findings.first?.id)
        try monitor.apply(.accept(reason: "planned"), to: id, by: "ada", at: Self.now)
        ask(1, "chat")
        #expect(monitor.findings.findings.count == 1)
        ask(2, "payroll")
        #expect(monitor.findings.findings.count == 2)
        #expect(monitor.findings.findings.last?.cause.contains("payroll") == true)
    }

    @Test func `what was accepted is known after a restart, and long after`() throws {
        var monitor = monitor(for: [.firstSeenEdge]) { $0.learning = 0 }
        func action(_ record: UInt64, _ verb: String) -> Observation {
            seen(
                record,
                at: Int64(record) * 100 * day,
                "ada",
                "s3.amazonaws.com",
                verb: verb,
                source: .cloudTrail,
                marks: [.controlPlane]
            )
        }
        monitor.observe(action(0, "PutBucketTagging"))
        let id = try #require(monitor.findings.findings.first?.id)
        try monitor.apply(.accept(reason: "planned"), to: id, by: "ada", at: Self.now)
        var again = try Monitor(encoded: monitor.encoded(), settings: monitor.settings, declared: nil)
        #expect(again.encoded() == monitor.encoded())
        again.observe(action(1, "PutBucketTagging"))
        #expect(again.findings.findings.count == 1)
        again.observe(action(2, "PutBucketVersioning"))
        #expect(again.findings.findings.count == 2)
    }
}
