import Resources

/// Looks for the smallest edit of the policies that turns a decision round.
///
/// Single fields come first, then pairs, then a rule or a policy of the request's own. What is found is put to an engine
/// of the edited policies before it is returned.
struct EditSearch {
    let engine: PolicyEngine
    let attributes: Attributes
    private let external: ExternalVerdict?
    private let decision: Decision
    /// The rules that can change the outcome.
    private let rules: [RuleExamination]

    /// The most plans that are tried.
    private static let trials = 12
    /// The most rules that are looked at for a way to make them match.
    private static let candidates = 32

    init(
        _ engine: PolicyEngine,
        _ attributes: Attributes,
        _ external: ExternalVerdict?,
        _ decision: Decision,
        _ rules: [RuleExamination]
    ) {
        self.external = external
        self.engine = engine
        self.attributes = attributes
        self.decision = decision
        self.rules = rules.filter { !$0.rule.isDryRun && $0.rule.action != .audit }
    }

    /// The smallest edit that was found and works.
    ///
    /// Without HTTP, rules that need it apply in part or not at all, and no edit of them is looked for.
    func smallest() -> ProposedEdit? {
        let isPlain =
            attributes.transport == .http || !engine.policies.contains { $0.rules.contains(where: \.isHTTPOnly) }
        guard isPlain else { return nil }
        let plans = decision.outcome == .allow ? plansToDeny() : plansToAllow()
        for plan in plans.ranked.prefix(Self.trials) {
            if let proposal = tried(plan) { return proposal }
        }
        return nil
    }

    // MARK: - Plans

    private func plansToAllow() -> [EditPlan] {
        let blocking = rules.filter { $0.rule.action != .allow && $0.matches }
        var plans: [EditPlan] = []
        if blocking.count <= 2 {
            plans = blocking.reduce([EditPlan()]) { $0 * narrowings($1) }
        }
        let places = Set(blocking.map { place(of: $0)?.policy })
        if blocking.count > 1, places.count == 1, let policy = places.first ?? nil {
            plans.append(EditPlan(.removePolicy(policy), reach: 50))
        }
        let isAllowedByDefault = engine.options.compatibility == .istio && !engine.hasAllowPolicy
        let allowing = rules.filter { $0.rule.action == .allow }
        if isAllowedByDefault || allowing.contains(where: \.matches) { return plans }
        let nearest = allowing.sorted { $0.distance < $1.distance }.prefix(Self.candidates)
        return plans * (nearest.flatMap { widenings($0) } + ownRule(.allow))
    }

    private func plansToDeny() -> [EditPlan] {
        let allowing = rules.filter { $0.rule.action == .allow && $0.matches }
        var plans: [EditPlan] = []
        if (1...2).contains(allowing.count) {
            plans = allowing.reduce([EditPlan()]) { $0 * narrowings($1) }
        }
        let denying = rules.filter { $0.rule.action == .deny && $0.distance == 1 }
        for rule in denying.prefix(Self.candidates) {
            plans += widenings(rule).filter { $0.size == 1 }.map { plan in
                var plan = plan
                // What a DENY rule gains, everybody loses.
                plan.reach += 8
                return plan
            }
        }
        return plans + ownRule(.deny)
    }

    /// A rule for this request alone, in a policy of the action where there is one.
    ///
    /// None where no rule can name just this method and path.
    private func ownRule(_ action: AuthorizationPolicy.Action) -> [EditPlan] {
        guard attributes.value(for: .method) != nil, attributes.value(for: .path) != nil else { return [] }
        let policy = engine.policies.firstIndex { $0.action == action && !$0.isDryRun }
        let location = policy.map { engine.policies[$0].location } ?? SourceLocation(file: "-", line: 1, column: 1)
        let rule = AuthorizationPolicy.Rule(attributes, at: location)
        let size = rule.sections.reduce(0) { $0 + rule[$1].count }
        if let policy { return [EditPlan(.addRule(rule, policy: policy), size: size, reach: 30)] }
        let names = Set(engine.policies.map(\.name))
        let name = (1...).lazy.map { "new-\($0)" }.first { !names.contains($0) } ?? "new"
        let new = AuthorizationPolicy(
            name: name,
            namespace: engine.policies.first?.namespace ?? engine.options.rootNamespace,
            action: action,
            provider: nil,
            isDryRun: false,
            selector: [:],
            targetReferences: [],
            rules: [rule],
            location: location
        )
        return [EditPlan(.addPolicy(new), size: size + 1, reach: 30)]
    }

    func place(of rule: RuleExamination) -> RulePlace? {
        let reference = rule.rule.reference
        return engine.policies.firstIndex { $0.name == reference.policy && $0.namespace == reference.namespace }
            .map { RulePlace(policy: $0, rule: reference.rule) }
    }

    // MARK: - Trying

    /// Decides again with the edited policies.
    private func tried(_ plan: EditPlan) -> ProposedEdit? {
        // A rule that neither matches nor is edited cannot change the outcome; the policy of it can, and stays.
        let edited = Set(plan.edits.compactMap(\.policy))
        var matching: [Int: [Int]] = [:]
        for rule in rules where rule.matches {
            if let place = place(of: rule) { matching[place.policy, default: []].append(place.rule) }
        }
        var policies = engine.policies
        for index in policies.indices where !edited.contains(index) {
            policies[index].rules = (matching[index] ?? []).sorted().map { policies[index].rules[$0] }
        }
        policies = PolicyEdit.apply(plan.edits, to: policies)
        guard let engine = try? PolicyEngine(applying: policies, options: self.engine.options) else { return nil }
        let after = engine.evaluate(attributes, external: external)
        guard after.outcome == (decision.outcome == .allow ? .deny : .allow) else { return nil }
        return ProposedEdit(
            steps: plan.edits.map {
                .init(text: $0.words(in: self.engine.policies), location: $0.location(in: self.engine.policies))
            },
            outcome: after.outcome,
            reason: after.reason,
            caution: caution(engine),
            edits: plan.edits
        )
    }

    private func caution(_ edited: PolicyEngine) -> String? {
        var anonymous = attributes
        anonymous.caller = .anonymous
        guard decision.outcome != .allow, engine.evaluate(anonymous, external: external).outcome != .allow,
            edited.evaluate(anonymous, external: external).outcome == .allow
        else { return nil }
        return "it would allow the same request to a caller that proves no identity"
    }
}
