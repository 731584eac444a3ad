/// What the policies say of one request, and which rule said it.
///
/// A decision describes; it permits nothing. Only ``PolicyEngine/authorize(_:_:token:answer:)`` makes a ``Permit``.
public struct Decision: Sendable, Hashable {
    /// Whether the request may go on.
    public enum Outcome: String, Sendable, Codable {
        /// The policies allow the request.
        case allow
        /// The policies deny the request.
        case deny
        /// A CUSTOM rule matches, and its provider has not answered: nothing may go on before it has.
        case custom
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
        /// A rule of a CUSTOM policy matched, whose provider is to be asked.
        case askedByRule = "asked_by_rule"
        /// The provider of a CUSTOM rule that matched refused the request.
        case deniedByProvider = "denied_by_provider"
        /// The provider of a CUSTOM rule that matched gave no answer.
        case providerFailed = "provider_failed"
        /// A CUSTOM rule that matched names a provider that is not known.
        case unknownProvider = "unknown_provider"
        /// CUSTOM policies with different providers select the workload, and a rule of theirs matched.
        case severalProviders = "several_providers"
        /// The request has a token that is not valid.
        case tokenRefused = "token_refused"
        /// A policy demands that tokens are verified, and nobody did.
        case tokenNotChecked = "token_not_checked"
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
    /// The provider of the CUSTOM rule that decided or asks, or nil.
    public let provider: String?

    /// A decision.
    init(
        outcome: Outcome,
        reason: Reason,
        rule: RuleReference? = nil,
        auditedBy: RuleReference? = nil,
        dryRun: DryRun? = nil,
        provider: String? = nil
    ) {
        self.outcome = outcome
        self.reason = reason
        self.rule = rule
        self.auditedBy = auditedBy
        self.dryRun = dryRun
        self.provider = provider
    }

    /// The rule's name as Envoy reports it, or `none`.
    public var matchedPolicy: String {
        guard let rule else { return "none" }
        switch reason {
        case .unknownProvider, .severalProviders:
            return "istio-ext-authz-\(provider ?? "")-\(rule)-deny-due-to-bad-CUSTOM-action"
        case .askedByRule, .deniedByProvider, .providerFailed: return "istio-ext-authz-\(provider ?? "")-\(rule)"
        default: return rule.description
        }
    }
}
