import ArgumentParser
import Authorization
import DataAccess
import Resources

/// `lapwing data egress`.
struct DataEgressCommand: FindingCommand {
    static let configuration = CommandConfiguration(
        commandName: "egress",
        abstract: "Say which of the ten conditions hold that keep components from the internet.",
        discussion: """
            Each condition is `present` where it is in force, as --kubernetes and --aws show it, `generated` where \
            `lapwing data emit` writes it, and `missing` where neither is so. A condition of several parts is as good as \
            the worst of them. What Lapwing neither writes nor sees is missing.

            Exits with 0 where nothing is missing, else with 1.
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
    }

    @OptionGroup var options: EstateOptions

    @Option(help: "A component; may be repeated. Without it, those that an invariant keeps from the internet.")
    var component: [String] = []

    @Option(
        help:
            "A file or directory of Kubernetes resources that are in force, as `kubectl get -o yaml` exports them; may be repeated.",
        completion: .file()
    )
    var kubernetes: [String] = []

    @Option(help: "A directory of AWS policies that are in force.", completion: .directory)
    var aws: String?

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = Format.table

    private struct Document: Encodable {
        let version = 1
        let estate: String
        let components: [String]
        let conditions: [EgressConditions.Condition]
    }

    func run() throws {
        let estate = try options.load()
        for name in component where estate.component(name) == nil {
            let names = estate.components.map(\.name)
            throw CommandError(.usage, "there is no component `\(name)`; \(suggestion(for: name, among: names))")
        }
        let report = try EgressConditions(
            estate,
            of: component,
            live: try ClusterExport.artifacts(estate, kubernetes, isGenerated: false),
            aws: try aws.map { try AWSArtifacts(files: try PolicyFiles.read($0), estate: estate) },
            meshIsClosed: { try MeshProof(estate, $0).isClosed }
        )
        switch output {
        case .json:
            try StandardOutput.write(
                json: Document(estate: estate.name, components: report.components, conditions: report.conditions)
            )
        case .table:
            var table = TextTable("NO", "CONDITION", "STATE", "PART", "NOTE")
            for condition in report.conditions {
                for (index, part) in condition.parts.enumerated() {
                    table.add(
                        index == 0 ? "\(condition.number)" : "",
                        index == 0 ? condition.title : "",
                        part.state.rawValue,
                        part.text,
                        part.note ?? ""
                    )
                }
            }
            StandardOutput.write(table.render())
        }
        let missing = report.conditions.filter { $0.state == .missing }.map { "\($0.number)" }
        let who = report.components.isEmpty ? "no component" : report.components.joined(separator: ", ")
        StandardError.write(
            "\(who): " + (missing.isEmpty ? "nothing is missing" : "missing: \(missing.joined(separator: ", "))")
        )
        if !missing.isEmpty { throw ExitCode(ExitStatus.refused.rawValue) }
    }
}
