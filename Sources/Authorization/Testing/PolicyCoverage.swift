public import Resources

/// What the cases of tables exercise of the policies: which rules matched, and which values made a difference.
///
/// A rule is exercised where a case matches it. A value is exercised where a case has it and everything else of its rule
/// matches too: a listed value then lets the rule match, an excluded one alone keeps it from matching.
public struct PolicyCoverage: Sendable {
    /// A rule, or a value of one.
    public struct Item: Sendable, Hashable {
        /// The rule.
        public let rule: RuleReference
        /// The field's place in the rule, for a value: `to[0].operation.methods`.
        public let field: String?
        /// The value as written.
        public let value: String?
        /// Where it stands.
        public let location: SourceLocation
    }

    /// Every rule and value, with whether some case exercises it, in the order of the policies.
    public private(set) var items: [(item: Item, isExercised: Bool)] = []

    /// How many are exercised.
    public var exercised: Int { items.count(where: \.isExercised) }

    /// The share that is exercised, in hundredths; all of nothing.
    public var percent: Double { items.isEmpty ? 100 : 100 * Double(exercised) / Double(items.count) }

    /// What no case exercises.
    public var missing: [Item] { items.filter { !$0.isExercised }.map(\.item) }

    /// Nothing yet.
    public init() {}

    /// Adds the policies of a table and what its cases exercise of them.
    ///
    /// What several tables have in common counts once, and is exercised where any of them does.
    public mutating func add(_ runner: PolicyTestRunner) {
        var known: [Item: Int] = [:]
        for (index, entry) in items.enumerated() { known[entry.item] = index }
        let requests = runner.prepared.compactMap { try? $0.request.get() }
        for policy in runner.engine.policies {
            for (index, rule) in policy.rules.enumerated() {
                let tally = RuleCoverage(rule, index: index, of: policy, options: runner.engine.options)
                for (item, isExercised) in tally.items(requests) {
                    if let position = known[item] {
                        items[position].isExercised = items[position].isExercised || isExercised
                    } else {
                        known[item] = items.count
                        items.append((item, isExercised))
                    }
                }
            }
        }
    }
}

/// One rule with a matcher for each of its values.
private struct RuleCoverage {
    private let rule: AuthorizationPolicy.Rule
    private let reference: RuleReference
    private let compiled: CompiledRule
    /// By section, field and value.
    private let values: [[[SingleValue]]]

    init(_ rule: AuthorizationPolicy.Rule, index: Int, of policy: AuthorizationPolicy, options: PolicyEngine.Options) {
        self.rule = rule
        self.compiled = CompiledRule(rule, index: index, of: policy, options: options)
        self.reference = RuleReference(
            policy: policy.name,
            namespace: policy.namespace,
            rule: index,
            location: rule.location
        )
        self.values = rule.sections.map { section in
            rule[section].map { field in
                field.values.indices.map { SingleValue($0, of: field, in: section, of: rule, policy, options) }
            }
        }
    }

    func items(_ requests: [Attributes]) -> [(PolicyCoverage.Item, Bool)] {
        let examined = requests.map { (attributes: $0, examination: RuleExamination(compiled, $0)) }
        let isMatched = examined.contains { $0.examination.matches }
        var items = [(item(nil, nil, rule.location), isMatched)]
        for (sectionIndex, section) in rule.sections.enumerated() {
            for (fieldIndex, field) in rule[section].enumerated() {
                let deciding = examined.filter { $0.examination.isDecided(by: field, fieldIndex, in: section) }
                for (value, single) in zip(field.values, values[sectionIndex][fieldIndex]) {
                    let isExercised = deciding.contains { single.isHad(by: $0.attributes) }
                    items.append((item(rule.name(of: field, in: section), value.text, value.location), isExercised))
                }
            }
        }
        return items
    }

    private func item(_ field: String?, _ value: String?, _ location: SourceLocation) -> PolicyCoverage.Item {
        PolicyCoverage.Item(rule: reference, field: field, value: value, location: location)
    }
}

extension RuleExamination {
    /// Whether a field is what decides: everything else of the rule matches, and so does the field, or it is negated and
    /// alone does not.
    fileprivate func isDecided(by field: AuthorizationPolicy.Field, _ index: Int, in section: RuleSection) -> Bool {
        let wanted = field.isNegated ? [index] : []
        func matches(_ groups: [[Int]]) -> Bool { groups.isEmpty || groups.contains { $0.isEmpty } }
        func conditions(except number: Int?) -> Bool {
            when.indices.allSatisfy { $0 == number || when[$0].isEmpty }
        }
        switch section {
        case .from(let number): return from[number] == wanted && matches(to) && conditions(except: nil)
        case .to(let number): return to[number] == wanted && matches(from) && conditions(except: nil)
        case .when(let number):
            return when[number] == wanted && matches(from) && matches(to) && conditions(except: number)
        }
    }
}
