/// One rule held against one request, with every field that fails.
struct RuleExamination {
    let rule: CompiledRule
    /// The indices of the fields that fail, for each source, each operation and each condition.
    let from: [[Int]]
    let to: [[Int]]
    let when: [[Int]]

    init(_ rule: CompiledRule, _ attributes: Attributes) {
        let failing = { (matchers: [FieldMatcher]) in
            matchers.indices.filter { !matchers[$0].matches(attributes) }
        }
        self.rule = rule
        self.from = rule.sources.map(failing)
        self.to = rule.operations.map(failing)
        var matchers = rule.conditions[...]
        self.when = rule.rule.when.map { condition in
            defer { matchers = matchers.dropFirst(condition.fields.count) }
            return failing(Array(matchers.prefix(condition.fields.count)))
        }
    }

    /// Whether the rule matches.
    var matches: Bool {
        (from.isEmpty || from.contains { $0.isEmpty }) && (to.isEmpty || to.contains { $0.isEmpty })
            && when.allSatisfy(\.isEmpty)
    }

    /// How many fields fail, in the alternatives that come nearest.
    var distance: Int {
        (from.map(\.count).min() ?? 0) + (to.map(\.count).min() ?? 0) + when.reduce(0) { $0 + $1.count }
    }

    /// What became of the rule, for the report.
    func result(_ attributes: Attributes) -> Explanation.RuleResult {
        Explanation.RuleResult(
            rule: rule.reference,
            action: rule.action,
            isDryRun: rule.isDryRun,
            failure: firstFailure.map { failure($0.section, $0.field, attributes) }
        )
    }

    /// The first field that fails: of several sources or operations, in the one that comes nearest to matching.
    private var firstFailure: (section: RuleSection, field: Int)? {
        if let nearest = Self.nearest(from), let field = from[nearest].first { return (.from(nearest), field) }
        if let nearest = Self.nearest(to), let field = to[nearest].first { return (.to(nearest), field) }
        for (index, failing) in when.enumerated() {
            if let field = failing.first { return (.when(index), field) }
        }
        return nil
    }

    /// The alternative with the fewest failures, the first of several.
    private static func nearest(_ groups: [[Int]]) -> Int? {
        groups.indices.min { groups[$0].count < groups[$1].count }
    }

    private func failure(_ section: RuleSection, _ index: Int, _ attributes: Attributes) -> Explanation.Failure {
        let field = rule.rule[section][index]
        let values = field.values.prefix(8).map { "`\($0.text)`" }.joined(separator: ", ")
        let more = field.values.count > 8 ? " and \(field.values.count - 8) more" : ""
        let isOne = field.values.count == 1
        let quantity = field.isNegated ? (isOne ? "not " : "none of ") : (isOne ? "" : "one of ")
        return Explanation.Failure(
            field: rule.rule.name(of: field, in: section),
            location: field.location,
            expected: quantity + values + more,
            got: attributes.words(for: field.subject).text
        )
    }
}
