/// A refusal and its reason.
public struct Denial: Sendable, Hashable {
    /// The whole decision, for the record.
    public let decision: Decision
    /// What an external provider wants the client to be told, where it refused.
    public let refusal: ExternalVerdict.Refusal?

    /// A refusal for a decision that denies.
    init(_ decision: Decision, refusal: ExternalVerdict.Refusal? = nil) {
        self.decision = decision
        self.refusal = refusal
    }

    /// The status to answer with: 401 for a token that is not valid, a provider's own, else 403.
    public var status: Int { decision.reason == .tokenRefused ? 401 : refusal?.status ?? 403 }

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
        case .askedByRule: "a CUSTOM rule matches, and its provider was not asked"
        case .deniedByProvider: "the provider `\(decision.provider ?? "")` denies the request"
        case .providerFailed: "the provider `\(decision.provider ?? "")` gave no answer"
        case .unknownProvider: "a CUSTOM rule matches whose provider `\(decision.provider ?? "")` is not known"
        case .severalProviders: "a CUSTOM rule matches, and the workload's CUSTOM policies name different providers"
        case .tokenRefused: "the request's token is not valid"
        case .tokenNotChecked: "the request's token was not verified"
        case .allowedByRule, .noAllowPolicyIstio: "the request is allowed"
        }
    }
}
