import Foundation
import Monitoring
import Testing
import ZeroTrust

/// Bulk extraction that was injected into volumes that somebody else measured: NAB's, as the rows that one identity reads.
///
/// The injections are synthetic, and the carriers are not an identity's traffic: they have bursts of their own, which NAB
/// labels in part. What is measured is how soon an injection is found, and how often something is found without one.
@Suite struct BulkExtractionTests {
    private struct Carrier {
        let name: String
        var values: [(time: Int64, value: Double)] = []
        let windows: [ClosedRange<Int64>]

        func isLabelled(_ time: Int64) -> Bool { windows.contains { $0.contains(time) } }
    }

    private static let hour: Int64 = 3_600_000_000_000
    private static let learning = 14 * 24

    @Test func `what is injected is found in time, as far as the carriers' own bursts allow`() throws {
        guard let folder = MonitoringCorpus.folder("nab") else { return }
        var found: [Double: (of: Int, in: Int)] = [10: (0, 0), 3: (0, 0)]
        var (alarms, months) = (0, 0.0)
        let carriers = try Self.carriers(in: folder)
        try #require(!carriers.isEmpty, "no series of volumes is there")
        for carrier in carriers {
            let (own, length, results) = Self.run(carrier)
            alarms += own
            months += length
            for (factor, result) in results {
                found[factor]?.of += result.of
                found[factor]?.in += result.in
            }
            print(
                "bulk-extraction \(carrier.name): 10x \(results[10]?.in ?? 0)/\(results[10]?.of ?? 0), "
                    + "3x \(results[3]?.in ?? 0)/\(results[3]?.of ?? 0), \(own) others in \(Int(length * 30)) days"
            )
        }
        let (large, small) = (found[10] ?? (0, 0), found[3] ?? (0, 0))
        try #require(large.of > 0 && small.of > 0 && months > 0, "nothing was injected")
        let others = Double(alarms) / months
        print("measure bulk-extraction 10x within 2 windows: \(large.in) of \(large.of)")
        print("measure bulk-extraction 3x within 5 windows: \(small.in) of \(small.of)")
        print("measure bulk-extraction: \((others * 10).rounded() / 10) other findings for each identity and month")
        // Of the series that `Documentation/monitoring.md` speaks of, what it states: 94 % and 80 %, and 3.7 others. Of some
        // of them, or of others, it may be some less.
        let isStated = ["AAPL", "AMZN", "FB", "PFE", "UPS"].allSatisfy { name in
            carriers.contains { $0.name == "realTweets/Twitter_volume_\(name).csv" }
        }
        let asked =
            isStated && carriers.count == 5 ? (large: 93, small: 80, others: 3.75) : (large: 88, small: 70, others: 5)
        #expect(large.in * 100 >= large.of * asked.large)
        #expect(small.in * 100 >= small.of * asked.small)
        #expect(others < asked.others)
    }

    /// Runs a carrier once, and from places in it with an injection.
    private static func run(_ carrier: Carrier) -> (alarms: Int, months: Double, [Double: (of: Int, in: Int)]) {
        var settings = MonitorSettings()
        settings.disabled = Set(FindingType.allCases).subtracting([.bulkExtraction])
        settings.volumeLearning = learning
        var monitor = Monitor(settings: settings)
        var results: [Double: (of: Int, in: Int)] = [10: (0, 0), 3: (0, 0)]
        let first = (carrier.values.first?.time ?? 0) / hour
        var (record, window): (UInt64, Int64) = (0, first)
        for (index, point) in carrier.values.enumerated() {
            let now = point.time / hour
            // Every seventeenth window that is past learning begins an injection, in a copy.
            if now != window, now - first > learning, (now - first) % 17 == 0 {
                for (factor, limit) in [(10.0, Int64(2)), (3.0, Int64(5))] {
                    let rest = carrier.values[index...].prefix { $0.time / hour < now + limit }
                    guard !rest.contains(where: { carrier.isLabelled($0.time) }) else { continue }
                    var copy = monitor
                    let before = copy.findings.findings.count
                    let known = copy.findings.findings.last?.updated.nanoseconds ?? 0
                    var number = record
                    for value in rest { observe(&copy, &number, value.time, value.value * factor) }
                    let isNew =
                        copy.findings.findings.count > before
                        || (copy.findings.findings.last?.updated.nanoseconds ?? 0) > max(known, now * hour - 1)
                    results[factor]?.of += 1
                    if isNew { results[factor]?.in += 1 }
                }
            }
            window = now
            observe(&monitor, &record, point.time, point.value)
        }
        let alarms = monitor.findings.findings.count { finding in
            !carrier.windows.contains {
                ($0.lowerBound - hour...$0.upperBound + 6 * hour).contains(finding.opened.nanoseconds)
            }
        }
        let months = Double((carrier.values.last?.time ?? 0) / hour - first - Int64(learning)) / (24 * 30)
        return (alarms, months, results)
    }

    private static func observe(_ monitor: inout Monitor, _ record: inout UInt64, _ time: Int64, _ value: Double) {
        monitor.observe(
            Observation(
                source: .postgres,
                record: record,
                time: Timestamp(nanoseconds: time),
                caller: "carrier",
                callee: "ml",
                verb: "READ",
                rows: UInt64(max(value, 0) * 100)
            )
        )
        record += 1
    }

    /// Volumes by five minutes that are long enough.
    private static func carriers(in folder: URL) throws -> [Carrier] {
        let labels = try JSONDecoder().decode(
            [String: [[String]]].self,
            from: Data(contentsOf: folder.appendingPathComponent("labels/combined_windows.json"))
        )
        return try MonitoringCorpus.files(in: folder.appendingPathComponent("data"), ending: ".csv").compactMap {
            file in
            guard file.lastPathComponent.contains("volume") else { return nil }
            let name = file.pathComponents.suffix(2).joined(separator: "/")
            let windows = (labels[name] ?? []).compactMap { window -> ClosedRange<Int64>? in
                guard let first = time(window[0]), let last = time(window[1]) else { return nil }
                return first...last
            }
            var carrier = Carrier(name: name, windows: windows)
            for line in try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline).dropFirst() {
                let fields = line.split(separator: ",")
                guard fields.count == 2, let value = Double(fields[1]), let time = time(String(fields[0])) else {
                    continue
                }
                carrier.values.append((time, value))
            }
            return carrier
        }
    }

    private static func time(_ text: String) -> Int64? {
        let whole = text.hasSuffix(".000000") ? String(text.dropLast(7)) : text
        return Timestamp(whole.replacing(" ", with: "T") + "Z")?.nanoseconds
    }
}
