/// One value of a field, compiled by itself as its field would be.
struct SingleValue {
    private let matcher: FieldMatcher
    private let subject: AuthorizationPolicy.Subject

    /// Compiles the value at an index of a field.
    init(
        _ index: Int,
        of field: AuthorizationPolicy.Field,
        in section: RuleSection,
        of rule: AuthorizationPolicy.Rule,
        _ policy: AuthorizationPolicy,
        _ options: PolicyEngine.Options
    ) {
        var single = field
        single.values = [field.values[index]]
        self.matcher = FieldMatcher(single, RuleContext(section, of: rule, policy, options))
        self.subject = field.subject
    }

    /// Whether the request has the value; what it has nothing of it does not have.
    func isHad(by attributes: Attributes) -> Bool {
        guard matcher.isNegated else { return matcher.matches(attributes) }
        return attributes.words(for: subject).value != nil && !matcher.matches(attributes)
    }
}

extension RuleContext {
    /// What the fields of a section are compiled with.
    fileprivate init(
        _ section: RuleSection,
        of rule: AuthorizationPolicy.Rule,
        _ policy: AuthorizationPolicy,
        _ options: PolicyEngine.Options
    ) {
        self.init(policy, options)
        let conditions = rule.when.flatMap(\.fields)
        switch section {
        case .from(let index):
            namesTrustDomain = CompiledRule.nameTrustDomain(rule.from[index].fields + conditions)
        case .to(let index): namesTrustDomain = CompiledRule.nameTrustDomain(rule.to[index].fields)
        case .when:
            namesTrustDomain =
                CompiledRule.nameTrustDomain(conditions)
                || !rule.from.isEmpty && rule.from.allSatisfy { CompiledRule.nameTrustDomain($0.fields) }
        }
    }
}
