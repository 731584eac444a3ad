import ArgumentParser
import Foundation
import Guardrails

extension GuardCommand {
    /// `lapwing guard calibrate`.
    struct Calibrate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "calibrate",
            abstract: "Draw thresholds from benign texts of your own.",
            discussion: """
                Each line of DATA is a JSON object with `text` and, where it is known, `channel`: what your users, tools \
                and documents really say. Lines with `label` 1 are left out. A threshold for a rate of false positives \
                holds for texts of the same kind, whatever the classifier is worth; a rate of 0.005 needs at least 199 \
                texts of the channel.

                Name the file as `calibration` in a guardrail, or with --calibration in `lapwing guard eval` and `explain`.
                """
        )

        @Argument(help: "Files of JSON lines; `-` reads standard input.", completion: .file())
        var data: [String]

        @Option(help: "The channel of texts that name none; user unless said.", transform: { try textChannel($0) })
        var channel = TextChannel.user

        @OptionGroup var options: GuardOptions

        @Option(
            name: [.customShort("o"), .customLong("output-file")],
            help: "The file to write; `-` is standard output."
        )
        var file = "-"

        @Option(help: "What it is called in reports.")
        var name: String?

        func run() throws {
            let cases = try data.flatMap { try LabelledLines.read($0, channel: channel, labelled: false) }
            let detector = try options.detector()
            var scores: [TextChannel: [Int32]] = [:]
            for item in cases where !item.isAttack {
                scores[item.text.channel, default: []].append(detector.score(item.text))
            }
            guard !scores.isEmpty else {
                throw CommandError(.usage, "every line is labelled an attack; give benign texts")
            }
            let calibration = InjectionCalibration(name: name ?? data.joined(separator: ", "), scores: scores)
            let bytes = calibration.file
            if file == "-" {
                FileHandle.standardOutput.write(Data(bytes))
            } else {
                try OutputFile.write(bytes, to: file)
            }
            for channel in scores.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
                let count = scores[channel]?.count ?? 0
                let rates = [0.001, 0.005, 0.01, 0.05].map { rate in
                    let threshold = calibration.threshold(for: channel, falsePositiveRate: rate)
                    return "\(rate * 100) %: \(threshold.map(String.init) ?? "too few texts")"
                }
                StandardError.write("\(channel.rawValue): \(counted(count, "text")); " + rates.joined(separator: ", "))
            }
        }
    }
}
