import ArgumentParser
import Authorization
import Logging
import Resources
import ZeroTrust

/// `lapwing config`: what this installation would run with.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show and validate the configuration, and reload what runs.",
        subcommands: [
            Show.self, Validate.self, ConfigDiffCommand.self, ConfigStatusCommand.self, ConfigReloadCommand.self,
        ]
    )

    /// `lapwing config show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Print each process setting and where it came from."
        )

        @OptionGroup var options: SettingsOptions

        @Flag(help: "Say where each value came from: a flag, the environment, a file or the default.")
        var origin = false

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() throws {
            // A configuration that does not load must not hide the settings of the process itself.
            let path = try Settings(options).config.value
            let settings = try Settings(options, documents: (try? ResourceLoader.load(path: path).documents) ?? [])
            let rows: [(String, String, String)] = [
                ("config", settings.config.value, settings.config.origin),
                ("state", settings.state.value, settings.state.origin),
                ("run", settings.runtime.value, settings.runtime.origin),
                ("trust-domain", settings.trustDomain.value.name, settings.trustDomain.origin),
                ("node", settings.node.value, settings.node.origin),
                ("log-format", settings.logFormat.value.rawValue, settings.logFormat.origin),
                ("log-level", settings.logLevel.value.rawValue, settings.logLevel.origin),
                (
                    "compat", settings.compatibility.value?.rawValue ?? "as each gateway says",
                    settings.compatibility.origin
                ),
                (
                    "gateway-user", settings.gatewayUser.value?.name ?? "whoever starts it",
                    settings.gatewayUser.origin
                ),
                (
                    "endpoint-user", settings.endpointUser.value?.name ?? "the gateway's",
                    settings.endpointUser.origin
                ),
                (
                    "workload-api", settings.workloadAPI.value.map { "\($0)" } ?? "our own authority's",
                    settings.workloadAPI.origin
                ),
                ("threads", settings.threads.value.map(String.init) ?? "one for each core", settings.threads.origin),
                (
                    "console-port", settings.consolePort.value == 0 ? "any" : "\(settings.consolePort.value)",
                    settings.consolePort.origin
                ),
                (
                    "console-listener", settings.resource.fields["consoleListener"]?.text ?? "none",
                    settings.resource.fields["consoleListener"].map { "\($0.location)" } ?? "default"
                ),
            ]
            switch output {
            case .json:
                struct Row: Encodable { let name, value, origin: String }
                try StandardOutput.write(json: rows.map { Row(name: $0.0, value: $0.1, origin: $0.2) })
            case .table:
                var table = origin ? TextTable("SETTING", "VALUE", "ORIGIN") : TextTable("SETTING", "VALUE")
                for row in rows { table.rows.append(origin ? [row.0, row.1, row.2] : [row.0, row.1]) }
                StandardOutput.write(table.render())
            }
        }
    }

    /// `lapwing config validate`.
    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "validate",
            abstract: "Load the whole configuration as `serve` would, and say what is wrong in it."
        )

        @OptionGroup var options: SettingsOptions

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        /// What came of it, as JSON.
        private struct Form: Encodable {
            let version = 1
            let config: String
            let valid: Bool
            /// How many resources there are, and the digest of the files; nil where they do not load.
            let resources: Int?
            let digest: String?
            let findings: [DiagnosticRow]
        }

        func run() throws {
            let path = try Settings(options).config.value
            do {
                let documents = try ResourceLoader.load(path: path).documents
                let configuration = try Configuration(settings: try Settings(options, documents: documents))
                switch output {
                case .json:
                    try StandardOutput.write(
                        json: Form(
                            config: path,
                            valid: true,
                            resources: documents.count,
                            digest: configuration.digest,
                            findings: configuration.warnings.map { DiagnosticRow($0) }
                        )
                    )
                case .table:
                    for warning in configuration.warnings { StandardError.write(warning.description) }
                    StandardOutput.write("\(counted(documents.count, "resource")) in `\(path)`: fine")
                }
            } catch let error as ResourceError where output == .json {
                let findings = error.diagnostics.map { DiagnosticRow($0) }
                try StandardOutput.write(
                    json: Form(config: path, valid: false, resources: nil, digest: nil, findings: findings)
                )
                throw ExitCode(ExitStatus.refused.rawValue)
            }
        }
    }
}

/// How a command prints its data.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table
    case json
}
