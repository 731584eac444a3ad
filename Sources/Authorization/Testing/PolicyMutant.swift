public import Resources

/// Policies with one change, to see whether a table notices.
public struct PolicyMutant: Sendable, Hashable {
    /// What kind of change it is.
    public let kind: MutationOperator
    /// The change in words, with its place.
    public let text: String
    /// Where the change is made.
    public let location: SourceLocation
    /// The change itself.
    let edit: PolicyEdit

    /// Every mutant of the policies that decide; those on trial have none.
    static func all(of policies: [AuthorizationPolicy]) -> [PolicyMutant] {
        var mutants: [PolicyMutant] = []
        func add(_ kind: MutationOperator, _ edit: PolicyEdit) {
            guard let location = edit.location(in: policies) else { return }
            mutants.append(PolicyMutant(kind: kind, text: edit.words(in: policies), location: location, edit: edit))
        }
        for (number, policy) in policies.enumerated() where !policy.isDryRun {
            add(.removePolicy, .removePolicy(number))
            if policy.action == .allow { add(.swapAction, .setAction(.deny, policy: number)) }
            if policy.action == .deny { add(.swapAction, .setAction(.allow, policy: number)) }
            for (index, rule) in policy.rules.enumerated() {
                let place = RulePlace(policy: number, rule: index)
                // A policy whose only rule goes may as well go itself, unless its presence matters.
                add(.removeRule, .removeRule(place))
                for section in rule.sections {
                    let isAlternative =
                        switch section {
                        case .from: rule.from.count > 1
                        case .to: rule.to.count > 1
                        case .when: false
                        }
                    if isAlternative { add(.removeAlternative, .removeSection(place, section)) }
                    for (field, content) in rule[section].enumerated() {
                        let place = FieldPlace(rule: place, section: section, field: field)
                        add(.removeField, .removeField(place))
                        add(.negateField, .negateField(place))
                        for (value, written) in content.values.enumerated() {
                            if content.values.count > 1 { add(.removeValue, .removeValue(value, place)) }
                            for (kind, text) in ValueMutation.all(of: written.text, as: content.subject) {
                                add(kind, .replaceValue(value, with: text, place))
                            }
                        }
                    }
                }
            }
        }
        return mutants
    }
}
