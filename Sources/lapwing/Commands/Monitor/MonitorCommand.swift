import ArgumentParser
import AuditLog
import Foundation
import Monitoring
import Resources

/// `lapwing monitor`: what watches the record.
struct MonitorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Put a log to the detectors again.",
        subcommands: [Replay.self]
    )

    /// `lapwing monitor replay`.
    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replay",
            abstract: "Run the detectors over a log from its beginning; the same log gives the same findings.",
            usage: """
                lapwing monitor replay
                lapwing monitor replay --log DIR -o json
                lapwing monitor replay --source cloudtrail=FILE --source flow=FILE
                """,
            discussion: """
                The log is this node's own, unless --log or --source says otherwise. What is a finding is said by the \
                MonitorPolicy of the configuration; without a configuration the defaults hold. Exits with 1 where there are \
                findings that are open.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(help: "The directory of another audit log.", completion: .directory)
        var log: String?

        @Option(
            name: .customLong("source"),
            help: """
                A log of another kind as KIND=FILE: envoy, flow, postgres, s3 or cloudtrail; may be repeated. The node's own \
                log is then only read with --log.
                """,
            completion: .file()
        )
        var sources: [String] = []

        @Flag(help: "Findings that were accepted or resolved, too.")
        var all = false

        @Option(name: .shortAndLong, help: "Output: table or json (one finding a line).")
        var output = OutputFormat.table

        func run() throws {
            let settings = try Settings(options)
            let configuration = try MonitorReading.configuration(settings)
            var monitor = Monitor(
                settings: configuration?.monitorPolicy.settings ?? MonitorSettings(),
                declared: try configuration.map { try PolicyClosure($0) }
            )
            var malformed = 0
            for source in try sources.map({ try Self.source($0) }) {
                malformed += try MonitorReading.read(source.file, of: source.kind, into: &monitor)
            }
            if sources.isEmpty || log != nil {
                let ports = try configuration.map { try ServedPorts($0) }
                try MonitorReading.catchUp(&monitor, with: log ?? settings.auditDirectory, at: ports)
            }
            if malformed > 0 {
                StandardError.write("left out, not to be read: \(counted(malformed, "record"))")
            }
            let findings = monitor.findings.findings.filter { all || $0.state.isActive }
            FindingOutput.write(findings, output)
            if monitor.findings.dropped > 0 {
                StandardError.write(
                    "let go of, since there were too many: \(counted(monitor.findings.dropped, "finding"))"
                )
            }
            StandardError.write("\(counted(monitor.observed, "observation")), \(counted(findings.count, "finding"))")
            if findings.contains(where: \.state.isActive) { throw ExitCode(ExitStatus.refused.rawValue) }
        }

        private static func source(_ text: String) throws -> (kind: LogSource, file: String) {
            let parts = text.split(separator: "=", maxSplits: 1)
            let kinds = LogSource.allCases.filter { $0 != .lapwing }.map(\.name)
            guard parts.count == 2, let kind = LogSource(name: String(parts[0])), kind != .lapwing else {
                throw CommandError(
                    .usage,
                    "`\(text)` is no KIND=FILE; \(suggestion(for: String(parts.first ?? ""), among: kinds))"
                )
            }
            return (kind, String(parts[1]))
        }
    }
}
