import ArgumentParser
import Authorization
import Foundation
import Resources

/// `lapwing policy`: check policies, test them, and ask why a request is decided as it is.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check, test and lint policies, explain decisions, and say who can reach what.",
        subcommands: [
            Check.self, Lint.self, PolicyExplainCommand.self, PolicyTestCommand.self, PolicyReachCommand.self,
            PolicyReplayCommand.self, PolicyGenerateCommand.self, PolicyExportCommand.self,
        ]
    )

    /// `lapwing policy check`.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Check policy files as Istio's webhook does, and more strictly.",
            discussion: "Prints `file:line:column: error: …` for each finding; exits with 1 where there is an error."
        )

        @Argument(help: "Files or directories of YAML; `-` reads standard input.", completion: .file())
        var paths: [String]

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() throws {
            var documents: [Document] = []
            var diagnostics: [Diagnostic] = []
            var passedOver = 0
            for path in paths {
                do {
                    let read = try PolicyDocuments.read(path)
                    documents += read.documents
                    passedOver += read.passedOver
                    if read.documents.isEmpty, read.passedOver == 0 { diagnostics.append(.nothing(in: path)) }
                } catch let error as ResourceError { diagnostics += error.diagnostics }
            }
            do { try ResourceLoader.refuseDuplicates(documents) } catch let error as ResourceError {
                diagnostics += error.diagnostics
            }
            let checked = PolicySet.check(documents)
            diagnostics += checked.diagnostics
            let errors = diagnostics.count { $0.severity == .error }
            switch output {
            case .json: try StandardOutput.write(json: diagnostics.map { DiagnosticRow($0) })
            case .table:
                for diagnostic in diagnostics { StandardOutput.write(diagnostic.description) }
                StandardError.write(
                    "\(counted(checked.sound.count, "resource")) fine, \(counted(errors, "error")), "
                        + counted(diagnostics.count - errors, "warning")
                        + (passedOver > 0 ? "; \(passedOver) of other groups passed over" : "")
                )
            }
            guard errors == 0 else { throw ExitCode(ExitStatus.refused.rawValue) }
        }
    }
}
