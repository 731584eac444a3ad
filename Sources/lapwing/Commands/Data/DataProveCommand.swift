import ArgumentParser
import DataAccess
import Foundation
import Resources

/// `lapwing data prove`.
struct DataProveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Prove an estate's invariants, of the estate itself and of what is in force.",
        discussion: """
            Each line is proved, refuted by a concrete request, or unknown; unknown is no proof. With --aws, the policies \
            of a directory are read back, generated ones or exported ones: all together (s3), the roles' alone as if the \
            buckets had none (s3 roles), and the buckets' alone as if every role might do everything (s3 buckets).

            Exits with 0 where all of it is proved, else with 1.
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
    }

    @OptionGroup var options: EstateOptions

    @Option(help: "A directory of AWS policies, as `lapwing data emit --to aws` writes them.")
    var aws: String?

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = Format.table

    private struct Line: Encodable {
        let id: String
        let layer: String
        let outcome: String
        let message: String?
        let witness: Witness?
    }

    private struct Document: Encodable {
        let version = 1
        let estate: String
        let holds: Bool
        let results: [Line]
    }

    func run() throws {
        let estate = try options.load()
        let artifacts = try aws.map { try AWSArtifacts(files: try Self.files($0), estate: estate) }
        let proof = EstateProof(estate, aws: artifacts)
        let lines = proof.results.map(Self.line)
        switch output {
        case .json:
            try StandardOutput.write(json: Document(estate: estate.name, holds: proof.holds, results: lines))
        case .table:
            var table = TextTable("INVARIANT", "LAYER", "OUTCOME", "WHY")
            for line in lines { table.add(line.id, line.layer, line.outcome, line.message ?? "") }
            StandardOutput.write(
                table.render { _, column, cell in
                    guard column == 2 else { return cell }
                    return cell.hasPrefix("proved") ? Style.green(cell) : Style.red(cell)
                }
            )
            for line in lines {
                if let witness = line.witness { StandardOutput.write("\(line.id) (\(line.layer)): \(witness)") }
            }
        }
        let open = lines.count { $0.outcome != "proved" && $0.outcome != "not concerned" }
        StandardError.write("\(lines.count - open) proved, \(open) not")
        guard proof.holds else { throw ExitCode(ExitStatus.refused.rawValue) }
    }

    private static func line(_ result: EstateProof.Result) -> Line {
        let (outcome, message, witness): (String, String?, Witness?) =
            switch result.outcome {
            case .proved: ("proved", nil, nil)
            case .refuted(let message, let witness): ("REFUTED", message, witness)
            case .unknown(let reason): ("UNKNOWN", reason, nil)
            case .notConcerned: ("not concerned", nil, nil)
            }
        return Line(id: result.id, layer: result.layer, outcome: outcome, message: message, witness: witness)
    }

    /// The files of a directory, by their path in it.
    static func files(_ directory: String) throws -> [String: [UInt8]] {
        guard let names = FileManager.default.enumerator(atPath: directory) else {
            throw CommandError(.usage, "there is no directory `\(directory)`")
        }
        var files: [String: [UInt8]] = [:]
        for case let name as String in names where name.hasSuffix(".json") {
            guard files.count < ResourceLoader.maximumFiles else {
                throw CommandError(.usage, "`\(directory)` holds more than \(ResourceLoader.maximumFiles) files")
            }
            guard let data = FileManager.default.contents(atPath: directory + "/" + name) else {
                throw CommandError(.unreachable, "cannot read `\(directory)/\(name)`")
            }
            files[name] = Array(data)
        }
        guard !files.isEmpty else { throw CommandError(.usage, "`\(directory)` holds no policies") }
        return files
    }
}
