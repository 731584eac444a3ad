import Monitoring
import Testing
import ZeroTrust

/// A clock that ran ahead, and was set right: what was learned meanwhile lies in the future.
@Suite struct LogClockTests {
    /// Twenty observations of an hour, all that a caller reads in it.
    private func read(
        _ rows: UInt64,
        in hours: Range<Int>,
        ahead: Int64 = 0,
        _ monitor: inout Monitor,
        record: inout UInt64
    ) {
        for index in hours {
            for part in 0..<20 {
                let time = Int64(index) * hour + Int64(part) * 180 * second + ahead
                monitor.observe(seen(record, at: time, rows: rows / 20))
                record += 1
            }
        }
    }

    @Test(arguments: [2 * day, 20 * day, 400 * day])
    func `amounts go on from the hour that it is, and a theft is found`(ahead: Int64) throws {
        var monitor = monitor(for: [.bulkExtraction])
        var record: UInt64 = 0
        let start = 14 * 24
        read(20_000, in: 0..<start, &monitor, record: &record)
        read(20_000, in: start..<(start + 3), ahead: ahead, &monitor, record: &record)
        read(20_000, in: (start + 3)..<(start + 72), &monitor, record: &record)
        #expect(monitor.findings.findings.isEmpty, "\(monitor.findings.findings.map(\.cause))")
        read(400_000, in: (start + 72)..<(start + 74), &monitor, record: &record)
        let finding = try #require(monitor.findings.findings.first)
        #expect(finding.object == "rows" && finding.measure.unit == "rows in 1 h")
        #expect(finding.measure.observed <= 400_000, "only what is of this hour counts")
    }

    @Test func `a log whose first records were of the future is learned from, and then told of`() throws {
        var monitor = monitor(for: [.firstSeenEdge, .firstModelAccess])
        for record in 0..<20 { monitor.observe(seen(UInt64(record), at: 90 * day + Int64(record) * second)) }
        for record in 20..<220 { monitor.observe(seen(UInt64(record), at: Int64(record) * 1_000 * second)) }
        #expect(monitor.findings.findings.isEmpty, "\(monitor.findings.findings.map(\.cause))")
        monitor.observe(seen(220, at: 220_000 * second, "spiffe://cluster.local/ns/new/sa/caller"))
        let finding = try #require(monitor.findings.findings.first)
        #expect(finding.cause.hasPrefix("the new caller"))
        // Its next path is news of its own, a day later, and it is new no longer.
        for record in 221..<321 { monitor.observe(seen(UInt64(record), at: Int64(record) * 1_000 * second)) }
        monitor.observe(seen(321, at: 321_000 * second, "spiffe://cluster.local/ns/new/sa/caller", "ml-data/store"))
        #expect(monitor.findings.findings.count == 2)
        #expect(monitor.findings.findings.last?.cause.contains("the new caller") == false)
    }

    @Test func `new paths are told of again once the clock is right, and not counted with those of the future`() {
        var monitor = monitor(for: [.firstSeenEdge])
        for record in 0..<100 { monitor.observe(seen(UInt64(record), at: Int64(record) * 1_000 * second)) }
        monitor.observe(seen(100, at: 60 * day, gateway, "ml-data/one"))
        #expect(monitor.takeChanges().count == 1)
        for record in 101..<121 { monitor.observe(seen(UInt64(record), at: Int64(record) * 1_000 * second)) }
        _ = monitor.takeChanges()
        monitor.observe(seen(121, at: 200_000 * second, gateway, "ml-data/two"))
        #expect(
            monitor.takeChanges().map(\.members) == [["\(gateway) → ml-data/two (call)"]]
        )
    }

    @Test func `that the clock stepped back is told once`() throws {
        var monitor = monitor(for: [.integrity])
        monitor.observe(seen(0, at: 30 * day))
        for record in 1..<100 { monitor.observe(seen(UInt64(record), at: Int64(record) * second)) }
        let finding = try #require(monitor.findings.findings.first)
        #expect(finding.cause == "the clock stepped back by 2591999 s")
        try monitor.apply(.resolve, to: finding.id, by: "sre", at: Timestamp(nanoseconds: monday))
        for record in 100..<200 { monitor.observe(seen(UInt64(record), at: Int64(record) * second)) }
        #expect(monitor.findings.findings.count == 1)
    }

    @Test func `records that are late say nothing of the clock`() {
        var (plain, late) = (monitor(for: [.bulkExtraction]), monitor(for: [.bulkExtraction]))
        for index in 0..<2_000 {
            let ordinary = seen(UInt64(index) * 20, at: Int64(index) * 600 * second, rows: 500)
            plain.observe(ordinary)
            late.observe(ordinary)
            // As many in a row as would tell of the clock, were they of the record.
            for part in 1..<19 {
                let time = Int64(index) * 600 * second - 2 * hour
                let old = seen(
                    UInt64(index * 20 + part),
                    at: time,
                    "spiffe://cluster.local/ns/a/sa/slow",
                    source: .envoy
                )
                late.observe(old)
            }
            late.observe(seen(UInt64(index * 20 + 19), at: Int64(index) * 600 * second, source: .envoy))
        }
        #expect(plain.findings.findings.map(\.id) == late.findings.findings.map(\.id))
    }

    @Test func `a state that is taken up amid it goes on as without`() throws {
        var whole = monitor(for: Set(FindingType.allCases))
        var record: UInt64 = 0
        read(20_000, in: 0..<40, &whole, record: &record)
        read(20_000, in: 40..<42, ahead: 9 * day, &whole, record: &record)
        for part in 0..<8 {
            whole.observe(seen(record + UInt64(part), at: 42 * hour + Int64(part) * second, rows: 1_000))
        }
        var restored = try Monitor(encoded: whole.encoded(), settings: whole.settings, declared: nil)
        for part in 8..<30 {
            let next = seen(record + UInt64(part), at: 42 * hour + Int64(part) * second, rows: 1_000)
            whole.observe(next)
            restored.observe(next)
        }
        #expect(whole.encoded() == restored.encoded())
    }
}
