import Resources
public import SPIFFE
public import ZeroTrust

/// Decides requests by the policies that select one workload.
///
/// An engine is an immutable snapshot: to change policies, make another and swap it in whole. It is a class, so that
/// whoever hands one on copies a reference. Deciding allocates nothing and looks only at rules that an index of callers,
/// paths and hosts brings up.
///
/// ```swift
/// let engine = try PolicyEngine(policies: policies, workload: workload)
/// let decision = engine.evaluate(attributes)
/// print(decision.outcome, decision.matchedPolicy)
/// ```
///
/// A request is put to the CUSTOM policies first, then its token must be valid where it has one, then come the DENY and
/// the ALLOW policies. `authorize(_:_:token:answer:)` takes a verified peer and makes a ``Permit``;
/// `evaluate(_:external:)` and `explain(_:)` take any attributes and never do.
public final class PolicyEngine: Sendable {
    /// What an engine is told beside the policies.
    public struct Options: Sendable, Hashable {
        /// Whose defaults hold, and whose reading of what is doubtful.
        public var compatibility: Compatibility
        /// The namespace whose policies apply in all namespaces.
        public var rootNamespace: String
        /// The mesh's trust domain, then its aliases.
        ///
        /// A principal written with one of them, or with `cluster.local`, stands for all. Empty leaves every principal
        /// as written.
        public var trustDomains: [String]
        /// The external providers that CUSTOM policies may name; what a rule with another one matches is denied.
        public var providers: Set<String>
        /// Whether a request may be allowed only once its token was looked for.
        ///
        /// True in any case where a `RequestAuthentication` selects the workload, so that forgetting to verify is a
        /// denial.
        public var requiresTokenVerdict: Bool

        /// Options; the defaults are Lapwing's own.
        public init(
            compatibility: Compatibility = .strict,
            rootNamespace: String = "istio-system",
            trustDomains: [String] = [],
            providers: Set<String> = [],
            requiresTokenVerdict: Bool = false
        ) {
            self.compatibility = compatibility
            self.rootNamespace = rootNamespace
            self.trustDomains = trustDomains
            self.providers = providers
            self.requiresTokenVerdict = requiresTokenVerdict
        }
    }

    /// The options that the engine was made with.
    public let options: Options
    /// The policies that select the workload, in the order in which they were given.
    public let policies: [AuthorizationPolicy]
    /// The names, in lower case, of the headers that the policies look at; others need not be handed over.
    public let consultedHeaders: Set<String>
    /// The claims of tokens that the policies look at, beside `iss` and `sub`: the names that lead to each, the outermost
    /// first.
    public let consultedClaims: Set<[String]>

    /// The rules for requests.
    let http: RuleSet
    /// The rules for connections that carry no HTTP.
    let tcp: RuleSet
    /// Whether any ALLOW policy that is not on trial applies, even one that has no rules.
    let hasAllowPolicy: Bool
    private let hasTrialDeny: Bool
    private let hasTrialAllow: Bool
    /// Whether the CUSTOM policies name more than one provider.
    private let hasSeveralProviders: Bool

    var custom: RuleIndex { http.custom }
    var deny: RuleIndex { http.deny }
    var allow: RuleIndex { http.allow }
    var audit: RuleIndex { http.audit }
    var trialDeny: RuleIndex { http.trialDeny }
    var trialAllow: RuleIndex { http.trialAllow }

    /// An engine for a workload.
    ///
    /// - Parameters:
    ///   - policies: every policy of the configuration; those that do not select the workload are left out.
    ///   - workload: what the requests go to.
    ///   - options: defaults and names.
    /// - Throws: `ResourceError` where two of the policies share a namespace and a name.
    public convenience init(policies: PolicySet, workload: Workload, options: Options = Options()) throws {
        let selected = policies.policies.filter {
            $0.applies(to: workload, rootNamespace: options.rootNamespace)
        }
        var options = options
        if policies.requestAuthentications.contains(where: {
            $0.applies(to: workload, rootNamespace: options.rootNamespace)
        }) {
            options.requiresTokenVerdict = true
        }
        try self.init(applying: selected, options: options)
    }

