import Authorization
import Foundation
import Resources

/// Prints what came of decision tables for people: a row for each case, and a diff for each that failed.
struct PolicyTestTable {
    let report: PolicyTestReport
    let isQuiet: Bool

    /// Prints it on standard output.
    func write() {
        for (test, results) in report.tables { write(test, results) }
        let passed = report.results.count - report.failed
        StandardOutput.write("\(passed) of \(report.results.count) cases came out as expected")
        write(report.coverage)
        if let mutation = report.mutation {
            write(mutation)
        } else if report.failed > 0 {
            StandardError.write("mutants are tried once every case comes out as expected")
        }
    }

    private func write(_ test: PolicyTest, _ results: [PolicyTestResult]) {
        StandardOutput.write(Style.bold("\(test.name)  \(test.location.file)"))
        for result in results where !isQuiet || !result.isPassed {
            let outcome = result.outcome.padding(toLength: 11, withPad: " ", startingAt: 0)
            let mark = result.isPassed ? Style.green("ok  ") : Style.red("FAIL")
            StandardOutput.write("  \(mark)  \(outcome)  \(result.testCase.name)")
            guard !result.isPassed else { continue }
            StandardOutput.write("        \(result.testCase.location)")
            for problem in result.problems {
                StandardOutput.write(Style.red("        - \(problem.expected)"))
                StandardOutput.write(Style.green("        + \(problem.got)"))
            }
            guard let explanation = result.explanation else { continue }
            for rule in explanation.rules {
                guard let failure = rule.failure, !rule.isDryRun else { continue }
                StandardOutput.write(
                    "        \(failure.location): \(failure.field): expected \(failure.expected), got \(failure.got)"
                )
            }
            if let edit = explanation.edit { StandardOutput.write("        smallest edit: \(edit)") }
        }
    }

    private func write(_ coverage: PolicyCoverage) {
        let share = Self.share(coverage.percent)
        StandardOutput.write("\(coverage.exercised) of \(coverage.items.count) rules and values exercised (\(share))")
        for item in coverage.missing {
            let what = item.value.map { "`\($0)` in \(item.field ?? "")" } ?? "no case matches the rule"
            StandardOutput.write("  \(item.location): \(item.rule): \(what)")
        }
    }

    private func write(_ mutation: MutationReport) {
        let share = Self.share(mutation.percent)
        StandardOutput.write("\(mutation.noticed) of \(mutation.total) changed policies noticed (\(share))")
        for mutant in mutation.survivors {
            StandardOutput.write("  \(mutant.location): \(mutant.kind.rawValue): no case would notice: \(mutant.text)")
        }
    }

    private static func share(_ percent: Double) -> String { String(format: "%.1f %%", percent) }
}
