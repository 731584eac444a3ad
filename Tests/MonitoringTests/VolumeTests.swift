import Monitoring
import Testing

@Suite struct VolumeTests {
    /// A caller whose traffic follows the hour of the day, with noise; one observation for each hundred requests' rows.
    private struct Traffic {
        var numbers: SeededNumbers
        var record: UInt64 = 0

        init(seed: UInt64) { numbers = SeededNumbers(seed) }

        /// Rows of an hour: most at noon, a tenth of it at night, within a quarter either way.
        mutating func rows(_ index: Int) -> Double {
            let ofDay = index % 24
            let level = ofDay >= 8 && ofDay < 20 ? 20_000.0 : 2_000.0
            return level * Double.random(in: 0.75...1.25, using: &numbers)
        }

        mutating func hour(_ index: Int, times factor: Double, into monitor: inout Monitor) {
            let rows = rows(index) * factor
            for part in 0..<20 {
                monitor.observe(
                    seen(
                        record,
                        at: Int64(index) * 3_600 * second + Int64(part) * 180 * second,
                        rows: UInt64(rows / 20)
                    )
                )
                record += 1
            }
        }

        /// Rows that are read in the last second of an hour, beside the rest of it.
        mutating func burst(_ index: Int, rows: UInt64, into monitor: inout Monitor) {
            monitor.observe(seen(record, at: Int64(index) * 3_600 * second + 3_599 * second, rows: rows))
            record += 1
        }
    }

    @Test func `a month of ordinary days has no finding`() {
        var monitor = monitor(for: [.bulkExtraction])
        var traffic = Traffic(seed: 1)
        for index in 0..<(30 * 24) { traffic.hour(index, times: 1, into: &monitor) }
        #expect(monitor.findings.findings.isEmpty, "\(monitor.findings.findings.map(\.cause))")
    }

    @Test(arguments: [(10.0, 2), (3.0, 5)], 0..<24)
    func `ten times the usual is found within two windows, three times within five`(_ size: (Double, Int), start: Int)
        throws
    {
        var monitor = monitor(for: [.bulkExtraction])
        var traffic = Traffic(seed: UInt64(start) + 7)
        let begin = 14 * 24 + start
        for index in 0..<begin { traffic.hour(index, times: 1, into: &monitor) }
        #expect(monitor.findings.findings.isEmpty)
        for index in begin..<(begin + size.1) { traffic.hour(index, times: size.0, into: &monitor) }
        let finding = try #require(monitor.findings.findings.first, "\(size.0) times from hour \(start) was not found")
        #expect(finding.object == "rows")
        #expect(finding.measure.observed > finding.measure.threshold)
        #expect(finding.measure.threshold > finding.measure.baseline ?? .infinity)
    }

    /// Two weeks of ordinary hours, and a burst of a million rows in the last second of the hour after them, which is found.
    private static func burst(_ start: Int) throws -> (Monitor, Traffic, hour: Int, Finding) {
        var monitor = monitor(for: [.bulkExtraction])
        var traffic = Traffic(seed: UInt64(start) + 31)
        let begin = 14 * 24 + start
        for index in 0...begin { traffic.hour(index, times: 1, into: &monitor) }
        traffic.burst(begin, rows: 1_000_000, into: &monitor)
        let finding = try #require(monitor.findings.findings.first)
        #expect(finding.measure.observed > 1_000_000 && finding.measure.threshold < 1_000_000)
        #expect(finding.measure.threshold > 12 * (finding.measure.baseline ?? .infinity))
        return (monitor, traffic, begin, finding)
    }

    @Test(arguments: 0..<24)
    func `one burst that is over in minutes is found, and hides no smaller one after it`(start: Int) throws {
        var (monitor, traffic, begin, first) = try Self.burst(start)
        for index in begin + 1...begin + 48 { traffic.hour(index, times: 1, into: &monitor) }
        // The state is taken up again while the window of a finding runs.
        monitor = try Monitor(encoded: monitor.encoded(), settings: monitor.settings, declared: nil)
        traffic.burst(begin + 48, rows: 400_000, into: &monitor)
        #expect(monitor.findings.findings.map(\.id).first == first.id)
        #expect(monitor.findings.findings.count == 2, "\(monitor.findings.findings.map(\.cause))")
    }

