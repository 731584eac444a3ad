extension PolicyEngine {
    /// Decides a request and says why, rule by rule, with the smallest edit that would turn the decision round.
    ///
    /// - Parameters:
    ///   - attributes: what the policies look at.
    ///   - external: what the provider of a CUSTOM rule that matches is taken to say; nil where it is not to be assumed.
    /// - Returns: the explanation.
    public func explain(_ attributes: Attributes, external: ExternalVerdict? = nil) -> Explanation {
        let decision = evaluate(attributes, external: external)
        let set = rules(attributes)
        let considered = [set.custom, set.deny, set.allow, set.audit, set.trialDeny, set.trialAllow].flatMap(\.rules)
        let examined = considered.map { RuleExamination($0, attributes) }
        return Explanation(
            decision: decision,
            rules: examined.map { $0.result(attributes) },
            emptyPolicies: policies.filter(\.rules.isEmpty).map {
                .init(name: $0.qualifiedName, action: $0.action, location: $0.location)
            },
            proposal: EditSearch(self, attributes, external, decision, examined).smallest()
        )
    }
}
