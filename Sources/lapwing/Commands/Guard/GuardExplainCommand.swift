import ArgumentParser
import Foundation
import Guardrails

extension GuardCommand {
    /// `lapwing guard explain`.
    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain",
            abstract: "Show what a text says once nothing is hidden in it, and why it is judged as it is.",
            discussion: """
                Prints the normalised text, how its parts were written, each finding with the bytes that it stands on, \
                and the score beside the threshold. Exits with 0 for a benign text and 1 for an attack.
                """
        )

        @Argument(help: "A file; `-` or none is standard input.")
        var path = "-"

        @Option(help: "The channel that the text came by; user unless said.", transform: { try textChannel($0) })
        var channel = TextChannel.user

        @Option(help: "A file with the system prompt that the request has.", completion: .file())
        var systemPrompt: String?

        @OptionGroup var options: GuardOptions

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() throws {
            let text = path == "-" ? try StandardInput.text() : try InputFile.text(path)
            let prompt = try systemPrompt.map { try InputFile.text($0) }
            let labelled = LabelledText(text, channel: channel, path: path)
            let (score, findings, normalised) = try options.detector().explain(labelled, systemPrompt: prompt)
            switch output {
            case .json: try StandardOutput.write(json: Printed(score, findings, normalised))
            case .table: print(score, findings, normalised, Array(text.utf8))
            }
            if score.isAttack { throw ExitCode(ExitStatus.refused.rawValue) }
        }

        private func print(
            _ score: TextScore,
            _ findings: [InjectionFinding],
            _ text: NormalisedText,
            _ original: [UInt8]
        ) {
            StandardOutput.write("reads: \(text.description)")
            for (decoding, range) in text.decodings.sorted(by: { $0.value.lowerBound < $1.value.lowerBound }) {
                StandardOutput.write("written in \(decoding.rawValue): bytes \(ShownRange.text(range))")
            }
            let hidden = text.invisibleCharacters + text.hiddenLetters + text.directionControls
            if hidden > 0 { StandardOutput.write("characters that draw nothing: \(hidden)") }
            if text.isTruncated { StandardOutput.write("decoding stopped at its bounds") }
            if !findings.isEmpty {
                var table = TextTable("FINDING", "TIER", "SCORE", "BYTES", "TEXT", "WHY")
                for finding in findings {
                    let excerpt = String(decoding: original[finding.range].prefix(40), as: UTF8.self)
                    table.add(
                        finding.id,
                        finding.tier.rawValue,
                        "\(finding.score)",
                        ShownRange.text(finding.range),
                        excerpt.debugDescription,
                        finding.explanation
                    )
                }
                StandardOutput.write(table.render())
            }
            let threshold = score.threshold.map(String.init) ?? "none"
            StandardOutput.write(
                "score \(score.score), threshold \(threshold): \(score.isAttack ? "attack" : "benign")"
            )
        }

        /// The explanation in JSON.
        private struct Printed: Encodable {
            struct Finding: Encodable {
                let id, tier, explanation: String
                let score: Int32
                let start, end: Int
                let decodings: [String]
            }

            var version = "lapwing.dev/guard-explanation/v1"
            let channel, reads: String
            let score: Int32
            let threshold: Int32?
            let isAttack: Bool
            let findings: [Finding]
            let decodings: [String: [Int]]

            init(_ score: TextScore, _ findings: [InjectionFinding], _ text: NormalisedText) {
                channel = score.channel.rawValue
                reads = text.description
                self.score = score.score
                threshold = score.threshold
                isAttack = score.isAttack
                self.findings = findings.map {
                    Finding(
                        id: $0.id,
                        tier: $0.tier.rawValue,
                        explanation: $0.explanation,
                        score: $0.score,
                        start: $0.range.lowerBound,
                        end: $0.range.upperBound,
                        decodings: $0.decodings.map(\.rawValue)
                    )
                }
                decodings = Dictionary(
                    uniqueKeysWithValues: text.decodings.map {
                        ($0.key.rawValue, [$0.value.lowerBound, $0.value.upperBound])
                    }
                )
            }
        }
    }
}