    @Test(arguments: 0..<24)
    func `a burst that somebody accepts is the usual from then on, and one much larger is not`(start: Int) throws {
        var (monitor, traffic, begin, first) = try Self.burst(start)
        try monitor.apply(.accept(reason: "the nightly copy"), to: first.id, by: "uid 0", at: first.updated)
        for index in begin + 1...begin + 48 { traffic.hour(index, times: 1, into: &monitor) }
        traffic.burst(begin + 48, rows: 1_000_000, into: &monitor)
        #expect(monitor.findings.findings.count == 1, "\(monitor.findings.findings.map(\.cause))")
        for index in begin + 49...begin + 96 { traffic.hour(index, times: 1, into: &monitor) }
        traffic.burst(begin + 96, rows: 4_000_000, into: &monitor)
        let last = try #require(monitor.findings.findings.last)
        #expect(last.id != first.id)
        // It was learned as well, so that the line is where it was, and no longer at fifteen times the usual.
        #expect(last.measure.threshold > 700_000, "\(last.measure)")
    }

    @Test(arguments: [true, false])
    func `what is accepted while its window runs is learned from, whether or not more of it comes`(more: Bool) throws {
        func taught(_ acceptedLater: Bool) throws -> Double {
            var (monitor, traffic, begin, first) = try Self.burst(5)
            func accept() throws {
                try monitor.apply(.accept(reason: "the nightly copy"), to: first.id, by: "uid 0", at: first.updated)
            }
            if !acceptedLater { try accept() }
            if more { traffic.burst(begin, rows: 1, into: &monitor) }
            for index in begin + 1...begin + 48 { traffic.hour(index, times: 1, into: &monitor) }
            if acceptedLater { try accept() }
            traffic.burst(begin + 48, rows: 4_000_000, into: &monitor)
            return try #require(monitor.findings.findings.last).measure.threshold
        }
        // A window that was over before anybody accepted it has taught as a finding.
        #expect(try taught(false) > 3 * taught(true))
    }

    @Test func `a state that is taken up while the window of a finding runs is the same state`() throws {
        var (monitor, traffic, begin, _) = try Self.burst(3)
        var other = try Monitor(encoded: monitor.encoded(), settings: monitor.settings, declared: nil)
        #expect(other.encoded() == monitor.encoded())
        var copy = traffic
        for index in begin + 1...begin + 30 {
            traffic.hour(index, times: 1, into: &monitor)
            copy.hour(index, times: 1, into: &other)
        }
        #expect(other.encoded() == monitor.encoded())
    }

    @Test func `what is little is never too much, whatever is usual`() {
        var monitor = monitor(for: [.bulkExtraction])
        for index in 0..<(14 * 24) { monitor.observe(seen(UInt64(index), at: Int64(index) * hour, rows: 1)) }
        monitor.observe(seen(1_000, at: 14 * day, rows: 900))
        #expect(monitor.findings.findings.isEmpty)
        monitor.observe(seen(1_001, at: 14 * day + second, rows: 5_000))
        #expect(monitor.findings.findings.count == 1)
    }

    @Test func `one per cent a day is found before ten per cent is gone`() throws {
        var monitor = monitor(for: [.lowAndSlow])
        var numbers = SeededNumbers(11)
        var record: UInt64 = 0
        func read(_ caller: String, _ object: Int, _ offset: Int64) {
            monitor.observe(
                seen(record, at: offset, caller, "features", verb: "SELECT", source: .postgres, object: "row-\(object)")
            )
            record += 1
        }
        // Ordinary readers ask for the same few things; everything together is known from a nightly job.
        let size = 20_000
        for object in 0..<size { read("nightly", object, Int64(object) * second / 2) }
        var found: Int?
        for today in 2..<30 {
            for step in 0..<1_000 {
                read(
                    "reader-\(step % 5)",
                    Int.random(in: 0..<300, using: &numbers),
                    Int64(today) * day + Int64(step) * 60 * second
                )
            }
            for step in 0..<(size / 100) {
                read("slow", (today - 2) * size / 100 + step, Int64(today) * day + Int64(step) * 100 * second)
            }
            let names = monitor.findings.findings.map(\.subject)
            #expect(!names.contains { $0.hasPrefix("reader") })
            if names.contains("slow") {
                found = today - 1
                break
            }
        }
        #expect(try #require(found) < 10)
        let finding = try #require(monitor.findings.findings.first { $0.subject == "slow" })
        #expect(finding.measure.observed > 0.04 && finding.measure.observed < 0.1)
    }

    @Test func `who reads everything as a habit is not told of`() {
        var monitor = monitor(for: [.lowAndSlow]) { $0.datasetSizes = ["features": 2_000] }
        for round in 0..<6 {
            for object in 0..<2_000 {
                let time = Int64(round) * 12 * hour + Int64(object) * second
                monitor.observe(
                    seen(
                        UInt64(round * 2_000 + object),
                        at: time,
                        "nightly",
                        "features",
                        verb: "SELECT",
                        object: "\(object)"
                    )
                )
            }
        }
        #expect(monitor.findings.findings.isEmpty)
    }
}
