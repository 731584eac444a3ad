import ArgumentParser
import AuditLog
import Authorization
import Foundation

/// `lapwing policy replay`.
struct PolicyReplayCommand: FindingCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Put recorded traffic to other policies, and show every decision that would change.",
        usage: """
            lapwing policy replay --new DIR
            lapwing policy replay --old DIR --new DIR --requests FILE --fail-on-change
            """,
        discussion: """
            Requests come from this node's audit log, or from JSON lines. They are decided by the old policies and by \
            the new, whatever the record says of them. What is newly denied is shown first.
            """
    )

    @OptionGroup var options: SettingsOptions

    @OptionGroup var choice: WorkloadOptions

    @OptionGroup var traffic: TrafficOptions

    @Option(help: "The old policies: a directory or a file; those of --config by default.", completion: .file())
    var old: String?

    @Option(help: "The new policies: a directory or a file.", completion: .file())
    var new: String

    @Option(help: "How many requests of each change are printed.")
    var examples = 3

    @Flag(help: "Exit with 1 where any decision would change.")
    var failOnChange = false

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    func validate() throws {
        guard (0...1000).contains(examples) else { throw ValidationError("--examples takes a number from 0 to 1000") }
    }

    func run() throws {
        let before = try PolicyTarget(path: old, options, choice)
        let after = try PolicyTarget(path: new, options, choice, fallback: before)
        var ignored: TrafficTally.Ignored = []
        if !before.engine.consultsQuery, !after.engine.consultsQuery { ignored.insert(.query) }
        if !before.engine.consultsSource, !after.engine.consultsSource { ignored.insert(.source) }
        let tally = try traffic.tally(before.settings, ignoring: ignored, defaultPort: before.ports.min() ?? 443)
        guard traffic.files.isEmpty || tally.malformed == 0 || !tally.requests.isEmpty else {
            // To say that nothing changes of traffic that nobody could read would let any change through.
            throw CommandError(
                .usage,
                "no line of \(traffic.files.map { "`\($0)`" }.joined(separator: ", ")) is a request; a line is a JSON object "
                    + "with at least `request.method` and `request.path`, as `lapwing audit tail -o json` prints it"
            )
        }
        let requests = tally.observed(ports: before.ports)
        let bar = ProgressBar(label: "deciding", unit: "requests")
        let report = PolicyReplay(old: before.engine, new: after.engine).run(requests) {
            bar.show(UInt64($0), of: UInt64(tally.requests.count))
        }
        bar.finish()
        switch output {
        case .json: try StandardOutput.write(json: report)
        case .table: write(report)
        }
        let incomplete = tally.requests.reduce(0) { $0 + ($1.request.isComplete ? 0 : $1.count) }
        if incomplete > 0 {
            StandardError.write(
                "\(incomplete) requests were not recorded whole (cut, or with confidential headers); they were decided "
                    + "by what is left of them"
            )
        }
        if failOnChange, report.changed > 0 { throw ExitCode(ExitStatus.refused.rawValue) }
    }

    private func write(_ report: ReplayReport) {
        for change in report.changes {
            let isDenied = change.new.outcome == .deny
            let title = "\(change.old.outcome.rawValue) → \(change.new.outcome.rawValue)"
            StandardOutput.write(
                (isDenied ? Style.red(title) : Style.yellow(title))
                    + "  \(counted(change.count, "request")), \(change.distinct) different"
            )
            StandardOutput.write("  old: \(Self.words(change.old))")
            StandardOutput.write("  new: \(Self.words(change.new))")
            for request in change.requests.prefix(examples) {
                let id = request.id.map { "  \(Style.dim($0))" } ?? ""
                StandardOutput.write("    \(request.count) × \(request.summary)\(id)")
            }
            if isDenied, let edit = change.explanation?.edit { StandardOutput.write("  to keep it allowed: \(edit)") }
        }
        let share = report.total == 0 ? 0 : 100 * Double(report.changed) / Double(report.total)
        StandardOutput.write(
            "\(counted(report.total, "request")), \(report.distinct) different: \(report.changed) would be decided otherwise "
                + "(\(String(format: "%.2f", share)) %), \(report.otherRule) by another rule to the same end"
        )
    }

    private static func words(_ decision: Decision) -> String {
        let place = decision.rule.map { " by \($0) at \($0.location)" } ?? ""
        return "\(decision.outcome.rawValue): \(decision.reason.rawValue)\(place)"
    }
}
