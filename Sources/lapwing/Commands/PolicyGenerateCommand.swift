import ArgumentParser
import AuditLog
import Authorization
import Foundation
import Resources
import ZeroTrust

/// `lapwing policy generate`.
struct PolicyGenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write the policies of least privilege that allow what was recorded, and nothing else.",
        discussion: """
            Only requests that were allowed count. What comes out is checked before it is printed: every request that \
            it was made from is allowed by it. Requests of callers without an identity, and paths that no policy can \
            name exactly, are left out and counted on standard error.
            """
    )

    @OptionGroup var options: SettingsOptions

    @OptionGroup var choice: WorkloadOptions

    @OptionGroup var traffic: TrafficOptions

    @Option(help: "The name of the policy.")
    var name = "recorded-traffic"

    @Option(
        name: .customLong("min-distinct"),
        help: "How many different values of a path's segment it takes before it becomes `{*}`; 0 for never."
    )
    var minimumDistinct = 8

    @Flag(name: .customLong("hosts"), help: "Allow only the hosts that were asked for.")
    var includesHosts = false

    @Flag(name: .customLong("ports"), help: "Allow only the ports that were used.")
    var includesPorts = false

    func validate() throws {
        guard minimumDistinct == 0 || (2...1_000_000).contains(minimumDistinct) else {
            throw ValidationError("--min-distinct takes 0, or a number from 2 on")
        }
    }

    func run() throws {
        let target = try PolicyTarget(path: nil, options, choice)
        let tally = try traffic.tally(
            target.settings,
            ignoring: [.query, .source],
            defaultPort: target.ports.min() ?? 443
        )
        let observed = tally.observed(ports: target.ports) { $0.outcome == .allow || $0.outcome == nil }
        let allowed = observed.sorted { $0.summary < $1.summary }
        let generator = PolicyGenerator(
            scope: .init(namespace: target.workload.namespace, name: name, labels: target.workload.labels),
            minimumDistinct: minimumDistinct,
            includesHosts: includesHosts,
            includesPorts: includesPorts
        )
        let generated = generator.generate(allowed)
        try check(generated, allowed, target)
        StandardOutput.write(verbatim: String(generated.yaml.dropLast()))
        report(generated, allowed)
    }

    /// Reads what was written, and puts the requests to it.
    private func check(_ generated: GeneratedPolicies, _ requests: [ObservedRequest], _ target: PolicyTarget) throws {
        let documents = try ResourceLoader.parse(yaml: generated.yaml, file: "generated.yaml")
        let engine = try PolicyEngine(
            policies: try PolicySet.load(documents),
            workload: target.workload,
            options: target.engine.options
        )
        let omitted = Set(generated.omissions.map(\.request))
        let denied = requests.filter { !omitted.contains($0) && engine.evaluate($0.attributes).outcome == .deny }
        guard let first = denied.first else { return }
        throw CommandError(
            .refused,
            "nothing is written, since it would deny \(denied.count) of the requests that it was made from, such as "
                + "`\(first.summary)`"
        )
    }

    private func report(_ generated: GeneratedPolicies, _ requests: [ObservedRequest]) {
        StandardError.write(
            "\(counted(generated.count, "request")) of \(counted(generated.rules.count, "caller")); all of them are allowed"
        )
        for reason in GeneratedPolicies.Omission.Reason.allCases {
            let omitted = generated.omissions.filter { $0.reason == reason }.map(\.request)
            guard let first = omitted.first else { continue }
            let count = omitted.reduce(0) { $0 + $1.count }
            StandardError.write(
                "left out, \(reason.rawValue): \(counted(count, "request")), such as `\(first.summary)`"
            )
        }
        if requests.isEmpty {
            StandardError.write("no allowed request was recorded, so that the policy allows nothing")
        }
    }
}
