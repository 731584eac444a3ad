import ArgumentParser
import AuditLog
import Foundation
import Glibc
import Monitoring
import WireProtos
import WorkloadIdentity
import ZeroTrust

/// `lapwing alert`: what the monitor found, and what became of it.
struct AlertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alert",
        abstract: "List what the monitor found, and say what becomes of it.",
        discussion: """
            A finding is open until somebody acknowledges it, accepts it into the baseline, or resolves it. Each of these is \
            recorded in the audit log with who did it, and takes effect from there. An AdminPolicy says who may: operators and \
            responders.
            """,
        subcommands: [List.self, Show.self, Acknowledge.self, Accept.self, Resolve.self]
    )

    /// `lapwing alert list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List findings, the worst first.",
            discussion: "Exits with 1 where a finding is open or acknowledged."
        )

        @OptionGroup var options: SettingsOptions

        @Option(
            help: "Only findings of this severity or worse: info, low, medium, high or critical.",
            completion: .list(["info", "low", "medium", "high", "critical"])
        )
        var severity: String?

        @Option(help: "Only findings of this type: M1 to M9, or its name.")
        var type: String?

        @Flag(help: "Findings that were accepted or resolved, too.")
        var all = false

        @Option(name: .shortAndLong, help: "Output: table or json (one finding a line).")
        var output = OutputFormat.table

        func validate() throws {
            if let severity, Severity(name: severity) == nil {
                throw ValidationError("--severity takes \(Severity.allCases.map(\.name).joined(separator: ", "))")
            }
            if let type, FindingType(name: type) == nil {
                throw ValidationError(
                    "--type takes M1 to M9, or a name: \(FindingType.allCases.map(\.name).joined(separator: ", "))"
                )
            }
        }

        func run() throws {
            let monitor = try MonitorReading.current(try Settings(options))
            let least = severity.flatMap { Severity(name: $0) } ?? .info
            let wanted = type.flatMap { FindingType(name: $0) }
            let findings = monitor.findings.findings.filter {
                $0.severity >= least && (wanted == nil || $0.type == wanted) && (all || $0.state.isActive)
            }
            FindingOutput.write(findings, output)
            if findings.contains(where: \.state.isActive) { throw ExitCode(ExitStatus.refused.rawValue) }
        }
    }

    /// `lapwing alert show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Print all that one finding holds."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The finding's id: `M1-4711`.")
        var id: String

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() throws {
            let finding = try AlertCommand.finding(id, try Settings(options))
            switch output {
            case .json: StandardOutput.write(verbatim: finding.json)
            case .table: FindingOutput.write(whole: finding)
            }
        }
    }

    /// `lapwing alert ack`.
    struct Acknowledge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ack",
            abstract: "Say that somebody looks into a finding."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The finding's id.")
        var id: String

        func run() async throws { try await AlertCommand.act(.acknowledge, id, options) }
    }

    /// `lapwing alert accept`.
    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "accept",
            abstract: "Say that what was found is how things are: the same is no finding any more."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The finding's id.")
        var id: String

        @Option(help: "Why, for whoever reads the record.")
        var reason: String

        func validate() throws {
            guard (1...500).contains(reason.count) else { throw ValidationError("--reason takes 1 to 500 characters") }
        }

        func run() async throws { try await AlertCommand.act(.accept(reason: reason), id, options) }
    }

    /// `lapwing alert resolve`.
    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resolve",
            abstract: "Say that it is over: the same would be a new finding."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The finding's id.")
        var id: String

        func run() async throws { try await AlertCommand.act(.resolve, id, options) }
    }

    private static func finding(_ id: String, _ settings: Settings) throws -> Finding {
        guard let finding = try MonitorReading.current(settings).findings[id] else {
            throw CommandError(.refused, "there is no finding `\(id.prefix(80))`; `lapwing alert list --all` has all")
        }
        return finding
    }

    /// Has an act recorded by the gateway, which asks its `AdminPolicy` who may; where the record can be read, it is tried
    /// first whether it can be done.
    private static func act(_ act: FindingAct, _ id: String, _ options: SettingsOptions) async throws {
        let settings = try Settings(options)
        var state: String?
        // Whoever may act on a finding need not be let read the files of the record.
        if FileManager.default.isReadableFile(atPath: settings.auditDirectory) {
            var monitor = try MonitorReading.current(settings)
            do { try monitor.apply(act, to: id, by: AdminCaller.user(geteuid()).description, at: .now()) } catch {
                throw CommandError(.refused, error.message)
            }
            state = monitor.findings[id]?.state.name
        }
        var request = Gateway_ActOnFindingRequest()
        request.finding = id
        request.action = act.action
        if case .accept(let reason) = act { request.reason = reason }
        let answer: Gateway_FindingAct = try await AdminClient(gateway: settings).call("ActOnFinding", request)
        StandardError.write(
            state.map { "\(id) is \($0); entry \(answer.index) of the record says so" }
                ?? "entry \(answer.index) of the record says so of \(id); whether there is such a finding is not known here, "
                + "since `\(settings.auditDirectory)` cannot be read"
        )
    }
}
