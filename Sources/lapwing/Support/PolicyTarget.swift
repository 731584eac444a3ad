import ArgumentParser
import Authorization
import Foundation
import Gateway
import Resources
import ZeroTrust

/// The flags that name the workload which policies are asked for.
struct WorkloadOptions: ParsableArguments {
    @Option(help: "Which gateway's workload the requests go to, where there are several.")
    var gateway: String?

    @Option(help: "The workload's namespace, where no gateway says it.")
    var namespace: String?

    @Option(name: .customLong("label"), help: "A label of the workload, `key=value`; may be repeated.")
    var labels: [String] = []

    /// The workload that the flags describe, or nil where they do not.
    ///
    /// - Throws: ``CommandError`` for a label that cannot be read.
    func workload() throws -> Workload? {
        guard let namespace else {
            guard labels.isEmpty else { throw CommandError(.usage, "--label goes with --namespace") }
            return nil
        }
        var parsed: [String: String] = [:]
        for label in labels {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandError(.usage, "`\(label)` is no label; write `key=value`")
            }
            parsed[String(parts[0])] = String(parts[1])
        }
        return Workload(namespace: namespace, labels: parsed)
    }
}

/// Policies from a directory or a file, and the workload that they are asked for.
struct PolicyTarget {
    let workload: Workload
    let compatibility: Compatibility
    let screen: RequestScreen
    /// The ports on which the workload's gateway listens; empty for any.
    let ports: Set<UInt16>
    /// The engine that decides for the workload.
    let engine: PolicyEngine
    let settings: Settings

    /// Reads policies.
    ///
    /// - Parameters:
    ///   - path: a configuration directory, or one with policies alone; nil for that of the settings.
    ///   - options: the settings' flags.
    ///   - choice: the flags that name a workload.
    ///   - fallback: a target whose workload holds where neither the directory nor the flags name one.
    /// - Throws: `ResourceError` for what is wrong in the files, ``CommandError`` where no workload is known.
    init(
        path: String?,
        _ options: SettingsOptions,
        _ choice: WorkloadOptions,
        fallback: PolicyTarget? = nil
    ) throws {
        var options = options
        if let path { options.config = path }
        let directory = try Settings(options).config.value
        let documents = try ResourceLoader.load(path: directory).documents
        let settings = try Settings(options, documents: documents)
        let policies = try PolicySet.load(documents)
        let gateways = try GatewayConfiguration.load(documents)
        // Which gateway a workload that is named by hand stands behind is not known: those of any count.
        var providers = Set(gateways.flatMap { $0.providers.map(\.name) })
        if gateways.isEmpty, let fallback { providers = fallback.engine.options.providers }
        if let workload = try choice.workload() {
            self.workload = workload
            self.compatibility = settings.compatibility.value ?? .strict
            self.screen = RequestScreen()
            self.ports = []
        } else if gateways.isEmpty, let fallback {
            self.workload = fallback.workload
            self.compatibility = settings.compatibility.value ?? fallback.compatibility
            self.screen = fallback.screen
            self.ports = fallback.ports
        } else {
            let gateway = try Self.gateway(choice.gateway, among: gateways, in: directory)
            self.workload = gateway.workload
            self.compatibility = settings.compatibility.value ?? gateway.compatibility
            self.screen = gateway.screen
            providers = Set(gateway.providers.map(\.name))
            // One gateway takes all that its node recorded; of several, each what came to its ports.
            self.ports = gateways.count > 1 ? Set(gateway.listeners.map { UInt16($0.port) }) : []
        }
        self.settings = settings
        self.engine = try PolicyEngine(
            policies: policies,
            workload: workload,
            options: .init(
                compatibility: compatibility,
                trustDomains: [settings.trustDomain.value.name],
                providers: providers
            )
        )
    }

    /// The gateway of a name, or the only one.
    static func gateway(
        _ name: String?,
        among gateways: [GatewayConfiguration],
        in place: String
    ) throws -> GatewayConfiguration {
        let names = gateways.map(\.name)
        if let name {
            guard let gateway = gateways.first(where: { $0.name == name }) else {
                throw CommandError(.usage, "there is no gateway `\(name)`; \(suggestion(for: name, among: names))")
            }
            return gateway
        }
        guard let gateway = gateways.first else {
            throw CommandError(
                .usage,
                "`\(place)` has no `Gateway`, so that no workload is known; say it with --namespace and --label"
            )
        }
        guard gateways.count == 1 else {
            throw CommandError(
                .usage,
                "there are several gateways; choose one with --gateway: \(names.joined(separator: ", "))"
            )
        }
        return gateway
    }
}
