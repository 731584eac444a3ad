import ArgumentParser
import Foundation
import Guardrails

extension GuardCommand {
    /// `lapwing guard eval`.
    struct Evaluate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "eval",
            abstract: "Measure the detector on texts whose side is known.",
            discussion: """
                Each line of DATA is a JSON object with `text`, `label` (1 for an attack, 0 for benign) and, where they \
                are known, `source` and `channel`. Both kinds of error are printed together, by source, at one threshold; \
                then the curve, its area, and what a text costs.

                Exits with 0, or with 2 where a line does not read.
                """
        )

        @Argument(help: "Files of JSON lines; `-` reads standard input.", completion: .file())
        var data: [String]

        @Option(help: "The channel of texts that name none; user unless said.", transform: { try textChannel($0) })
        var channel = TextChannel.user

        @OptionGroup var options: GuardOptions

        @Option(name: .shortAndLong, help: "Output: table, json or svg (the curve).")
        var output = Format.table

        /// How the report is printed.
        enum Format: String, ExpressibleByArgument, CaseIterable {
            case table, json, svg
        }

        func run() throws {
            let cases = try data.flatMap { try LabelledLines.read($0, channel: channel, labelled: true) }
            let detector = try options.detector()
            let report = InjectionEvaluation(cases, by: detector)
            switch output {
            case .json: try StandardOutput.write(json: Printed(report, detector))
            case .svg: StandardOutput.write(GuardCurve(report).svg)
            case .table: print(report, detector, Set(cases.map(\.text.channel)))
            }
        }

        private func print(_ report: InjectionEvaluation, _ detector: InjectionDetector, _ channels: Set<TextChannel>) {
            var table = TextTable("SOURCE", "ATTACKS", "CAUGHT", "", "BENIGN", "FLAGGED", "")
            for row in report.rows + [report.total] {
                table.add(
                    row.source,
                    "\(row.attacks)",
                    "\(row.caught)",
                    Self.share(row.caught, row.attacks),
                    "\(row.benign)",
                    "\(row.flagged)",
                    Self.share(row.flagged, row.benign)
                )
            }
            StandardOutput.write(table.render())
            for channel in channels.sorted(by: { $0.rawValue < $1.rawValue }) {
                let threshold =
                    detector.threshold(for: channel).map(String.init) ?? "none: too few benign scores for the rate"
                StandardOutput.write(
                    "threshold for \(channel.rawValue): \(threshold) (\(detector.policy.calibration.name))"
                )
            }
            if !report.curve.isEmpty {
                StandardOutput.write(String(format: "area under the curve: %.3f", report.areaUnderCurve))
                for rate in [0.001, 0.01, 0.05] {
                    let caught = report.truePositiveRate(atFalsePositiveRate: rate)
                    StandardOutput.write(
                        String(format: "at %.1f %% of benign texts flagged: %.1f %% caught", rate * 100, caught * 100)
                    )
                }
            }
            StandardOutput.write(
                String(
                    format: "a text took %.0f µs (p50), %.0f µs (p99), %.0f µs at most",
                    report.latency.p50,
                    report.latency.p99,
                    report.latency.longest
                )
            )
        }

        private static func share(_ part: Int, _ whole: Int) -> String {
            whole == 0 ? "" : String(format: "%.1f %%", Double(part) / Double(whole) * 100)
        }

        /// The report in JSON.
        private struct Printed: Encodable {
            var version = "lapwing.dev/guard-evaluation/v1"
            var calibration: String
            var falsePositiveRate: Double
            var thresholds: [String: Int32]
            var sources: [InjectionEvaluation.Row]
            var total: InjectionEvaluation.Row
            var areaUnderCurve: Double
            var truePositiveRates: [String: Double]
            var curve: [InjectionEvaluation.Point]
            var microseconds: [String: Double]

            init(_ report: InjectionEvaluation, _ detector: InjectionDetector) {
                calibration = detector.policy.calibration.name
                falsePositiveRate = detector.policy.falsePositiveRate
                thresholds = [:]
                for channel in TextChannel.allCases { thresholds[channel.rawValue] = detector.threshold(for: channel) }
                sources = report.rows
                total = report.total
                areaUnderCurve = report.areaUnderCurve
                truePositiveRates = [:]
                for rate in [0.001, 0.005, 0.01, 0.05] {
                    truePositiveRates["\(rate)"] = report.truePositiveRate(atFalsePositiveRate: rate)
                }
                curve = report.curve
                microseconds = [
                    "p50": report.latency.p50, "p99": report.latency.p99, "longest": report.latency.longest,
                ]
            }
        }
    }
}

/// The curve of an evaluation as a drawing.
struct GuardCurve {
    private let report: InjectionEvaluation

    init(_ report: InjectionEvaluation) {
        self.report = report
    }

    /// SVG with light and dark colours: attacks caught over benign flagged, the latter as a root so that the left end,
    /// where thresholds lie, has room.
    var svg: String {
        func x(_ rate: Double) -> Double { 60 + rate.squareRoot() * 420 }
        func y(_ rate: Double) -> Double { 340 - rate * 300 }
        func point(_ point: InjectionEvaluation.Point) -> String {
            String(format: "%.1f,%.1f", x(point.falsePositiveRate), y(point.truePositiveRate))
        }
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 520 400\" width=\"520\" height=\"400\" role=\"img\">",
            "<title>Attacks caught and benign texts flagged</title>",
            "<style>svg{--paper:#fdfdfc;--ink:#1c2733;--quiet:#8894a1;--line:#2f6fa8}"
                + "@media(prefers-color-scheme:dark){svg{--paper:#12171d;--ink:#e3e9ef;--quiet:#5d6b7a;--line:#6fb1e8}}"
                + "text{font:12px sans-serif;fill:var(--ink)}</style>",
            "<rect width=\"520\" height=\"400\" fill=\"var(--paper)\"/>",
        ]
        for rate in [0.0, 0.001, 0.01, 0.05, 0.2, 0.5, 1] {
            lines.append(
                String(format: "<path d=\"M%.1f 40V340\" stroke=\"var(--quiet)\" stroke-width=\"0.5\"/>", x(rate))
                    + String(
                        format: "<text x=\"%.1f\" y=\"358\" text-anchor=\"middle\">%g %%</text>",
                        x(rate),
                        rate * 100
                    )
            )
        }
        for rate in [0.0, 0.25, 0.5, 0.75, 1] {
            lines.append(
                String(format: "<path d=\"M60 %.1fH480\" stroke=\"var(--quiet)\" stroke-width=\"0.5\"/>", y(rate))
                    + String(
                        format: "<text x=\"52\" y=\"%.1f\" text-anchor=\"end\">%.0f %%</text>",
                        y(rate) + 4,
                        rate * 100
                    )
            )
        }
        let step = max(1, report.curve.count / 2000)
        let points = report.curve.enumerated().filter {
            $0.offset.isMultiple(of: step) || $0.offset == report.curve.count - 1
        }
        lines.append(
            "<polyline fill=\"none\" stroke=\"var(--line)\" stroke-width=\"2\" points=\""
                + points.map { point($0.element) }.joined(separator: " ") + "\"/>"
        )
        lines.append("<text x=\"270\" y=\"384\" text-anchor=\"middle\">benign texts flagged</text>")
        lines.append(
            String(
                format: "<text x=\"60\" y=\"24\">attacks caught; area under the curve %.3f</text>",
                report.areaUnderCurve
            )
        )
        lines.append("</svg>")
        return lines.joined(separator: "\n")
    }
}
