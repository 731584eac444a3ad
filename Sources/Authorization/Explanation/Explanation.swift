public import Resources

/// Why a request is decided as it is: every rule with the first field that failed, and the smallest edit of the
/// policies that would turn the decision round.
///
/// Printed, it is a report for people; encoded, it is the same for programs, under a version.
///
/// ```swift
/// print(engine.explain(attributes))
/// // deny: no_rule_matched (none)
/// //   ns[ml-inference]-policy[only-api-gateway]-rule[0] (ALLOW): does not match
/// //     policy.yaml:15:18: to[0].operation.methods: expected `POST`, got `GET`
/// // smallest edit: add `GET` to to[0].operation.methods at policy.yaml:15:18
/// ```
public struct Explanation: Sendable, Hashable {
    /// The name and version of the encoded form.
    public static let format = "lapwing-policy-explanation/1"

    /// What became of one rule.
    public struct RuleResult: Sendable, Hashable {
        /// The rule.
        public let rule: RuleReference
        /// What the rule's policy does.
        public let action: AuthorizationPolicy.Action
        /// Whether the policy is on trial and decides nothing.
        public let isDryRun: Bool
        /// The first field that failed; nil where the rule matches.
        public let failure: Failure?

        /// Whether the rule matches.
        public var matches: Bool { failure == nil }
    }

    /// A field that did not match.
    public struct Failure: Sendable, Hashable {
        /// The field's place in the rule: `from[0].source.principals`.
        public let field: String
        /// Where the field stands.
        public let location: SourceLocation
        /// What the field asks for, in words.
        public let expected: String
        /// What the request has.
        public let got: String
    }

    /// A policy that has no rules, and so matches nothing.
    public struct EmptyPolicy: Sendable, Hashable {
        /// Namespace and name: `ml-inference/nothing`.
        public let name: String
        /// What the policy does.
        public let action: AuthorizationPolicy.Action
        /// Where the policy begins.
        public let location: SourceLocation
    }

    /// The decision.
    public let decision: Decision
    /// Every rule of every policy that applies: those that deny, then those that allow, then the others, each in the
    /// order of names.
    public let rules: [RuleResult]
    /// The policies that apply and have no rules.
    public let emptyPolicies: [EmptyPolicy]
    /// The smallest edit that turns the outcome round; nil where one of few steps was not found.
    public let proposal: ProposedEdit?

    /// The outcome: `allow` or `deny`.
    public var outcome: Decision.Outcome { decision.outcome }
    /// The reason's code.
    public var reason: Decision.Reason { decision.reason }
    /// The deciding rule's name, or `none`.
    public var matchedPolicy: String { decision.matchedPolicy }
    /// The smallest edit in words.
    public var edit: String? { proposal?.description }
}

extension Explanation: CustomStringConvertible {
    /// The report, one or two lines to a rule.
    public var description: String {
        var lines = ["\(outcome.rawValue): \(reason.rawValue) (\(matchedPolicy))"]
        if let rule = decision.rule { lines[0] += " at \(rule.location)" }
        for rule in rules {
            let trial = rule.isDryRun ? ", dry-run" : ""
            let verb = rule.matches ? "matches" : "does not match"
            lines.append("  \(rule.rule) (\(rule.action.rawValue)\(trial)): \(verb)")
            if let failure = rule.failure {
                lines.append(
                    "    \(failure.location): \(failure.field): expected \(failure.expected), got \(failure.got)"
                )
            }
        }
        for policy in emptyPolicies {
            lines.append("  `\(policy.name)` (\(policy.action.rawValue)) at \(policy.location): has no rules")
        }
        if let proposal {
            lines.append("smallest edit: \(proposal)")
            if let caution = proposal.caution { lines.append("caution: \(caution)") }
        }
        return lines.joined(separator: "\n")
    }
}
