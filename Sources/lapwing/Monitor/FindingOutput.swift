import Foundation
import Monitoring
import ZeroTrust

/// How commands print findings.
enum FindingOutput {
    /// Prints findings, the worst first, and of equals the newest.
    static func write(_ findings: [Finding], _ format: OutputFormat) {
        let sorted = findings.sorted {
            ($0.severity.rawValue, $0.updated.nanoseconds) > ($1.severity.rawValue, $1.updated.nanoseconds)
        }
        switch format {
        case .json:
            for finding in sorted { StandardOutput.write(verbatim: finding.json) }
        case .table:
            guard !sorted.isEmpty else {
                StandardOutput.write("no findings")
                return
            }
            var table = TextTable("ID", "SEVERITY", "STATE", "UPDATED", "CAUSE")
            for finding in sorted {
                table.add(
                    finding.id,
                    finding.severity.name,
                    finding.state.name,
                    String(finding.updated.wholeSecond.description.prefix(19)),
                    finding.cause
                )
            }
            StandardOutput.write(
                table.render { row, column, cell in
                    guard column == 1, row >= 0 else { return cell }
                    return sorted[row].severity >= .high ? Style.red(cell) : Style.yellow(cell)
                }
            )
        }
    }

    /// Prints all that one finding holds.
    static func write(whole finding: Finding) {
        func line(_ name: String, _ value: String) {
            StandardOutput.write(name.padding(toLength: 12, withPad: " ", startingAt: 0) + value)
        }
        StandardOutput.write(Style.bold("\(finding.id)  \(finding.cause)"))
        line("type", "\(finding.type.code) \(finding.type.name)")
        line("severity", finding.severity.name)
        let actor = finding.state.actor.map { ", by \($0.name) at \($0.time.wholeSecond)" } ?? ""
        line("state", finding.state.name + actor)
        if case .accepted(_, _, let reason) = finding.state { line("reason", reason) }
        line("subject", finding.subject)
        if !finding.object.isEmpty { line("object", finding.object) }
        if let baseline = finding.measure.baseline { line("usual", "\(baseline) \(finding.measure.unit)") }
        line("observed", "\(finding.measure.observed) \(finding.measure.unit)")
        line("threshold", "\(finding.measure.threshold)")
        line("opened", finding.opened.description)
        line("updated", finding.updated.description)
        line("techniques", (finding.attack + finding.atlas).joined(separator: " "))
        line("records", "\(finding.recordCount): " + finding.records.map(\.description).joined(separator: "; "))
        for member in finding.members { line("", member) }
        if finding.memberCount > finding.members.count {
            line("", "and \(finding.memberCount - finding.members.count) more")
        }
        if finding.records.contains(where: { $0.source == .lapwing }) {
            StandardOutput.write(
                "to see the records: `lapwing audit tail -o json`; to prove one: `lapwing audit proof ID`; to have the same "
                    + "verdict: `lapwing monitor replay`"
            )
        }
    }
}
