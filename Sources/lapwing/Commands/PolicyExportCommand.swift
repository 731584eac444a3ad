import ArgumentParser
import Authorization
import Foundation
import Resources

/// `lapwing policy export`.
struct PolicyExportCommand: FindingCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write policies as Envoy or ztunnel reads them, and say what they lose there.",
        discussion: """
            What the other data plane cannot express is listed on standard error, and the exit code is then 1; with \
            --allow-loss it is 0. Without files, the policies of the configuration are exported.
            """
    )

    enum Target: String, ExpressibleByArgument, CaseIterable {
        case envoy
        case ztunnel
    }

    enum Layer: String, ExpressibleByArgument, CaseIterable {
        case http
        case tcp
    }

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case yaml
        case json
    }

    @Option(help: "For what: envoy or ztunnel.")
    var to: Target

    @OptionGroup var subject: PolicySubjectOptions

    @Option(help: "Which gateway's workload the filters are for, where there are several.")
    var gateway: String?

    @Option(name: .customLong("protocol"), help: "For Envoy: the layer that the filters stand on, http or tcp.")
    var layer = Layer.http

    @Option(
        help: "For Envoy: a file with Istio's mesh configuration, whose `extensionProviders` CUSTOM policies ask.",
        completion: .file()
    )
    var meshConfig: String?

    @Flag(help: "Exit with 0 even where something is lost.")
    var allowLoss = false

    @Option(name: .shortAndLong, help: "Output: yaml or json.")
    var output = Format.yaml

    func run() throws {
        let subjects = try subject.subjects(gateway: gateway)
        guard let subject = subjects.first, subjects.count == 1 || to == .ztunnel else {
            let names = subjects.map(\.name).joined(separator: ", ")
            throw CommandError(.usage, "there are several gateways; choose one with --gateway: \(names)")
        }
        let export =
            switch to {
            case .envoy: try envoy(subject)
            case .ztunnel: ZtunnelExport(rootNamespace: subject.engine.options.rootNamespace).export(subject.policies)
            }
        switch output {
        case .json: StandardOutput.write(ExportValue.list(export.values).json)
        case .yaml:
            for value in export.values {
                StandardOutput.write(verbatim: "---\n" + value.yaml.trimmingCharacters(in: .newlines))
            }
        }
        for loss in export.losses { StandardError.write(loss.description) }
        guard export.losses.isEmpty || allowLoss else { throw ExitCode(ExitStatus.refused.rawValue) }
    }

    private func envoy(_ subject: PolicySubject) throws -> PolicyExport {
        var exporter = EnvoyExport(
            layer: layer == .http ? .http : .tcp,
            trustDomains: subject.engine.options.trustDomains
        )
        if let meshConfig {
            guard let data = FileManager.default.contents(atPath: meshConfig), data.count <= 1 << 20,
                let text = String(data: data, encoding: .utf8)
            else { throw CommandError(.usage, "`\(meshConfig)` cannot be read, or is no text of at most 1 MiB") }
            guard let value = try ResourceLoader.values(yaml: text, file: meshConfig).first else {
                throw CommandError(.usage, "`\(meshConfig)` is empty")
            }
            exporter.providers = try EnvoyAuthorizationProvider.load(meshConfig: value)
        }
        return exporter.export(subject.engine.policies, compatibility: subject.engine.options.compatibility)
    }
}
