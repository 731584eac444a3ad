import Resources

extension PolicyEdit {
    /// What a person has to do, with the place: "add `GET` to methods at policy.yaml:14:18".
    ///
    /// The policies are those before the edit.
    func words(in policies: [AuthorizationPolicy]) -> String {
        let place = location(in: policies).map { " at \($0)" } ?? ""
        switch self {
        case .addValue(let text, let field): return "add `\(text)` to \(Self.name(field, policies))\(place)"
        case .removeValue(let index, let field):
            return "remove `\(policies[field].values[index].text)` from \(Self.name(field, policies))\(place)"
        case .replaceValue(let index, let text, let field):
            let old = policies[field].values[index].text
            return "write `\(text)` instead of `\(old)` in \(Self.name(field, policies))\(place)"
        case .addField(let field, let rule, let section):
            let list = "\(field.name): [\(field.values.map { YAMLText.quoted($0.text) }.joined(separator: ", "))]"
            return "add `\(list)` to \(policies[rule].name(of: section))\(place)"
        case .removeField(let field): return "remove \(Self.name(field, policies))\(place)"
        case .negateField(let field):
            let opposite = policies[field].opposite.name
            return "write `\(opposite)` instead of `\(policies[field].name)`\(place)"
        case .removeSection(let rule, let section): return "remove \(policies[rule].name(of: section))\(place)"
        case .removeRule(let rule):
            return "remove rule \(rule.rule) of `\(policies[rule.policy].qualifiedName)`\(place)"
        case .addRule(let rule, let policy):
            let action = policies[policy].action.rawValue
            return "add the rule `\(rule.flowText)` to the \(action) policy `\(policies[policy].qualifiedName)`\(place)"
        case .setAction(let action, let policy):
            let name = policies[policy].qualifiedName
            return "make `\(name)` \(action.rawValue) instead of \(policies[policy].action.rawValue)\(place)"
        case .removePolicy(let policy): return "remove the policy `\(policies[policy].qualifiedName)`\(place)"
        case .addPolicy(let policy):
            let rules = policy.rules.map { " with the rule `\($0.flowText)`" }.joined()
            return "add a policy with action \(policy.action.rawValue) that selects the workload\(rules)"
        }
    }

    /// Where the edit is made; nil for a new policy.
    func location(in policies: [AuthorizationPolicy]) -> SourceLocation? {
        switch self {
        case .addValue(_, let place), .removeField(let place), .negateField(let place): policies[place].location
        case .removeValue(let index, let place), .replaceValue(let index, _, let place):
            policies[place].values[index].location
        case .addField(_, let rule, let section):
            switch section {
            case .from(let index): policies[rule].from[index].location
            case .to(let index): policies[rule].to[index].location
            case .when(let index): policies[rule].when[index].location
            }
        case .removeSection(let rule, let section):
            switch section {
            case .from(let index): policies[rule].from[index].location
            case .to(let index): policies[rule].to[index].location
            case .when(let index): policies[rule].when[index].location
            }
        case .removeRule(let rule): policies[rule].location
        case .addRule(_, let policy), .setAction(_, let policy), .removePolicy(let policy): policies[policy].location
        case .addPolicy: nil
        }
    }

    private static func name(_ place: FieldPlace, _ policies: [AuthorizationPolicy]) -> String {
        policies[place.rule].name(of: policies[place], in: place.section)
    }
}

extension AuthorizationPolicy {
    /// Namespace and name: `ml-inference/only-api-gateway`.
    var qualifiedName: String { "\(namespace)/\(name)" }
}

extension AuthorizationPolicy.Rule {
    /// The rule on one line, as YAML in flow style.
    var flowText: String {
        func list(_ fields: [AuthorizationPolicy.Field]) -> String {
            fields.map { field in
                "\(field.name): [\(field.values.map { YAMLText.quoted($0.text) }.joined(separator: ", "))]"
            }.joined(separator: ", ")
        }
        func groups(_ groups: [AuthorizationPolicy.FieldGroup], _ name: String, _ element: String) -> [String] {
            guard !groups.isEmpty else { return [] }
            return ["\(name): [\(groups.map { "{\(element): {\(list($0.fields))}}" }.joined(separator: ", "))]"]
        }
        var parts = groups(from, "from", "source") + groups(to, "to", "operation")
        if !when.isEmpty {
            let conditions = when.map { "{key: \(YAMLText.quoted($0.key)), \(list($0.fields))}" }
            parts.append("when: [\(conditions.joined(separator: ", "))]")
        }
        return "{\(parts.joined(separator: ", "))}"
    }
}
