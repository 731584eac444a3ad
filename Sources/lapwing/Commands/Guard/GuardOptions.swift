import ArgumentParser
import Foundation
import Guardrails
import Resources

/// What the commands that judge texts have in common.
struct GuardOptions: ParsableArguments {
    @Option(help: "The share of benign texts that may be taken for attacks, such as 0.005.")
    var falsePositiveRate = InjectionPolicy().falsePositiveRate

    @Option(
        help: "A file that `lapwing guard calibrate` wrote; the built-in scores where none is named.",
        completion: .file()
    )
    var calibration: String?

    @Option(
        name: .customLong("without"),
        help: "A tier that does not look: rules, classifier or context; may be repeated.",
        completion: .list(["rules", "classifier", "context"])
    )
    var without: [String] = []

    func validate() throws {
        guard falsePositiveRate > 0, falsePositiveRate <= 0.5 else {
            throw ValidationError(
                "--false-positive-rate is a share above 0 and at most 0.5; it is \(falsePositiveRate)"
            )
        }
        for name in without where InjectionPolicy.Tier(rawValue: name) == nil {
            let all = InjectionPolicy.Tier.allCases.map(\.rawValue)
            throw ValidationError("there is no tier `\(name)`; \(suggestion(for: name, among: all))")
        }
    }

    /// A detector as the options say.
    ///
    /// - Throws: ``CommandError`` where the calibration does not read.
    func detector() throws -> InjectionDetector {
        var policy = InjectionPolicy()
        policy.falsePositiveRate = falsePositiveRate
        policy.tiers.subtract(without.compactMap { InjectionPolicy.Tier(rawValue: $0) })
        if let calibration { policy.calibration = try CalibrationFile.read(calibration) }
        return InjectionDetector(policy: policy)
    }
}

/// A channel on the command line.
///
/// - Throws: `ValidationError` where there is none of the name.
func textChannel(_ name: String) throws -> TextChannel {
    if let channel = TextChannel(rawValue: name) { return channel }
    let all = TextChannel.allCases.map(\.rawValue)
    throw ValidationError("there is no channel `\(name)`; \(suggestion(for: name, among: all))")
}

/// Texts with their side, one JSON object a line.
enum LabelledLines {
    private struct Line: Decodable {
        var text: String
        var label: Int?
        var source: String?
        var channel: String?
    }

    /// The most bytes that are read of one file: 256 MiB.
    private static let mostBytes = 256 << 20

    /// The cases of a file.
    ///
    /// - Throws: ``CommandError`` with the line, where one is not as it should be.
    static func read(_ path: String, channel: TextChannel, labelled: Bool) throws -> [InjectionEvaluation.Case] {
        let text = try contents(path)
        let decoder = JSONDecoder()
        var cases: [InjectionEvaluation.Case] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy(\.isWhitespace) {
            let place = "\(path):\(index + 1)"
            guard let row = try? decoder.decode(Line.self, from: Data(line.utf8)) else {
                throw CommandError(
                    .usage,
                    "\(place): expected a JSON object with `text` and, where they are known, `label` (1 for an attack), "
                        + "`source` and `channel`"
                )
            }
            if labelled, row.label != 0, row.label != 1 {
                throw CommandError(.usage, "\(place): `label` must be 0 for a benign text or 1 for an attack")
            }
            let named = try row.channel.map { name in
                guard let known = TextChannel(rawValue: name) else {
                    let all = TextChannel.allCases.map(\.rawValue)
                    throw CommandError(
                        .usage,
                        "\(place): there is no channel `\(name)`; \(suggestion(for: name, among: all))"
                    )
                }
                return known
            }
            cases.append(
                InjectionEvaluation.Case(
                    text: LabelledText(row.text, channel: named ?? channel, path: place),
                    isAttack: row.label == 1,
                    source: row.source ?? path
                )
            )
        }
        guard !cases.isEmpty else { throw CommandError(.usage, "`\(path)` holds no texts") }
        return cases
    }

    private static func contents(_ path: String) throws -> String {
        if path == "-" { return try StandardInput.text() }
        let bytes = try InputFile.bytes(path, atMost: mostBytes, of: "file of texts")
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.usage, "`\(path)` is not UTF-8 text")
        }
        return text
    }
}

/// Benign scores as a file.
enum CalibrationFile {
    static func read(_ path: String) throws -> InjectionCalibration {
        let text = try InputFile.text(path)
        do { return try InjectionCalibration(file: Array(text.utf8)) } catch let error as PatternError {
            throw CommandError(.usage, "`\(path)` cannot be used: \(error.message)")
        } catch let error as JSONFailure {
            throw CommandError(.usage, "`\(path)` is no JSON: \(error)")
        }
    }
}
