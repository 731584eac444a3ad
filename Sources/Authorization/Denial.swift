/// A refusal and its reason.
public struct Denial: Sendable, Hashable {
    /// The whole decision, for the record.
    public let decision: Decision

    /// A refusal for a decision that denies.
    init(_ decision: Decision) {
        self.decision = decision
    }

    /// A code that stays the same from release to release: `denied_by_rule`, `no_rule_matched`, `no_allow_policy`.
    public var reason: String { decision.reason.rawValue }

    /// The rule that denied, or nil where nothing matched.
    public var rule: RuleReference? { decision.rule }

    /// The reason in words, for records and never for the caller.
    public var message: String {
        switch decision.reason {
        case .deniedByRule: rule.map { "\($0) (\($0.location)) denies the request" } ?? "a rule denies the request"
        case .noRuleMatched: "no rule of an ALLOW policy matches the request"
        case .noAllowPolicy: "no ALLOW policy selects the workload"
        case .allowedByRule, .noAllowPolicyIstio: "the request is allowed"
        }
    }
}