    /// An engine of exactly these policies, whatever they select.
    ///
    /// - Throws: `ResourceError` where two of the policies share a namespace and a name.
    package init(applying policies: [AuthorizationPolicy], options: Options) throws {
        try Self.refuseDuplicates(policies)
        func has(_ action: AuthorizationPolicy.Action, isDryRun: Bool) -> Bool {
            policies.contains { $0.action == action && $0.isDryRun == isDryRun }
        }
        self.options = options
        self.policies = policies
        self.http = RuleSet(policies, options, transport: .http)
        self.tcp = RuleSet(policies, options, transport: .tcp)
        self.hasAllowPolicy = has(.allow, isDryRun: false)
        self.hasTrialDeny = has(.deny, isDryRun: true)
        self.hasTrialAllow = has(.allow, isDryRun: true)
        self.hasSeveralProviders = Set(policies.filter { $0.action == .custom }.map(\.provider)).count > 1
        self.consultedHeaders = Self.headers(policies)
        self.consultedClaims = Self.claims(policies)
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

    private static func claims(_ policies: [AuthorizationPolicy]) -> Set<[String]> {
        var names: Set<[String]> = []
        for condition in policies.flatMap(\.rules).flatMap(\.when) {
            for field in condition.fields {
                switch field.subject {
                case .requestAudience: names.insert(["aud"])
                case .requestPresenter: names.insert(["azp"])
                case .requestClaim(let path): names.insert(path)
                default: break
                }
            }
        }
        return names
    }

    /// Decides a request of a verified peer, and permits it or does not; allocates nothing unless a provider is asked.
    ///
    /// - Parameters:
    ///   - peer: the verified caller, or nil for one that proved no identity.
    ///   - exchange: the request.
    ///   - token: what became of the request's token, or nil where nobody looked.
    ///   - answer: the answer to the question that this function asked about the same request before, or nil. An answer
    ///     to another request, or by another provider, counts as none.
    /// - Returns: a permit, a denial, or what to ask a provider first.
    public func authorize(
        _ peer: Peer?,
        _ exchange: Exchange,
        token: TokenVerdict? = nil,
        answer: ExternalAnswer? = nil
    ) -> Authorization {
        let caller = peer.map { Caller($0) } ?? .anonymous
        let attributes = Attributes(caller: caller, exchange: exchange, token: token?.identity?.claims)
        return authorize(peer, attributes, id: exchange.id, token: token, answer: answer)
    }

    /// Decides a connection that carries no HTTP, and permits it or does not.
    ///
    /// - Parameters:
    ///   - peer: the verified caller, or nil for one that proved no identity.
    ///   - connection: the connection.
    ///   - answer: as for a request.
    /// - Returns: as for a request.
    public func authorize(
        _ peer: Peer?,
        _ connection: TCPConnection,
        answer: ExternalAnswer? = nil
    ) -> Authorization {
        let attributes = Attributes(
            connectionOf: peer.map { Caller($0) } ?? .anonymous,
            source: connection.source.address,
            destination: connection.destination,
            serverName: connection.serverName
        )
        return authorize(peer, attributes, id: connection.id, token: .absent, answer: answer)
    }

    private func authorize(
        _ peer: Peer?,
        _ attributes: Attributes,
        id: RequestID,
        token: TokenVerdict?,
        answer: ExternalAnswer?
    ) -> Authorization {
        var verdict: ExternalVerdict?
        if !rules(attributes).custom.rules.isEmpty {
            if let answer, answer.requestID == id { verdict = answer.verdict }
            if let decision = external(attributes, verdict, by: answer?.provider) {
                guard decision.outcome == .custom, let rule = decision.rule, let provider = decision.provider else {
                    guard case .deny(let refusal) = verdict, decision.reason == .deniedByProvider else {
                        return .deny(Denial(decision))
                    }
                    return .deny(Denial(decision, refusal: refusal))
                }
                return .ask(ExternalQuestion(provider: provider, rule: rule, requestID: id, decision: decision))
            }
        }
        switch token {
        case .refused: return .deny(Denial(Decision(outcome: .deny, reason: .tokenRefused)))
        case nil where options.requiresTokenVerdict && attributes.transport == .http:
            return .deny(Denial(Decision(outcome: .deny, reason: .tokenNotChecked)))
        default: break
        }
        let decision = policiesDecide(attributes)
        guard decision.outcome == .allow else { return .deny(Denial(decision)) }
        return .allow(Permit(peer: peer, requestID: id, decision: decision))
    }

    /// Decides a request or a connection without permitting it; allocates nothing.
    ///
    /// - Parameters:
    ///   - attributes: what the policies look at.
    ///   - external: what the provider of a CUSTOM rule that matches is taken to say; nil where it is not to be assumed,
    ///     and the outcome is then ``Decision/Outcome/custom``.
    /// - Returns: the decision, which permits nothing.
    public func evaluate(_ attributes: Attributes, external: ExternalVerdict? = nil) -> Decision {
        let rules = rules(attributes)
        if !rules.custom.rules.isEmpty {
            let provider = rules.custom.firstMatch(attributes).flatMap { rules.custom.rules[$0].provider }
            if let decision = self.external(attributes, external, by: provider) { return decision }
        }
        return policiesDecide(attributes)
    }

    /// Decides a request whose provider has answered before: the answer counts where the same provider is asked.
    func evaluate(_ attributes: Attributes, answer: ObservedRequest.ProviderAnswer?) -> Decision {
        if !rules(attributes).custom.rules.isEmpty,
            let decision = external(attributes, answer?.verdict, by: answer?.provider)
        {
            return decision
        }
        return policiesDecide(attributes)
    }

    func rules(_ attributes: Attributes) -> RuleSet { attributes.transport == .http ? http : tcp }

    /// What the CUSTOM policies say, or nil where none matches or its provider allows.
    private func external(_ attributes: Attributes, _ verdict: ExternalVerdict?, by answerer: String?) -> Decision? {
        let custom = rules(attributes).custom
        guard let index = custom.firstMatch(attributes) else { return nil }
        let rule = custom.rules[index]
        let provider = rule.provider ?? ""
        func refused(_ reason: Decision.Reason) -> Decision {
            Decision(outcome: .deny, reason: reason, rule: rule.reference, provider: provider)
        }
        if hasSeveralProviders { return refused(.severalProviders) }
        guard options.providers.contains(provider) else { return refused(.unknownProvider) }
        switch verdict {
        case .allow where answerer == provider: return nil
        case .deny where answerer == provider: return refused(.deniedByProvider)
        case .failed where answerer == provider: return refused(.providerFailed)
        default:
            return Decision(outcome: .custom, reason: .askedByRule, rule: rule.reference, provider: provider)
        }
    }

    /// What the policies say once no CUSTOM policy stands in the way.
    private func policiesDecide(_ attributes: Attributes) -> Decision {
        let rules = rules(attributes)
        let auditedBy = rules.audit.firstMatch(attributes).map { rules.audit.rules[$0].reference }
        var trial: Decision.DryRun?
        if hasTrialDeny || hasTrialAllow {
            trial = Decision.DryRun(
                deniedBy: rules.trialDeny.firstMatch(attributes).map { rules.trialDeny.rules[$0].reference },
                allowedBy: rules.trialAllow.firstMatch(attributes).map { rules.trialAllow.rules[$0].reference },
                hasDenyPolicy: hasTrialDeny,
                hasAllowPolicy: hasTrialAllow
            )
        }
        let outcome: Decision.Outcome
        let reason: Decision.Reason
        var rule: RuleReference?
        if let index = rules.deny.firstMatch(attributes) {
            (outcome, reason, rule) = (.deny, .deniedByRule, rules.deny.rules[index].reference)
        } else if let index = rules.allow.firstMatch(attributes) {
            (outcome, reason, rule) = (.allow, .allowedByRule, rules.allow.rules[index].reference)
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

/// What ``PolicyEngine/authorize(_:_:token:answer:)`` answers.
public enum Authorization: ~Copyable, Sendable {
    /// The request may go on, once.
    case allow(Permit)
    /// The request is refused.
    case deny(Denial)
    /// An external provider must be asked, and the engine with its answer; nothing is permitted before.
    case ask(ExternalQuestion)
}

/// The proof that a request was authorised.
///
/// Only ``PolicyEngine`` makes one. It cannot be copied, and forwarding consumes it, so that no request is forwarded that
/// nobody authorised, and none twice.
///
/// ```swift
/// switch engine.authorize(peer, exchange) {
/// case .allow(let permit): forward(exchange, with: permit)  // takes it as `consuming`
/// case .deny(let denial): record(denial.reason)
/// case .ask(let question): ask(question.provider)  // and then authorize again, with the answer
/// }
/// ```
public struct Permit: ~Copyable, Sendable {
    /// The caller that the permit was made for, or nil for one that proved no identity.
    public let peer: Peer?
    /// The request that the permit was made for.
    public let requestID: RequestID
    /// The whole decision, for the record.
    public let decision: Decision

    fileprivate init(peer: Peer?, requestID: RequestID, decision: Decision) {
        self.peer = peer
        self.requestID = requestID
        self.decision = decision
    }

    /// The rule that allowed the request, or nil where `istio` compatibility allowed it without one.
    public var rule: RuleReference? { decision.rule }

    /// Uses the permit up; call it at the moment of forwarding.
    public consuming func redeem() {}
}
