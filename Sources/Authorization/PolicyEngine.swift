import Resources
public import SPIFFE
public import ZeroTrust

/// Decides requests by the policies that select one workload.
///
/// An engine is an immutable snapshot: to change policies, make another and swap it in whole. Deciding allocates
/// nothing and looks only at rules that an index of callers, paths and hosts brings up.
///
/// ```swift
/// let engine = try PolicyEngine(policies: policies, workload: workload)
/// let decision = engine.evaluate(attributes)
/// print(decision.outcome, decision.matchedPolicy)
/// ```
///
/// `authorize(_:_:)` takes a verified peer and makes a ``Permit``; `evaluate(_:)` and `explain(_:)` take any attributes
/// and never do.
public struct PolicyEngine: Sendable {
    /// What an engine is told beside the policies.
    public struct Options: Sendable, Hashable {
        /// Whose defaults hold.
        public var compatibility: Compatibility
        /// The namespace whose policies apply in all namespaces.
        public var rootNamespace: String
        /// The mesh's trust domain, then its aliases.
        ///
        /// A principal written with one of them, or with `cluster.local`, stands for all. Empty leaves every principal
        /// as written.
        public var trustDomains: [String]

        /// Options; the defaults are Lapwing's own.
        public init(
            compatibility: Compatibility = .strict,
            rootNamespace: String = "istio-system",
            trustDomains: [String] = []
        ) {
            self.compatibility = compatibility
            self.rootNamespace = rootNamespace
            self.trustDomains = trustDomains
        }
    }

    /// The options that the engine was made with.
    public let options: Options
    /// The policies that select the workload, in the order in which they were given.
    public let policies: [AuthorizationPolicy]
    /// The names, in lower case, of the headers that the policies look at; others need not be handed over.
    public let consultedHeaders: Set<String>

    let custom: RuleIndex
    let deny: RuleIndex
    let allow: RuleIndex
    let audit: RuleIndex
    let trialDeny: RuleIndex
    let trialAllow: RuleIndex
    /// Whether any ALLOW policy that is not on trial applies, even one that has no rules.
    let hasAllowPolicy: Bool
    private let hasTrialDeny: Bool
    private let hasTrialAllow: Bool

    /// An engine for a workload.
    ///
    /// - Parameters:
    ///   - policies: every policy of the configuration; those that do not select the workload are left out.
    ///   - workload: what the requests go to.
    ///   - options: defaults and names.
    /// - Throws: `ResourceError` where two of the policies share a namespace and a name.
    public init(policies: PolicySet, workload: Workload, options: Options = Options()) throws {
        let selected = policies.policies.filter {
            $0.applies(to: workload, rootNamespace: options.rootNamespace)
        }
        try self.init(applying: selected, options: options)
    }

    /// An engine of exactly these policies, whatever they select.
    ///
    /// - Throws: `ResourceError` where two of the policies share a namespace and a name.
    package init(applying policies: [AuthorizationPolicy], options: Options) throws {
        try Self.refuseDuplicates(policies)
        var rules: [CompiledRule] = []
        for policy in policies {
            for (index, rule) in policy.rules.enumerated() {
                rules.append(CompiledRule(rule, index: index, of: policy, trustDomains: options.trustDomains))
            }
        }
        func index(_ action: AuthorizationPolicy.Action, isDryRun: Bool) -> RuleIndex {
            RuleIndex(rules.filter { $0.action == action && $0.isDryRun == isDryRun })
        }
        func has(_ action: AuthorizationPolicy.Action, isDryRun: Bool) -> Bool {
            policies.contains { $0.action == action && $0.isDryRun == isDryRun }
        }
        self.options = options
        self.policies = policies
        self.custom = index(.custom, isDryRun: false)
        self.deny = index(.deny, isDryRun: false)
        self.allow = index(.allow, isDryRun: false)
        self.audit = index(.audit, isDryRun: false)
        self.trialDeny = index(.deny, isDryRun: true)
        self.trialAllow = index(.allow, isDryRun: true)
        self.hasAllowPolicy = has(.allow, isDryRun: false)
        self.hasTrialDeny = has(.deny, isDryRun: true)
        self.hasTrialAllow = has(.allow, isDryRun: true)
        self.consultedHeaders = Self.headers(policies)
    }

