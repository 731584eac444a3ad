/// What the policies say of one request, and which rule said it.
///
/// A decision describes; it permits nothing. Only ``PolicyEngine/authorize(_:_:)`` makes a ``Permit``.
public struct Decision: Sendable, Hashable {
    /// Whether the request may go on.
    public enum Outcome: String, Sendable, Codable {
        /// The policies allow the request.
        case allow
        /// The policies deny the request.
        case deny
    }

    /// Why, as a code that stays the same from release to release.
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// A rule of an ALLOW policy matched.
        case allowedByRule = "allowed_by_rule"
        /// No ALLOW policy selects the workload, and `istio` compatibility then allows.
        case noAllowPolicyIstio = "no_allow_policy_istio_default"
        /// A rule of a DENY policy matched.
        case deniedByRule = "denied_by_rule"
        /// There are ALLOW policies, and none of their rules matched.
        case noRuleMatched = "no_rule_matched"
        /// No ALLOW policy selects the workload, and `strict` then denies.
        case noAllowPolicy = "no_allow_policy"
    }

    /// What policies under the annotation `istio.io/dry-run` would have said.
    public struct DryRun: Sendable, Hashable {
        /// The rule of a DENY policy on trial that matched.
        public let deniedBy: RuleReference?
        /// The rule of an ALLOW policy on trial that matched.
        public let allowedBy: RuleReference?
        /// Whether any DENY policy is on trial.
        public let hasDenyPolicy: Bool
        /// Whether any ALLOW policy is on trial.
        public let hasAllowPolicy: Bool
    }

    /// Whether the request may go on.
    public let outcome: Outcome
    /// Why.
    public let reason: Reason
    /// The rule that decided, or nil where none matched.
    public let rule: RuleReference?
    /// The first matching rule of an AUDIT policy; it never changes the outcome.
    public let auditedBy: RuleReference?
    /// What policies on trial would have said, or nil where there are none.
    public let dryRun: DryRun?

    /// The rule's name as Envoy reports it, or `none`.
    public var matchedPolicy: String { rule?.description ?? "none" }
}
