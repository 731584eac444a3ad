import ArgumentParser
import Authorization
import Foundation
import Gateway
import Resources
import ZeroTrust

/// `lapwing policy`: check policies, and ask why a request is decided as it is.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check policies, explain decisions, and say who can reach what.",
        subcommands: [Check.self, Lint.self, Explain.self, PolicyReachCommand.self, PolicyExportCommand.self]
    )

    /// `lapwing policy check`.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check policy files as Istio's webhook does, and more strictly.",
            discussion: "Prints `file:line:column: error: …` for each finding; exits with 1 where there is an error."
        )

        @Argument(help: "Files or directories of YAML; `-` reads standard input.")
        var paths: [String]

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() throws {
            var documents: [Document] = []
            var diagnostics: [Diagnostic] = []
            for path in paths {
                do {
                    documents +=
                        path == "-"
                        ? try ResourceLoader.parse(yaml: try StandardInput.text(), file: "-")
                        : try ResourceLoader.load(path: path).documents
                } catch let error as ResourceError { diagnostics += error.diagnostics }
            }
            do { try ResourceLoader.refuseDuplicates(documents) } catch let error as ResourceError {
                diagnostics += error.diagnostics
            }
            let checked = PolicySet.check(documents)
            diagnostics += checked.diagnostics
            let errors = diagnostics.count { $0.severity == .error }
            switch output {
            case .json:
                struct Row: Encodable { let severity, file, message: String, line, column: Int }
                try StandardOutput.write(
                    json: diagnostics.map {
                        Row(
                            severity: $0.severity.rawValue,
                            file: $0.location.file,
                            message: $0.message,
                            line: $0.location.line,
                            column: $0.location.column
                        )
                    }
                )
            case .table:
                for diagnostic in diagnostics { StandardOutput.write(diagnostic.description) }
                StandardError.write(
                    "\(checked.sound.count) resources fine, \(errors) errors, \(diagnostics.count - errors) warnings"
                )
            }
            guard errors == 0 else { throw ExitCode(ExitStatus.refused.rawValue) }
        }
    }

    /// `lapwing policy explain`.
    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say why a recorded or hypothetical request is allowed or denied, rule by rule.",
            usage: """
                lapwing policy explain ID
                lapwing policy explain --from SPIFFE-ID METHOD URL
                """,
            discussion: """
                ID is the request id of a refusal (`x-request-id`). A hypothetical request is decided by the policies of
                --config as they stand now. Exits with 0 where the request is allowed and 1 where it is denied.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(help: "The caller's SPIFFE ID; without it the caller proved no identity.")
        var from: String?

        @Option(help: "Which gateway's workload and policies decide, where there are several.")
        var gateway: String?

        @Option(name: .customLong("header"), help: "A header line, `name: value`; may be repeated.")
        var headers: [String] = []

        @Option(help: "The address that the request comes from.")
        var sourceIP = "127.0.0.1"

        @Option(help: "The port on which the request arrives; the gateway's own by default.")
        var port: UInt16?

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
            let gateway = try configuration.gateway(named: gateway)
            let engine = try configuration.engine(for: gateway)
            if request.count == 1 {
                try report(engine.explain(try recorded(request[0], configuration)))
            } else {
                switch gateway.screen.check(
                    method: request[0],
                    target: target(request[1]),
                    authority: host(request[1])
                )
                {
                case .refused(let reason):
                    throw CommandError(
                        .refused,
                        "the gateway answers 400 before any policy is asked: \(reason.rawValue)"
                    )
                case .accepted(let screened):
                    try report(engine.explain(try hypothetical(screened, gateway)))
                }
            }
        }

        private func report(_ explanation: Explanation) throws {
            switch output {
            case .json: try StandardOutput.write(json: explanation)
            case .table: StandardOutput.write(explanation.description)
            }
            if explanation.outcome == .deny { throw ExitCode(ExitStatus.refused.rawValue) }
        }

        private func recorded(_ text: String, _ configuration: Configuration) throws -> Attributes {
            guard let id = RequestID(text) else {
                throw CommandError(
                    .usage,
                    "`\(text)` is no request id; for a hypothetical request give a method and a URL"
                )
            }
            let record = try AuditRecords(directory: configuration.settings.auditDirectory).decision(id)
            // A route is looked for after policy; any other reason that is not policy's own came before it.
            guard Decision.Reason(rawValue: record.reason) != nil || record.reason == "no_route" else {
                throw CommandError(.refused, "refused before any policy was asked: \(record.reason)")
            }
            let request = record.request
            return Attributes(
                caller: record.caller.map { Caller($0.spiffeID) } ?? .anonymous,
                method: request.method,
                path: request.path,
                authority: request.authority,
                headers: request.headers,
                source: record.source.address,
                destination: request.destination,
                serverName: record.tls?.serverName
            )
        }

        private func hypothetical(
            _ request: RequestScreen.Request,
            _ gateway: GatewayConfiguration
        ) throws -> Attributes {
            guard let source = IPAddress(sourceIP) else {
                throw CommandError(.usage, "`\(sourceIP)` is no IP address")
            }
            let lines = try headers.map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, !parts[0].isEmpty else {
                    throw CommandError(.usage, "`\(line)` is no header; write `name: value`")
                }
                return Exchange.Header(
                    name: parts[0].lowercased(),
                    value: parts[1].trimmingCharacters(in: .whitespaces)
                )
            }
            let caller =
                try from.map { text in
                    do { return Caller(try SPIFFEID(text.hasPrefix("spiffe://") ? text : "spiffe://" + text)) } catch {
                        throw CommandError(.usage, "--from `\(text)`: \(error)")
                    }
                } ?? .anonymous
            let destination = Exchange.Endpoint(
                address: IPAddress(gateway.listeners.first?.address ?? "") ?? IPAddress(v4: 0x7f00_0001),
                port: port ?? UInt16(gateway.listeners.first?.port ?? 0)
            )
            return Attributes(
                caller: caller,
                method: request.method,
                path: request.path,
                authority: request.authority,
                headers: lines,
                source: source,
                destination: destination,
                serverName: request.authority.split(separator: ":").first.map { $0.lowercased() }
            )
        }

        /// The path and query of a URL, or the text itself.
        private func target(_ url: String) -> String {
            guard let range = url.firstRange(of: "://") else { return url }
            let rest = url[range.upperBound...]
            guard let slash = rest.firstIndex(of: "/") else { return "/" }
            return String(rest[slash...])
        }

        /// The host of a URL; a path alone has the gateway's word for it.
        private func host(_ url: String) -> String {
            guard let range = url.firstRange(of: "://") else { return "localhost" }
            return String(url[range.upperBound...].prefix { $0 != "/" })
        }
    }
}
