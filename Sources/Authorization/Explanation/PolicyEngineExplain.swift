extension PolicyEngine {
    /// Decides a request and says why, rule by rule, with the smallest edit that would turn the decision round.
    public func explain(_ attributes: Attributes) -> Explanation {
        let decision = evaluate(attributes)
        let set = rules(attributes)
        let considered = [set.custom, set.deny, set.allow, set.audit, set.trialDeny, set.trialAllow].flatMap(\.rules)
        let examined = considered.map { RuleExamination($0, attributes) }
        return Explanation(
            decision: decision,
            rules: examined.map { $0.result(attributes) },
            emptyPolicies: policies.filter(\.rules.isEmpty).map {
                .init(name: $0.qualifiedName, action: $0.action, location: $0.location)
            },
            proposal: EditSearch(self, attributes, decision, examined).smallest()
        )
    }
}
