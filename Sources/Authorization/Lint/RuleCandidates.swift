/// Narrows down which of many rules can cover a rule, by the callers that they name.
///
/// A rule whose every source names callers one by one covers only rules that name some of the same; it is found by
/// those. Any other rule may cover anything, and is always a candidate.
struct RuleCandidates {
    private struct Key: Hashable {
        let subject: AuthorizationPolicy.Subject
        let value: String
    }

    private var named: [Key: [Int]] = [:]
    private var open: [Int] = []

    init(_ rules: [RuleCover.Rule]) {
        for (index, rule) in rules.enumerated() {
            var keys: Set<Key> = []
            var isNamed = !rule.from.isEmpty
            for group in rule.from {
                let field = group.first { !$0.isNegated && $0.patterns.allSatisfy { $0.literal != nil } }
                guard let field, !field.patterns.isEmpty else {
                    isNamed = false
                    break
                }
                for pattern in field.patterns {
                    if let value = pattern.literal { keys.insert(Key(subject: field.subject, value: value)) }
                }
            }
            if isNamed {
                for key in keys { named[key, default: []].append(index) }
            } else {
                open.append(index)
            }
        }
    }

    /// The places of the rules that may cover a rule, in order.
    func callAsFunction(for rule: RuleCover.Rule) -> [Int] {
        var candidates = Set(open)
        for field in rule.from.first ?? [] where !field.isNegated {
            guard let value = field.patterns.first?.literal else { continue }
            candidates.formUnion(named[Key(subject: field.subject, value: value)] ?? [])
        }
        return candidates.sorted()
    }
}
