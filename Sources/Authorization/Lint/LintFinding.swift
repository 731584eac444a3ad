public import Resources

/// Something that the linter found, where, and what to do about it.
public struct LintFinding: Sendable, Hashable {
    /// The identifier of the rule.
    public let rule: String
    /// How much it matters.
    public let severity: LintSeverity
    /// Where it stands.
    public let location: SourceLocation
    /// What is wrong, in lower case.
    public let message: String
    /// What to do, in lower case.
    public let fix: String
    /// The resource that it stands in: `AuthorizationPolicy ml-inference/only-api-gateway`; empty where none was read.
    public let resource: String
    /// What `--fix` changes; empty where a person has to decide.
    public let edits: [LintEdit]
}

extension LintFinding: CustomStringConvertible {
    /// `file:line:column: warning: message; fix [LW0001]`.
    public var description: String { "\(location): \(severity.rawValue): \(message); \(fix) [\(rule)]" }
}

/// Gathers the findings of one rule.
struct LintFindings {
    let rule: LintRule
    let input: LintInput
    private(set) var findings: [LintFinding] = []

    init(_ rule: LintRule, input: LintInput) {
        self.rule = rule
        self.input = input
    }

    /// Notes a finding; `owner` is where the resource begins.
    ///
    /// `policy` is set for a way around that strict mode closes on its own: where it holds, the finding is a note.
    mutating func add(
        _ location: SourceLocation,
        in owner: SourceLocation?,
        _ message: String,
        fix: String,
        edits: [LintEdit] = [],
        closedInStrictModeFor policy: AuthorizationPolicy? = nil
    ) {
        let isClosed = policy.map { input.compatibility(of: $0) == .strict } ?? false
        findings.append(
            LintFinding(
                rule: rule.id,
                severity: isClosed ? .note : rule.severity,
                location: location,
                message: message + (isClosed ? " (in Istio; strict mode sees through it)" : ""),
                fix: fix,
                resource: owner.flatMap { input.objectsByLocation[$0]?.title } ?? "",
                edits: edits
            )
        )
    }
}
