extension EditSearch {
    // MARK: - Making a rule match

    /// Plans of one or two fields that make a rule match.
    func widenings(_ rule: RuleExamination) -> [EditPlan] {
        guard let place = place(of: rule) else { return [] }
        func alternatives(_ groups: [[Int]], _ section: (Int) -> RuleSection) -> [[(RuleSection, Int)]] {
            if groups.isEmpty || groups.contains(where: \.isEmpty) { return [[]] }
            return groups.enumerated().filter { $0.element.count <= 2 }
                .map { index, fields in fields.map { (section(index), $0) } }
        }
        let conditions = rule.when.enumerated().flatMap { index, fields in fields.map { (RuleSection.when(index), $0) }
        }
        var plans: [EditPlan] = []
        for from in alternatives(rule.from, RuleSection.from).prefix(EditPlan.alternatives) {
            for to in alternatives(rule.to, RuleSection.to).prefix(EditPlan.alternatives) {
                let fields = from + to + conditions
                guard (1...2).contains(fields.count) else { continue }
                plans += fields.reduce([EditPlan()]) {
                    $0 * widenings(FieldPlace(rule: place, section: $1.0, field: $1.1))
                }
            }
        }
        return plans
    }

    /// Edits of a field that fails, so that it does not.
    private func widenings(_ place: FieldPlace) -> [EditPlan] {
        let field = engine.policies[place]
        var plans = [EditPlan(.removeField(place), reach: 40)]
        if field.isNegated {
            let matching = matchingValues(place)
            if matching.count == 1, field.values.count > 1 {
                plans.append(EditPlan(.removeValue(matching[0], place), reach: 20))
            }
        } else if let value = attributes.value(for: field.subject) {
            plans.append(EditPlan(.addValue(value, place), reach: 10))
        }
        return plans
    }

    // MARK: - Making a rule not match

    /// Plans of one edit that make a rule not match.
    func narrowings(_ rule: RuleExamination) -> [EditPlan] {
        guard let place = place(of: rule) else { return [] }
        var plans: [EditPlan] = []
        var sections = rule.when.indices.map { RuleSection.when($0) }
        let sources = rule.from.indices.filter { rule.from[$0].isEmpty }
        if sources.count == 1 { sections.append(.from(sources[0])) }
        let operations = rule.to.indices.filter { rule.to[$0].isEmpty }
        if operations.count == 1 { sections.append(.to(operations[0])) }
        for section in sections {
            for index in rule.rule.rule[section].indices {
                plans += narrowings(FieldPlace(rule: place, section: section, field: index))
            }
        }
        return plans + [EditPlan(.removeRule(place), reach: 25)]
    }

    /// Edits of a field that matches, so that it does not.
    private func narrowings(_ place: FieldPlace) -> [EditPlan] {
        let field = engine.policies[place]
        let value = attributes.value(for: field.subject)
        if field.isNegated { return value.map { [EditPlan(.addValue($0, place), reach: 12)] } ?? [] }
        var plans: [EditPlan] = []
        let matching = matchingValues(place)
        if matching.count == 1, field.values.count > 1 {
            let isExact = field.values[matching[0]].text == value
            plans.append(EditPlan(.removeValue(matching[0], place), reach: isExact ? 10 : 20))
        }
        if let value {
            let fields = engine.policies[place.rule][place.section]
            var opposite = field.opposite
            // Where the opposite is there already, it is narrowed on its own account.
            if !fields.contains(where: { $0.name == opposite.name }) {
                opposite.values = [.init(text: value, location: field.location)]
                plans.append(EditPlan(.addField(opposite, place.rule, place.section), reach: 14))
            }
        }
        return plans
    }

    /// The values of a field that the request has.
    private func matchingValues(_ place: FieldPlace) -> [Int] {
        let policy = engine.policies[place.rule.policy]
        let rule = engine.policies[place.rule]
        let field = engine.policies[place]
        return field.values.indices.filter { index in
            SingleValue(index, of: field, in: place.section, of: rule, policy, engine.options).isHad(by: attributes)
        }
    }
}
