/// One change to a list of policies: what an explanation proposes, and what a test of the tests tries.
enum PolicyEdit: Hashable, Sendable {
    /// Adds a value to a field.
    case addValue(String, FieldPlace)
    /// Takes a value out of a field that has others.
    case removeValue(Int, FieldPlace)
    /// Writes another value in a value's place.
    case replaceValue(Int, with: String, FieldPlace)
    /// Adds a field to a source, an operation or a condition.
    case addField(AuthorizationPolicy.Field, RulePlace, RuleSection)
    /// Takes a field away, so that its attribute is not looked at.
    case removeField(FieldPlace)
    /// Makes a field match where it did not: `paths` becomes `notPaths`, and the other way round.
    case negateField(FieldPlace)
    /// Takes one of several sources, operations or conditions away.
    case removeSection(RulePlace, RuleSection)
    /// Takes a rule away.
    case removeRule(RulePlace)
    /// Adds a rule to a policy.
    case addRule(AuthorizationPolicy.Rule, policy: Int)
    /// Makes a policy do something else.
    case setAction(AuthorizationPolicy.Action, policy: Int)
    /// Takes a policy away.
    case removePolicy(Int)
    /// Adds a policy.
    case addPolicy(AuthorizationPolicy)

    /// The policies after several edits.
    ///
    /// Every edit names its place in the policies as they are before any of them.
    static func apply(_ edits: [PolicyEdit], to policies: [AuthorizationPolicy]) -> [AuthorizationPolicy] {
        var policies = policies
        // What removes comes last and from the end, so that every place still holds.
        for edit in edits.sorted(by: { $0.order.lexicographicallyPrecedes($1.order) }) { edit.apply(to: &policies) }
        return policies
    }

    private func apply(to policies: inout [AuthorizationPolicy]) {
        switch self {
        case .addValue(let text, let place):
            policies[place].values.append(.init(text: text, location: policies[place].location))
        case .removeValue(let index, let place): policies[place].values.remove(at: index)
        case .replaceValue(let index, let text, let place):
            policies[place].values[index] = .init(text: text, location: policies[place].values[index].location)
        case .addField(let field, let rule, let section): policies[rule][section].append(field)
        case .removeField(let place):
            policies[place.rule][place.section].remove(at: place.field)
            if policies[place.rule][place.section].isEmpty { policies[place.rule].open(place.section) }
        case .negateField(let place): policies[place] = policies[place].opposite
        case .removeSection(let rule, let section): policies[rule].remove(section)
        case .removeRule(let place): policies[place.policy].rules.remove(at: place.rule)
        case .addRule(let rule, let policy): policies[policy].rules.append(rule)
        case .setAction(let action, let policy): policies[policy].action = action
        case .removePolicy(let index): policies.remove(at: index)
        case .addPolicy(let policy): policies.append(policy)
        }
    }

    /// Where the edit comes among several, as numbers to compare one after the other.
    private var order: [Int] {
        switch self {
        case .addValue, .replaceValue, .addField, .negateField, .setAction: [0]
        case .removeValue(let index, let place): [1, -index, place.field]
        case .removeField(let place): [2, -place.section.index, -place.field]
        case .removeSection(_, let section): [3, -section.index]
        case .removeRule(let place): [4, -place.rule]
        case .addRule: [5]
        case .removePolicy(let index): [6, -index]
        case .addPolicy: [7]
        }
    }

    /// The policy that the edit changes, or nil where it adds one.
    var policy: Int? {
        switch self {
        case .addValue(_, let place), .removeValue(_, let place), .replaceValue(_, _, let place),
            .removeField(let place), .negateField(let place):
            place.rule.policy
        case .addField(_, let place, _), .removeSection(let place, _), .removeRule(let place): place.policy
        case .addRule(_, let policy), .setAction(_, let policy), .removePolicy(let policy): policy
        case .addPolicy: nil
        }
    }
}

extension AuthorizationPolicy.Rule {
    /// Takes a section away.
    fileprivate mutating func remove(_ section: RuleSection) {
        switch section {
        case .from(let index): from.remove(at: index)
        case .to(let index): to.remove(at: index)
        case .when(let index): when.remove(at: index)
        }
    }

    /// Makes a section whose last field was taken away match anything: with it all of its alternatives go.
    fileprivate mutating func open(_ section: RuleSection) {
        switch section {
        case .from: from = []
        case .to: to = []
        case .when(let index): when.remove(at: index)
        }
    }
}

extension AuthorizationPolicy.Field {
    /// The field that matches where this one does not: `paths` and `notPaths`, `values` and `notValues`.
    var opposite: Self {
        var field = self
        field.isNegated.toggle()
        field.name = Self.opposite(of: name)
        return field
    }

    /// The name of a field's opposite.
    static func opposite(of name: String) -> String {
        guard name.hasPrefix("not") else { return "not" + name.prefix(1).uppercased() + name.dropFirst() }
        let rest = name.dropFirst(3)
        return rest.prefix(1).lowercased() + rest.dropFirst()
    }
}
