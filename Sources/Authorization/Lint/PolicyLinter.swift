import Resources

/// Looks through security policies for what loads and does not do what was meant.
///
/// ```swift
/// let linter = PolicyLinter()
/// for finding in linter.lint([LintSource(file: "policy.yaml", text: text)]) { print(finding) }
/// ```
///
/// Files of a cluster may be given along with the policies: workloads and namespaces in them tell the rules what a
/// selector selects.
public struct PolicyLinter: Sendable {
    /// What the linter was told beside the files.
    public let options: LintOptions
    /// The rules that are asked.
    public let rules: [LintRule]

    /// A linter.
    ///
    /// - Parameters:
    ///   - options: defaults and names.
    ///   - disabled: the identifiers of rules that are not asked.
    public init(options: LintOptions = LintOptions(), disabled: Set<String> = []) {
        self.options = options
        self.rules = LintRule.all.filter { !disabled.contains($0.id) }
    }

    /// What the rules find, in the order of files and places.
    public func lint(_ sources: [LintSource]) -> [LintFinding] {
        let input = LintInput(sources, options: options)
        var findings: [LintFinding] = []
        for rule in rules {
            var found = LintFindings(rule, input: input)
            rule.find(input, &found)
            findings += found.findings
        }
        let order = Dictionary(
            sources.enumerated().map { ($0.element.file, $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
        return findings.sorted { left, right in
            let files = (order[left.location.file] ?? .max, order[right.location.file] ?? .max)
            if files.0 != files.1 { return files.0 < files.1 }
            return (left.location, left.rule, left.message) < (right.location, right.rule, right.message)
        }
    }
}