    private static func refuseDuplicates(_ policies: [AuthorizationPolicy]) throws {
        var seen: [String: SourceLocation] = [:]
        for policy in policies {
            guard let first = seen.updateValue(policy.location, forKey: "\(policy.namespace)/\(policy.name)") else {
                continue
            }
            throw ResourceError(
                at: policy.location,
                "the policy `\(policy.namespace)/\(policy.name)` was declared before, at \(first)"
            )
        }
    }

    private static func headers(_ policies: [AuthorizationPolicy]) -> Set<String> {
        var names: Set<String> = []
        for policy in policies {
            for condition in policy.rules.flatMap(\.when) {
                for field in condition.fields {
                    if case .header(let name) = field.subject, !name.hasPrefix(":"), name != "host" {
                        names.insert(name)
                    }
                }
            }
        }
        return names
    }

    /// Decides a request of a verified peer, and permits it or does not; allocates nothing.
    public func authorize(_ peer: Peer, _ exchange: Exchange) -> Authorization {
        let decision = evaluate(Attributes(caller: Caller(peer.id), exchange: exchange))
        guard decision.outcome == .allow else { return .deny(Denial(decision)) }
        return .allow(Permit(peer: peer, requestID: exchange.id, decision: decision))
    }

    /// Decides a request without permitting it; allocates nothing.
    public func evaluate(_ attributes: Attributes) -> Decision {
        let auditedBy = audit.firstMatch(attributes).map { audit.rules[$0].reference }
        var trial: Decision.DryRun?
        if hasTrialDeny || hasTrialAllow {
            trial = Decision.DryRun(
                deniedBy: trialDeny.firstMatch(attributes).map { trialDeny.rules[$0].reference },
                allowedBy: trialAllow.firstMatch(attributes).map { trialAllow.rules[$0].reference },
                hasDenyPolicy: hasTrialDeny,
                hasAllowPolicy: hasTrialAllow
            )
        }
        let outcome: Decision.Outcome
        let reason: Decision.Reason
        var rule: RuleReference?
        if let index = custom.firstMatch(attributes) {
            // No provider can be asked: what the rule matches is denied.
            (outcome, reason, rule) = (.deny, .deniedByRule, custom.rules[index].reference)
        } else if let index = deny.firstMatch(attributes) {
            (outcome, reason, rule) = (.deny, .deniedByRule, deny.rules[index].reference)
        } else if let index = allow.firstMatch(attributes) {
            (outcome, reason, rule) = (.allow, .allowedByRule, allow.rules[index].reference)
        } else if hasAllowPolicy {
            (outcome, reason) = (.deny, .noRuleMatched)
        } else if options.compatibility == .istio {
            (outcome, reason) = (.allow, .noAllowPolicyIstio)
        } else {
            (outcome, reason) = (.deny, .noAllowPolicy)
        }
        return Decision(outcome: outcome, reason: reason, rule: rule, auditedBy: auditedBy, dryRun: trial)
    }
}

/// What ``PolicyEngine/authorize(_:_:)`` answers.
public enum Authorization: ~Copyable, Sendable {
    /// The request may go on, once.
    case allow(Permit)
    /// The request is refused.
    case deny(Denial)
}

/// The proof that a request was authorised.
///
/// Only ``PolicyEngine/authorize(_:_:)`` makes one. It cannot be copied, and forwarding consumes it, so that no request
/// is forwarded that nobody authorised, and none twice.
///
/// ```swift
/// switch engine.authorize(peer, exchange) {
/// case .allow(let permit): forward(exchange, with: permit)  // takes it as `consuming`
/// case .deny(let denial): record(denial.reason)
/// }
/// ```
public struct Permit: ~Copyable, Sendable {
    /// The caller that the permit was made for.
    public let peer: Peer
    /// The request that the permit was made for.
    public let requestID: RequestID
    /// The whole decision, for the record.
    public let decision: Decision

    fileprivate init(peer: Peer, requestID: RequestID, decision: Decision) {
        self.peer = peer
        self.requestID = requestID
        self.decision = decision
    }

    /// The rule that allowed the request, or nil where `istio` compatibility allowed it without one.
    public var rule: RuleReference? { decision.rule }

    /// Uses the permit up; call it at the moment of forwarding.
    public consuming func redeem() {}
}
