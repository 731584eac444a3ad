/// One rule of one policy, compiled.
final class CompiledRule: Sendable {
    let reference: RuleReference
    let action: AuthorizationPolicy.Action
    let isDryRun: Bool
    /// Any must match, where there are any.
    let sources: [[FieldMatcher]]
    /// Any must match, where there are any.
    let operations: [[FieldMatcher]]
    /// All must match.
    let conditions: [FieldMatcher]
    /// The rule as written, for explanations.
    let rule: AuthorizationPolicy.Rule

    init(_ rule: AuthorizationPolicy.Rule, index: Int, of policy: AuthorizationPolicy, trustDomains: [String]) {
        let compile = { (field: AuthorizationPolicy.Field) in
            FieldMatcher(field, namespace: policy.namespace, trustDomains: trustDomains)
        }
        self.reference = RuleReference(
            policy: policy.name,
            namespace: policy.namespace,
            rule: index,
            location: rule.location
        )
        self.action = policy.action
        self.isDryRun = policy.isDryRun
        self.sources = rule.from.map { $0.fields.map(compile) }
        self.operations = rule.to.map { $0.fields.map(compile) }
        self.conditions = rule.when.flatMap { $0.fields.map(compile) }
        self.rule = rule
    }

    /// Whether the rule matches; allocates nothing.
    func matches(_ attributes: Attributes) -> Bool {
        Self.any(operations, match: attributes) && Self.any(sources, match: attributes)
            && Self.all(conditions, match: attributes)
    }

    private static func any(_ groups: [[FieldMatcher]], match attributes: Attributes) -> Bool {
        if groups.isEmpty { return true }
        for index in groups.indices where all(groups[index], match: attributes) { return true }
        return false
    }

    private static func all(_ fields: [FieldMatcher], match attributes: Attributes) -> Bool {
        for index in fields.indices where !fields[index].matches(attributes) { return false }
        return true
    }
}
