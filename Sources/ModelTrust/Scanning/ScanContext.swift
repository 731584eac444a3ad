/// What the scanners of one artifact share: the findings so far, and what the scan may still cost.
final class ScanContext {
    /// The findings, in the order in which they were made.
    private(set) var findings: [ScanFinding] = []
    /// The formats that were recognised, by path.
    private(set) var formats: [(path: String, format: String)] = []
    /// What is left.
    var budget: ScanBudget
    /// How deep containers lie within one another where the scan is now.
    private var depth = 0
    private let scanners: [any FormatScanner.Type]

    init(scanners: [any FormatScanner.Type], budget: ScanBudget = ScanBudget()) {
        self.scanners = scanners
        self.budget = budget
    }

    /// Adds a finding.
    func add(_ finding: ScanFinding) throws(ScanStop) {
        guard findings.count < ScanBudget.findings else {
            throw ScanStop(rule: "limit-findings", message: "there are more than \(ScanBudget.findings) findings")
        }
        findings.append(finding)
    }

    /// Scans a member of a container, or a whole artifact: finds its format by its content, and never throws, since what
    /// stops is itself a finding.
    func scan(_ input: ScanInput) {
        depth += 1
        defer { depth -= 1 }
        do throws(ScanStop) {
            guard depth <= ScanBudget.depth else {
                throw ScanStop(
                    rule: "limit-depth",
                    message: "containers lie more than \(ScanBudget.depth) deep in one another"
                )
            }
            for scanner in scanners where try scanner.recognises(input) {
                formats.append((input.path, scanner.format))
                return try scanner.scan(input, self)
            }
            throw ScanStop(rule: "unknown-format", message: "its format is not one that can be proven")
        } catch {
            findings.append(
                ScanFinding(
                    rule: error.rule,
                    verdict: max(error.verdict, .notProven),
                    path: input.path,
                    offset: error.offset,
                    element: error.element,
                    message: error.message
                )
            )
        }
    }

    /// The worst that was found.
    var verdict: ScanVerdict { findings.map(\.verdict).max() ?? .proven }
}
