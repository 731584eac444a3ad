import ArgumentParser
import Foundation
import Guardrails

extension GuardCommand {
    /// `lapwing guard scan`.
    struct Scan: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "scan",
            abstract: "Find personal data and secrets in text, with the recognisers that filter answers.",
            discussion: """
                Reads files, or standard input where none is named or the name is `-`. With --json-lines each line is a \
                JSON object whose member `text` is looked through. What was found is told by rule and place, and never \
                shown; --redact prints the text as a filter would let it out.

                With --rules a file of rules in gitleaks' form is applied as well, whole and as it is.

                Exits with 0 where nothing was found, 1 where something was, 2 where the command line or a file is wrong.
                """
        )

        @Argument(help: "Files; `-` or none is standard input.", completion: .file())
        var paths: [String] = []

        @Flag(help: "Each line is a JSON object with a member `text`.")
        var jsonLines = false

        @Option(
            help: "Kinds of personal data to look for, by name and with commas between; `all`, `none` or `sensitive`."
        )
        var entities = "sensitive"

        @Flag(inversion: .prefixedNo, help: "Whether the built-in rules of secrets are applied.")
        var secrets = true

        @Option(help: "A file of rules of secrets in gitleaks' form (TOML).", completion: .file())
        var rules: String?

        @Flag(help: "Print the text with what was found redacted, instead of a table.")
        var redact = false

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = Format.table

        /// How findings are printed.
        enum Format: String, ExpressibleByArgument, CaseIterable {
            case table, json
        }

        func validate() throws {
            if redact, jsonLines || rules != nil {
                throw ValidationError("--redact is for plain text and the built-in rules")
            }
        }

        func run() throws {
            let scan = try GuardScan(policy: policy(), rulesFile: rules)
            var rows: [GuardScan.Row] = []
            for path in paths.isEmpty ? ["-"] : paths {
                let bytes = try Self.read(path)
                if redact {
                    FileHandle.standardOutput.write(Data(scan.redacted(bytes)))
                    rows += try scan.rows(bytes, path: path, line: nil)
                } else if jsonLines {
                    rows += try scan.lines(bytes, path: path)
                } else {
                    rows += try scan.rows(bytes, path: path, line: nil)
                }
            }
            if !redact { try write(rows) }
            if !rows.isEmpty { throw ExitCode(ExitStatus.refused.rawValue) }
        }

        private func policy() throws -> OutputPolicy {
            let types: [EntityType]
            switch entities {
            case "all": types = EntityType.allCases
            case "none": types = []
            case "sensitive": types = EntityType.sensitive
            default:
                types = try entities.split(separator: ",").map { name in
                    guard let type = EntityType(rawValue: String(name)) else {
                        throw CommandError(.usage, "there is no recogniser for `\(name)`")
                    }
                    return type
                }
            }
            return OutputPolicy(
                entities: Dictionary(types.map { ($0, OutputPolicy.Action.redact) }) { first, _ in first },
                secrets: secrets ? .redact : nil
            )
        }

        private func write(_ rows: [GuardScan.Row]) throws {
            if output == .json { return try StandardOutput.write(json: GuardScan.Report(findings: rows)) }
            guard !rows.isEmpty else { return StandardError.write("nothing was found") }
            var table = TextTable("PLACE", "RULE", "BYTES")
            for row in rows {
                table.add(
                    "\(row.file):\(row.line):\(row.column)",
                    row.rule,
                    ShownRange.text(from: row.start, to: row.end)
                )
            }
            StandardOutput.write(table.render())
        }

        /// The most bytes of a text.
        private static let maximumSize = 256 << 20

        private static func read(_ path: String) throws -> [UInt8] {
            path == "-"
                ? try InputFile.standardInput(atMost: maximumSize, of: "text")
                : try InputFile.bytes(path, atMost: maximumSize, of: "text")
        }
    }
}
