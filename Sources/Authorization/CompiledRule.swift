/// One rule of one policy, compiled for one kind of connection.
final class CompiledRule: Sendable {
    let reference: RuleReference
    let action: AuthorizationPolicy.Action
    let provider: String?
    let isDryRun: Bool
    /// Any must match, where there are any.
    let sources: [[FieldMatcher]]
    /// Any must match, where there are any.
    let operations: [[FieldMatcher]]
    /// All must match.
    let conditions: [FieldMatcher]
    /// The rule as written or, for a connection without HTTP, as far as it applies; for explanations.
    let rule: AuthorizationPolicy.Rule

    /// Compiles a rule, or returns nil where it does not apply to the kind of connection.
    ///
    /// On a connection without HTTP, an ALLOW rule with a field that needs HTTP is left out whole, and any other rule is
    /// held to its other fields alone: both refuse more, not less.
    init?(
        _ rule: AuthorizationPolicy.Rule,
        index: Int,
        of policy: AuthorizationPolicy,
        _ options: PolicyEngine.Options,
        transport: Attributes.Transport
    ) {
        var rule = rule
        if transport == .tcp {
            guard !rule.isHTTPOnly || policy.action != .allow else { return nil }
            rule = rule.withoutHTTP
        }
        let context = RuleContext(
            namespace: policy.namespace,
            trustDomains: options.trustDomains,
            isStrict: options.compatibility == .strict,
            grants: policy.action == .allow
        )
        self.reference = RuleReference(
            policy: policy.name,
            namespace: policy.namespace,
            rule: index,
            location: rule.location
        )
        self.action = policy.action
        self.provider = policy.provider
        self.isDryRun = policy.isDryRun
        self.sources = Self.compile(rule.from.map(\.fields), beside: rule.when.flatMap(\.fields), context)
        self.operations = Self.compile(rule.to.map(\.fields), beside: [], context)
        self.conditions = rule.when.flatMap { condition in
            condition.fields.map { field in
                var context = context
                context.namesTrustDomain =
                    Self.nameTrustDomain(rule.when.flatMap(\.fields))
                    || !rule.from.isEmpty && rule.from.allSatisfy { Self.nameTrustDomain($0.fields) }
                return FieldMatcher(field, context)
            }
        }
        self.rule = rule
    }

    private static func compile(
        _ groups: [[AuthorizationPolicy.Field]],
        beside conditions: [AuthorizationPolicy.Field],
        _ context: RuleContext
    ) -> [[FieldMatcher]] {
        groups.map { fields in
            var context = context
            context.namesTrustDomain = nameTrustDomain(fields + conditions)
            return fields.map { FieldMatcher($0, context) }
        }
    }

    /// Whether a field says which trust domains are meant.
    private static func nameTrustDomain(_ fields: [AuthorizationPolicy.Field]) -> Bool {
        fields.contains { !$0.isNegated && ($0.subject == .trustDomain || $0.subject == .principal) }
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

extension AuthorizationPolicy.Rule {
    /// Whether any field of the rule needs HTTP.
    package var isHTTPOnly: Bool {
        from.contains { $0.fields.contains(where: \.subject.isHTTPOnly) }
            || to.contains { $0.fields.contains(where: \.subject.isHTTPOnly) }
            || when.contains { $0.fields.contains(where: \.subject.isHTTPOnly) }
    }

    /// The rule without the fields that need HTTP; a source or an operation that is left without a field matches any.
    package var withoutHTTP: AuthorizationPolicy.Rule {
        func reduced(_ group: AuthorizationPolicy.FieldGroup) -> AuthorizationPolicy.FieldGroup {
            AuthorizationPolicy.FieldGroup(
                fields: group.fields.filter { !$0.subject.isHTTPOnly },
                location: group.location
            )
        }
        return AuthorizationPolicy.Rule(
            from: from.map(reduced),
            to: to.map(reduced),
            when: when.map { condition in
                AuthorizationPolicy.Condition(
                    key: condition.key,
                    fields: condition.fields.filter { !$0.subject.isHTTPOnly },
                    location: condition.location
                )
            },
            location: location
        )
    }
}
