import ArgumentParser
import AuditLog
import Authorization
import Foundation
import Gateway
import Resources
import WireProtos
import ZeroTrust

/// `lapwing config diff`.
struct ConfigDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what a reload would change: resources, listeners, routes, upstreams, and decisions.",
        usage: """
            lapwing config diff [NEW-DIR] [--against DIR|running]
            lapwing config diff NEW-DIR --against DIR --log DIR --fail-on-change
            """,
        discussion: """
            NEW-DIR is the directory of --config unless said; it is compared with what the gateway runs with, or with \
            another directory. Decisions are compared twice: for the requests of this node's record (or of --log, or \
            of --requests), and for all requests that there can be, as `lapwing policy reach` computes them. Exits \
            with 1 where NEW-DIR would be refused, and with --fail-on-change where a decision changes.
            """
    )

    @OptionGroup var options: SettingsOptions

    @OptionGroup var traffic: TrafficOptions

    @Argument(help: "The new configuration; that of --config by default.", completion: .file())
    var new: String?

    @Option(help: "What to compare with: `running`, or a directory.")
    var against = "running"

    @Flag(help: "Exit with 1 where any decision would change.")
    var failOnChange = false

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    func run() async throws {
        let settings = try Settings(options)
        let after = try Self.load(new ?? settings.config.value, options)
        let before =
            against == "running"
            ? try await Self.running(options) : try Self.load(against, options)
        var report = Report(
            old: .init(place: against, digest: before.digest),
            new: .init(place: new ?? settings.config.value, digest: after.digest),
            resources: ResourceChange.all(from: before.documents, to: after.documents),
            gateways: GatewayChange.all(from: before.gateways, to: after.gateways)
        )
        do { try before.settings.resource.requireUnchanged(in: after.settings.resource) } catch let error as NotLive {
            report.notLive = error.changes
        }
        for gateway in after.gateways {
            guard let old = before.gateways.first(where: { $0.name == gateway.name }) else { continue }
            report.decisions.append(try decisions(from: (before, old), to: (after, gateway)))
        }
        switch output {
        case .json: try StandardOutput.write(json: report)
        case .table: StandardOutput.write(report.text)
        }
        guard report.notLive.isEmpty, !failOnChange || !report.changesDecisions else {
            throw ExitCode(ExitStatus.refused.rawValue)
        }
    }

    private static func load(_ path: String, _ options: SettingsOptions) throws -> Configuration {
        var options = options
        options.config = path
        let sources = try ResourceLoader.sources(path: path)
        let documents = try ResourceLoader.load(sources: sources).documents
        return try Configuration(settings: try Settings(options, documents: documents), sources: sources)
    }

    /// What the gateway runs with, as it was read.
    private static func running(_ options: SettingsOptions) async throws -> Configuration {
        var sources: [(file: String, bytes: Data)] = []
        try await AdminClient(gateway: try Settings(options))
            .stream("ListFiles", Gateway_ListFilesRequest()) { (file: Gateway_ConfigurationFile) in
                sources.append((file: file.name, bytes: file.content))
            }
        let documents = try ResourceLoader.load(sources: sources).documents
        return try Configuration(settings: try Settings(options, documents: documents), sources: sources)
    }

    // MARK: Decisions

    private func decisions(
        from old: (configuration: Configuration, gateway: GatewayConfiguration),
        to new: (configuration: Configuration, gateway: GatewayConfiguration)
    ) throws -> Decisions {
        let engines = (
            old: try old.configuration.engine(for: old.gateway), new: try new.configuration.engine(for: new.gateway)
        )
        var decisions = Decisions(gateway: new.gateway.name)
        if let tally = try tally(old.configuration, engines.old, engines.new) {
            let isOnly = old.configuration.gateways.count == 1
            let ports = isOnly ? [] : Set(old.gateway.listeners.compactMap { UInt16(exactly: $0.port) })
            decisions.replay = PolicyReplay(old: engines.old, new: engines.new).run(tally.observed(ports: ports))
        }
        guard mayDiffer(old, new) else {
            decisions.reach = []
            return decisions
        }
        guard old.gateway.pathNormalization == new.gateway.pathNormalization else {
            decisions.unanswered = "paths are made canonical in another way, so that they are not compared"
            return decisions
        }
        let issuers = [old, new].map { side in
            side.configuration.policies.issuers(for: side.gateway.workload, engines.new.options)
        }
        guard issuers[0] == issuers[1] else {
            decisions.unanswered = "tokens of other issuers are verified, so that they are not compared"
            return decisions
        }
        do throws(ReachError) {
            decisions.reach = try Reachability.changes(
                from: engines.old,
                to: engines.new,
                options: .init(
                    callers: [old, new].contains { $0.configuration.letsInPlaintext(to: $0.gateway) }
                        ? .anyone : .spiffe,
                    normalization: new.gateway.pathNormalization,
                    issuers: issuers[1],
                    offersTunnels: [old, new].contains { $0.gateway.routes.contains(where: \.allowsConnect) }
                )
            )
        } catch {
            decisions.unanswered = error.message
        }
        return decisions
    }

    /// Whether anything that decisions are made from differs.
    private func mayDiffer(
        _ old: (configuration: Configuration, gateway: GatewayConfiguration),
        _ new: (configuration: Configuration, gateway: GatewayConfiguration)
    ) -> Bool {
        let kinds = ["AuthorizationPolicy", "RequestAuthentication"]
        let changes = ResourceChange.all(from: old.configuration.documents, to: new.configuration.documents)
        return changes.contains { kinds.contains($0.kind) } || old.gateway.workload != new.gateway.workload
            || old.gateway.compatibility != new.gateway.compatibility
            || old.gateway.pathNormalization != new.gateway.pathNormalization
            || Set(old.gateway.providers.map(\.name)) != Set(new.gateway.providers.map(\.name))
            || old.configuration.settings.trustDomain.value != new.configuration.settings.trustDomain.value
    }

    /// The recorded traffic; nil where none was named and there is none.
    private func tally(_ configuration: Configuration, _ old: PolicyEngine, _ new: PolicyEngine) throws -> TrafficTally?
    {
        let directory = configuration.settings.auditDirectory
        guard !traffic.files.isEmpty || traffic.log != nil || FileManager.default.fileExists(atPath: directory) else {
            StandardError.write("no traffic is recorded at `\(directory)`; name some with --log or --requests")
            return nil
        }
        var ignored: TrafficTally.Ignored = []
        if !old.consultsQuery, !new.consultsQuery { ignored.insert(.query) }
        if !old.consultsSource, !new.consultsSource { ignored.insert(.source) }
        return try traffic.tally(configuration.settings, ignoring: ignored, defaultPort: 443)
    }

    // MARK: What is told

    /// How decisions change at one gateway.
    struct Decisions: Encodable {
        let gateway: String
        /// For the requests that were recorded; nil where there are none.
        var replay: ReplayReport?
        /// For all requests; nil where that cannot be told.
        var reach: [ReachChange]?
        /// Why it cannot be told.
        var unanswered: String?
    }

    struct Report: Encodable {
        struct Side: Encodable { let place, digest: String }

        let version = 1
        let old, new: Side
        let resources: [ResourceChange]
        let gateways: [GatewayChange]
        var decisions: [Decisions] = []
        /// What takes effect at a start only, so that a reload is refused.
        var notLive: [String] = []

        var changesDecisions: Bool {
            decisions.contains { ($0.replay?.changed ?? 0) > 0 || !($0.reach ?? []).isEmpty }
        }

        var text: String {
            var lines = ["\(old.place) \(old.digest.prefix(12)) → \(new.place) \(new.digest.prefix(12))"]
            for resource in resources {
                lines.append(
                    "\(mark(resource.change)) \(resource.kind) \(resource.namespace)/\(resource.name)  \(resource.location)"
                )
                for field in resource.fields {
                    lines.append(
                        "    \(field.path): \(field.old ?? "nothing") → \(field.new ?? "nothing")  \(field.location)"
                    )
                }
            }
            for part in gateways {
                let name = [part.gateway, part.part, part.name].compactMap(\.self).joined(separator: " ")
                lines.append("\(mark(part.change)) \(name): \(part.effect)")
            }
            for change in notLive { lines.append(Style.red("not live") + "  \(change)") }
            for decisions in decisions { lines += text(of: decisions) }
            if resources.isEmpty, gateways.isEmpty { lines.append("nothing changes") }
            return lines.joined(separator: "\n")
        }

        private func mark(_ change: ResourceChange.Kind) -> String {
            switch change {
            case .added: Style.green("+")
            case .removed: Style.red("-")
            case .changed: Style.yellow("~")
            }
        }

        private func text(of decisions: Decisions) -> [String] {
            var lines: [String] = []
            if let replay = decisions.replay {
                lines.append(
                    "\(decisions.gateway): of \(replay.total) recorded requests \(replay.changed) would be decided otherwise"
                )
                for change in replay.changes {
                    let title = "\(change.old.outcome.rawValue) → \(change.new.outcome.rawValue)"
                    let example = change.requests.first.map { ", such as \($0.summary)" } ?? ""
                    lines.append("    \(title)  \(counted(change.count, "request"))\(example)")
                }
            }
            for change in decisions.reach ?? [] {
                let title = change.kind == .allowed ? Style.yellow("newly allowed") : Style.red("newly denied")
                let requests = change.requests
                lines.append(
                    "    \(title)  \(requests.callers)  \(requests.methods)  \(requests.paths)  \(requests.rule ?? "")"
                )
                lines.append("      such as \(requests.witness)")
            }
            if decisions.reach?.isEmpty == true {
                lines.append("\(decisions.gateway): no request that there can be would be decided otherwise")
            }
            if let unanswered = decisions.unanswered {
                lines.append("\(decisions.gateway): not told for all requests: \(unanswered)")
            }
            return lines
        }
    }
}
