import ArgumentParser
import AuditLog
import Authorization
import Foundation
import Gateway
import Resources
import ZeroTrust

/// `lapwing policy explain`.
struct PolicyExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a recorded or hypothetical request is allowed or denied, rule by rule.",
        usage: """
            lapwing policy explain ID
            lapwing policy explain --from SPIFFE-ID METHOD URL
            """,
        discussion: """
            ID is the request id of a refusal (`x-request-id`), the id of a call through the egress listener, or the \
            id of a record of refused connections (failed handshakes, unknown callers). A hypothetical request is \
            decided by the policies of --config as they stand now; for a tunnel, METHOD is CONNECT and URL is \
            HOST:PORT, and for a connection that carries no HTTP, TCP and `tcp://HOST:PORT`. The smallest edit that is \
            printed was tried: with it, the decision is the other way round. Exits with 0 where the request is allowed \
            and 1 where it is denied.
            """
    )

    @OptionGroup var options: SettingsOptions

    @OptionGroup var hypothesis: HypotheticalRequest

    @Option(help: "Which gateway's workload and policies decide; needed where there are several and no record says it.")
    var gateway: String?

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    @Argument(help: "A request id; or a method and a URL.")
    var request: [String]

    func validate() throws {
        guard (1...2).contains(request.count) else {
            throw ValidationError("give a request id, or a method and a URL such as `POST https://host/v1/predict`")
        }
    }

    func run() throws {
        let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
        let configuration = try Configuration(settings: try Settings(options, documents: documents))
        guard request.count == 2 else { return try explainRecord(try requestID(request[0]), configuration) }
        let gateway = try configuration.gateway(named: gateway)
        try report(
            configuration.engine(for: gateway).explain(
                try hypothesis.attributes(method: request[0], url: request[1], to: gateway)
            )
        )
    }

    private func requestID(_ text: String) throws -> RequestID {
        guard let id = RequestID(text) else {
            throw CommandError(
                .usage,
                "`\(text)` is no request id; for a hypothetical request give a method and a URL"
            )
        }
        return id
    }

    private func report(_ explanation: Explanation) throws {
        switch output {
        case .json: try StandardOutput.write(json: explanation)
        case .table: StandardOutput.write(explanation.description)
        }
        if explanation.outcome == .deny { throw ExitCode(ExitStatus.refused.rawValue) }
    }

    // MARK: - Records

    private func explainRecord(_ id: RequestID, _ configuration: Configuration) throws {
        let records = try AuditRecords(directory: configuration.settings.auditDirectory)
        for entry in try records.entries(of: id) {
            switch try records.reading({ try entry.record() }) {
            case .decision(let record): return try explain(record, configuration)
            case .refusals(let record): return try explain(record)
            case .completion, .act, .bodies, .sampling: continue
            }
        }
        throw CommandError(.refused, "the log has no decision of `\(id)`")
    }

    private func explain(_ record: DecisionRecord, _ configuration: Configuration) throws {
        let gateway = try gateway == nil ? served(by: configuration, record) : configuration.gateway(named: gateway)
        let decision = try RecordedDecision(record, configuration, configuration.engine(for: gateway))
        for note in decision.notes { StandardError.write(note) }
        try report(decision.explanation)
    }

    /// The gateway that decided, as far as the record tells.
    ///
    /// - Throws: ``CommandError`` where it could be any of several.
    private func served(by configuration: Configuration, _ record: DecisionRecord) throws -> GatewayConfiguration {
        // Calls out are decided by the policies of the service that they go to, whichever gateway sees them.
        if record.route?.hasPrefix("egress/") ?? false,
            let gateway = configuration.gateways.first(where: { $0.egress != nil })
        {
            return gateway
        }
        let port = Int(record.request.destination.port)
        let listening = configuration.gateways.filter { $0.listeners.contains { $0.port == port } }
        return try listening.count == 1 ? listening[0] : configuration.gateway(named: nil)
    }

    private func explain(_ record: AggregateRefusalRecord) throws {
        let advice = RefusalAdvice.of(record.reason)
        switch output {
        case .json:
            struct Form: Encodable {
                let format = "lapwing-refusal-explanation/1"
                let reason: String
                let count: UInt64
                let source: String?
                let time: Date
                let meaning, mend: String?
            }
            try StandardOutput.write(
                json: Form(
                    reason: record.reason,
                    count: record.count,
                    source: record.source?.description,
                    time: Date(timeIntervalSince1970: Double(record.second.nanoseconds) / 1e9),
                    meaning: advice?.meaning,
                    mend: advice?.mend
                )
            )
        case .table:
            let from = record.source.map { "from \($0)" } ?? "from many addresses"
            StandardOutput.write("refused before an identity was known: \(record.reason) × \(record.count) \(from)")
            if let advice {
                StandardOutput.write("  \(advice.meaning)\nwhat to mend: \(advice.mend)")
            } else {
                StandardOutput.write("  nothing more is known of this reason")
            }
        }
        throw ExitCode(ExitStatus.refused.rawValue)
    }
}
