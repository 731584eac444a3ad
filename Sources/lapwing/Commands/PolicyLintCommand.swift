import ArgumentParser
import Authorization
import Foundation
import Resources

extension PolicyCommand {
    /// `lapwing policy lint`.
    struct Lint: FindingCommand {
        static let configuration = CommandConfiguration(
            commandName: "lint",
            abstract: "Find what loads and does not do what was meant, and mend what can be mended.",
            discussion: """
                Prints `file:line:column: warning: …; what to do [LW0001]` for each finding. Files of a cluster (pods, \
                namespaces, gateways) may be given along with the policies: they tell what a selector selects.

                Exits with 0 where nothing is found at or above --fail-on, 1 where something is, 2 where a file cannot \
                be read or the command line is wrong.
                """
        )

        @Argument(help: "Files or directories of YAML; `-` reads standard input.", completion: .file())
        var paths: [String] = []

        @Flag(help: "Mend what can be mended in the files themselves; comments and layout stay.")
        var fix = false

        @Flag(help: "List the rules and end.")
        var listRules = false

        @Option(name: .shortAndLong, help: "Output: table, json or sarif (SARIF 2.1.0).")
        var output = Format.table

        @Option(name: .customLong("disable"), help: "A rule that is not asked, such as LW0013; may be repeated.")
        var disabled: [String] = []

        @Option(
            help: "The least severity that makes the exit code 1: note, warning (unless said) or error.",
            transform: { try choice($0) }
        )
        var failOn = LintSeverity.warning

        @Option(
            name: .customLong("compat"),
            help: "Whose defaults hold where no Gateway says so: strict or istio.",
            transform: { try choice($0) }
        )
        var compatibility = Compatibility.strict

        @Option(help: "The namespace whose policies apply in all namespaces.")
        var rootNamespace = "istio-system"

        @Option(
            help: ArgumentHelp(
                "How paths are made canonical where no Gateway says so: "
                    + PathNormalization.allCases.map(\.rawValue).joined(separator: ", ") + "; BASE unless said."
            ),
            transform: { try choice($0) }
        )
        var pathNormalization = PathNormalization.base

        @Option(
            help: ArgumentHelp(
                "The kind of server behind, which decides which spellings of a path it takes for one: "
                    + BackendProfile.allCases.map(\.rawValue).joined(separator: ", ") + "; unknown unless said."
            ),
            transform: { try choice($0) }
        )
        var backend = BackendProfile.unknown

        @Option(help: "How many proxies in front are trusted to write x-forwarded-for.")
        var trustedHops = 0

        @Option(
            name: .customLong("provider"),
            help: "A provider that is configured for CUSTOM policies; may be repeated. Without any, none is checked."
        )
        var providers: [String] = []

        /// How findings are printed.
        enum Format: String, ExpressibleByArgument, CaseIterable {
            case table, json, sarif
        }

        func validate() throws {
            let known = LintRule.all.map(\.id)
            for id in disabled where !known.contains(id) {
                throw ValidationError("there is no rule `\(id)`; \(suggestion(for: id, among: known))")
            }
            guard listRules || !paths.isEmpty else {
                throw ValidationError("give the files or directories to look through")
            }
            if fix, paths.contains("-") { throw ValidationError("--fix changes files; `-` is none") }
        }

        func run() throws {
            if listRules { return list() }
            let linter = PolicyLinter(
                options: LintOptions(
                    compatibility: compatibility,
                    rootNamespace: rootNamespace,
                    pathNormalization: pathNormalization,
                    backend: backend,
                    trustedHops: trustedHops,
                    providers: providers.isEmpty ? nil : Set(providers)
                ),
                disabled: Set(disabled)
            )
            var sources = try read()
            if fix { sources = try mend(sources, with: linter) }
            let findings = linter.lint(sources)
            try report(findings, of: linter, files: sources.count)
            if findings.contains(where: { $0.severity >= failOn }) { throw ExitCode(ExitStatus.refused.rawValue) }
        }

        private func list() {
            var table = TextTable("ID", "NAME", "SEVERITY", "FIX", "WHAT")
            for rule in LintRule.all {
                table.add(rule.id, rule.name, rule.severity.rawValue, rule.isFixable ? "yes" : "", rule.summary)
            }
            StandardOutput.write(table.render())
        }

        /// The files, each once.
        private func read() throws -> [LintSource] {
            var sources: [LintSource] = []
            for path in paths {
                if path == "-" {
                    sources.append(LintSource(file: "-", text: try StandardInput.text()))
                    continue
                }
                let texts = try ResourceLoader.texts(path: path)
                if texts.isEmpty { StandardError.write(Diagnostic.nothing(in: path).description) }
                for source in texts where !sources.contains(where: { $0.file == source.file }) {
                    sources.append(LintSource(file: source.file, text: source.text))
                }
            }
            return sources
        }

        /// Mends the files, writes those that changed, and says what was mended.
        private func mend(_ sources: [LintSource], with linter: PolicyLinter) throws -> [LintSource] {
            let outcome = LintFixer.fix(sources, with: linter)
            for source in outcome.sources where outcome.changedFiles.contains(source.file) {
                do { try FileRewriter.write(source.text, to: source.file) } catch {
                    throw CommandError(.usage, "cannot write `\(source.file)`: \(SystemReason.of(error))")
                }
            }
            for finding in outcome.fixed {
                StandardError.write("\(finding.location): mended: \(finding.message) [\(finding.rule)]")
            }
            return outcome.sources
        }

        private func report(_ findings: [LintFinding], of linter: PolicyLinter, files: Int) throws {
            switch output {
            case .sarif:
                try StandardOutput.write(json: SARIFLog(findings, rules: linter.rules, version: Version.current))
            case .json: try StandardOutput.write(json: findings.map { Row($0) })
            case .table:
                for finding in findings { StandardOutput.write(finding.description) }
                let count = { (severity: LintSeverity) in findings.count { $0.severity == severity } }
                StandardError.write(
                    "\(counted(files, "file")), \(counted(linter.rules.count, "rule")): \(counted(count(.error), "error")), "
                        + "\(counted(count(.warning), "warning")), "
                        + "\(counted(count(.note), "note"))"
                )
            }
        }

        /// A finding as it is printed in JSON.
        private struct Row: Encodable {
            let rule, severity, file, message, fix, resource: String
            let line, column: Int
            let mendable: Bool

            init(_ finding: LintFinding) {
                self.rule = finding.rule
                self.severity = finding.severity.rawValue
                self.file = finding.location.file
                self.line = finding.location.line
                self.column = finding.location.column
                self.message = finding.message
                self.fix = finding.fix
                self.resource = finding.resource
                self.mendable = !finding.edits.isEmpty
            }
        }
    }
}

/// Reads one of a few words.
private func choice<Choice: RawRepresentable & CaseIterable>(_ text: String) throws -> Choice
where Choice.RawValue == String {
    if let choice = Choice(rawValue: text) { return choice }
    throw ValidationError("unknown value `\(text)`; \(suggestion(for: text, among: Choice.allCases.map(\.rawValue)))")
}

/// Writes a file anew where it is, so that no reader sees half of it.
enum FileRewriter {
    /// Puts a text in the place of a file's; links are followed and the mode is kept.
    static func write(_ text: String, to file: String) throws {
        let path = URL(fileURLWithPath: file).resolvingSymlinksInPath().path
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        if let mode = attributes[.posixPermissions] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
    }
}
