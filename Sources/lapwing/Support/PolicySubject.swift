import ArgumentParser
import Authorization
import Gateway
import Resources
import ZeroTrust

/// A workload that is asked about: the policies that apply to it, and how requests come to them.
struct PolicySubject {
    /// The gateway's name, or `NAMESPACE` and labels where policies are read alone.
    let name: String
    let workload: Workload
    /// Every policy of the configuration.
    let policies: PolicySet
    let engine: PolicyEngine
    let normalization: PathNormalization
    /// The port at which requests arrive, where it is known.
    let port: UInt16?
    /// Whether the workload stands behind Lapwing's own listener.
    let isGateway: Bool
    /// Whether requests come over plaintext too, from callers who prove nothing.
    var letsInPlaintext = false
    /// Whether a route lets a CONNECT become a tunnel.
    var offersTunnels = false

    /// Whose tokens are verified for the workload; nil where only policies were given, so that nobody can tell.
    var issuers: [String]? {
        let issuers = policies.issuers(for: workload, engine.options)
        return isGateway || !issuers.isEmpty ? issuers : nil
    }
}

extension PolicySet {
    /// Whose tokens are verified for a workload.
    func issuers(for workload: Workload, _ options: PolicyEngine.Options) -> [String] {
        let selected = requestAuthentications.filter { $0.applies(to: workload, rootNamespace: options.rootNamespace) }
        return Array(Set(selected.flatMap(\.rules).compactMap(\.issuer?.text))).sorted()
    }
}

/// Which workloads a command is about: the gateways of a configuration, or a workload that policy files are for.
struct PolicySubjectOptions: ParsableArguments {
    @OptionGroup var settings: SettingsOptions

    @Argument(
        help: "Policy files or directories, in place of the configuration's; `-` reads standard input.",
        completion: .file()
    )
    var paths: [String] = []

    @Option(help: "With files: the workload's namespace.")
    var namespace = "default"

    @Option(name: .customLong("label"), help: "With files: a label of the workload, `key=value`; may be repeated.")
    var labels: [String] = []

    @Option(help: "With files: how paths are made canonical; NONE, BASE, MERGE_SLASHES or DECODE_AND_MERGE_SLASHES.")
    var normalization = PathNormalization.base.rawValue

    /// The workloads; of a configuration, the gateway of that name or all of them.
    func subjects(gateway name: String?) throws -> [PolicySubject] {
        guard paths.isEmpty else { return [try subjectOfFiles()] }
        let documents = try ResourceLoader.load(path: try Settings(settings).config.value).documents
        let configuration = try Configuration(settings: try Settings(settings, documents: documents))
        let gateways = try name.map { [try configuration.gateway(named: $0)] } ?? configuration.gateways
        guard !gateways.isEmpty else {
            throw CommandError(
                .usage,
                "`\(configuration.settings.config.value)` has no `Gateway`; give policy files instead"
            )
        }
        return try gateways.map { gateway in
            PolicySubject(
                name: gateway.name,
                workload: gateway.workload,
                policies: configuration.policies,
                engine: try configuration.engine(for: gateway),
                normalization: gateway.pathNormalization,
                port: gateway.listeners.first { $0.service == .http }.flatMap { UInt16(exactly: $0.port) },
                isGateway: true,
                letsInPlaintext: configuration.letsInPlaintext(to: gateway),
                offersTunnels: gateway.routes.contains(where: \.allowsConnect)
            )
        }
    }

    private func subjectOfFiles() throws -> PolicySubject {
        var documents: [Document] = []
        for path in paths { documents += try PolicyDocuments.read(path).documents }
        try ResourceLoader.refuseDuplicates(documents)
        let policies = try PolicySet.load(documents)
        guard let normalization = PathNormalization(rawValue: normalization) else {
            let names = PathNormalization.allCases.map(\.rawValue)
            throw CommandError(
                .usage,
                "--normalization `\(normalization)` is unknown; \(suggestion(for: normalization, among: names))"
            )
        }
        let pairs = try labels.map { label in
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandError(.usage, "--label `\(label)` is no label; write `key=value`")
            }
            return (parts[0], parts[1])
        }
        let workload = Workload(namespace: namespace, labels: Dictionary(pairs) { _, last in last })
        let resolved = try Settings(settings, documents: [])
        let engine = try PolicyEngine(
            policies: policies,
            workload: workload,
            options: PolicyEngine.Options(
                compatibility: resolved.compatibility.value ?? .strict,
                trustDomains: [resolved.trustDomain.value.name]
            )
        )
        return PolicySubject(
            name: ([namespace] + labels).joined(separator: " "),
            workload: workload,
            policies: policies,
            engine: engine,
            normalization: normalization,
            port: nil,
            isGateway: false,
            letsInPlaintext: !MutualTLSRequirement(
                policies.peerAuthentications,
                workload: workload,
                rootNamespace: engine.options.rootNamespace,
                compatibility: engine.options.compatibility
            ).isStrict
        )
    }
}
