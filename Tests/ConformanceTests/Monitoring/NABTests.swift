import Foundation
import Monitoring
import Testing
import ZeroTrust

/// The Numenta Anomaly Benchmark, with the engine that watches traffic and one set of settings, value by value.
@Suite struct NABTests {
    private struct Series {
        let name: String
        var times: [String] = []
        var scores: [Double] = []
        let windows: [(first: String, last: String)]
    }

    @Test func `the benchmark's own score is above sixty, with one set of settings`() throws {
        guard let folder = MonitoringCorpus.folder("nab") else { return }
        let all = try Self.series(in: folder)
        let profiles = try JSONDecoder().decode(
            [String: [String: [String: Double]]].self,
            from: Data(contentsOf: folder.appendingPathComponent("config/profiles.json"))
        )
        let threshold = NoveltySeries.Settings().threshold
        var standard = 0.0
        for (name, profile) in profiles.sorted(by: { $0.key < $1.key }) {
            var scorer = NABScorer(.init(profile["CostMatrix"] ?? [:]))
            for series in all { scorer.add(times: series.times, scores: series.scores, windows: series.windows) }
            let best = scorer.score()
            let own = scorer.score(at: threshold)
            print(
                String(
                    format: "nab %@: %.2f at the best threshold %.3f; %.2f at the product's own, %.3f (%d windows)",
                    name,
                    best.score,
                    best.threshold,
                    own.score,
                    threshold,
                    scorer.windows
                )
            )
            if name == "standard" { standard = best.score }
        }
        var report = SuiteReport(name: "nab")
        for series in all {
            if series.scores.allSatisfy({ $0.isFinite && (0...1).contains($0) }) {
                report.passed()
            } else {
                report.failed("\(series.name) has a score that is none")
            }
        }
        #expect(standard >= 60, "the standard score is \(standard)")
        report.finish()
    }

    private static func series(in folder: URL) throws -> [Series] {
        let labels = try JSONDecoder().decode(
            [String: [[String]]].self,
            from: Data(contentsOf: folder.appendingPathComponent("labels/combined_windows.json"))
        )
        let data = folder.appendingPathComponent("data")
        return try MonitoringCorpus.files(in: data, ending: ".csv").compactMap { file in
            let name = file.pathComponents.suffix(2).joined(separator: "/")
            guard let windows = labels[name] else { return nil }
            let settings = NoveltySeries.Settings()
            var engine = NoveltySeries()
            var series = Series(name: name, windows: windows.map { (time($0[0]), time($0[1])) })
            for line in try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline).dropFirst() {
                let fields = line.split(separator: ",")
                guard fields.count == 2, let value = Double(fields[1]) else { continue }
                let text = Self.time(String(fields[0]))
                let time = try #require(Timestamp(text.replacing(" ", with: "T") + "Z"))
                series.times.append(text)
                series.scores.append(engine.observe(value, at: time, settings).score)
            }
            return series
        }
    }

    /// A time without a fraction of zeros, as the data has it.
    private static func time(_ text: String) -> String {
        text.hasSuffix(".000000") ? String(text.dropLast(7)) : text
    }
}
