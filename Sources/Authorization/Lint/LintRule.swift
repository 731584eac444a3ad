/// One thing that the linter looks for.
///
/// Its identifier stays the same from release to release, and its section on the page about `lapwing policy lint` says
/// why it matters and what to do.
public struct LintRule: Sendable, Identifiable {
    /// `LW` and four digits.
    public let id: String
    /// A short name of words joined by `-`.
    public let name: String
    /// How much its findings matter; those that strict mode closes on its own are notes.
    public let severity: LintSeverity
    /// What is wrong, in one sentence in lower case.
    public let summary: String
    /// Whether `--fix` can mend some of its findings.
    public let isFixable: Bool

    let find: @Sendable (_ input: LintInput, _ found: inout LintFindings) -> Void

    init(
        _ id: String,
        _ name: String,
        _ severity: LintSeverity,
        _ summary: String,
        isFixable: Bool = false,
        _ find: @escaping @Sendable (_ input: LintInput, _ found: inout LintFindings) -> Void
    ) {
        self.id = id
        self.name = name
        self.severity = severity
        self.summary = summary
        self.isFixable = isFixable
        self.find = find
    }

    /// Every rule, in the order of the identifiers.
    public static let all: [LintRule] =
        [loading, values, combinations, openings, paths, headers, tokens, scopes, connections, cluster]
        .flatMap { $0 }
        .sorted { $0.id < $1.id }
}
