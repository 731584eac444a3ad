import Resources

extension LintRule {
    /// Fields and rules that cancel, repeat or hide each other.
    static let combinations: [LintRule] = [
        LintRule(
            "LW0030",
            "contradiction",
            .warning,
            "the fields of a rule exclude each other, so that it never matches"
        ) { input, found in
            for policy in input.policies {
                for rule in policy.rules {
                    let groups = (rule.from + rule.to).map(\.fields) + [rule.when.flatMap(\.fields)]
                    for fields in groups {
                        guard let (field, why) = RuleCover.contradiction(in: fields) else { continue }
                        found.add(
                            field.location,
                            in: policy.location,
                            "nothing matches here: \(why)",
                            fix: "take out the side that is not meant"
                        )
                    }
                }
            }
        },
        LintRule("LW0031", "rule-twice", .warning, "a rule says the same as another one") { input, found in
            input.forEachCoveredRule { later, earlier, isSame in
                guard isSame else { return }
                found.add(
                    later.rule.location,
                    in: later.policy.location,
                    "this rule says the same as \(earlier)",
                    fix: "leave one of them out"
                )
            }
        },
        LintRule("LW0032", "rule-shadowed", .note, "a rule adds nothing to a wider one") { input, found in
            input.forEachCoveredRule { narrow, wide, isSame in
                guard !isSame else { return }
                found.add(
                    narrow.rule.location,
                    in: narrow.policy.location,
                    "all that this rule matches is matched by \(wide)",
                    fix: "leave it out, or make the wider rule narrower"
                )
            }
        },
        LintRule("LW0033", "allow-rule-denied", .warning, "a DENY rule denies all that an ALLOW rule allows") {
            input,
            found in
            let allowing = input.placedRules { $0.action == .allow && !$0.isDryRun }
            let denying = input.placedRules { $0.action == .deny && !$0.isDryRun }
            for rule in allowing {
                let cover = denying.first { wide in
                    RuleCover.reaches(wide.policy, beyond: rule.policy, rootNamespace: input.options.rootNamespace)
                        && RuleCover.covers(wide.fields, rule.fields)
                }
                guard let cover else { continue }
                found.add(
                    rule.rule.location,
                    in: rule.policy.location,
                    "this rule never allows anything: \(cover) denies all that it matches",
                    fix: "make the DENY rule narrower, or leave this rule out"
                )
            }
        },
    ]
}

/// A rule with the policy that it stands in.
struct PlacedRule: CustomStringConvertible {
    let policy: AuthorizationPolicy
    let rule: AuthorizationPolicy.Rule
    /// The rule's fields, for comparisons.
    let fields: RuleCover.Rule

    init(policy: AuthorizationPolicy, rule: AuthorizationPolicy.Rule) {
        self.policy = policy
        self.rule = rule
        self.fields = RuleCover.Rule(rule)
    }

    var description: String {
        "the rule at \(rule.location) of `\(policy.namespace)/\(policy.name)`"
    }
}

extension LintInput {
    /// The most rules of one action that are held against each other; beyond it, duplicates and shadows are not looked
    /// for among the rest.
    static let maximumComparedRules = 2_000

    /// The rules of some policies, each with its policy.
    func placedRules(_ isMeant: (AuthorizationPolicy) -> Bool) -> [PlacedRule] {
        var placed: [PlacedRule] = []
        for policy in policies where isMeant(policy) {
            for rule in policy.rules {
                guard placed.count < Self.maximumComparedRules else { return placed }
                placed.append(PlacedRule(policy: policy, rule: rule))
            }
        }
        return placed
    }

    /// Calls with each rule that another of the same action covers, and whether they say the same.
    fileprivate func forEachCoveredRule(
        _ body: (_ narrow: PlacedRule, _ wide: PlacedRule, _ isSame: Bool) -> Void
    ) {
        for action in AuthorizationPolicy.Action.allCases {
            for isDryRun in [false, true] {
                let rules = placedRules { $0.action == action && $0.isDryRun == isDryRun }
                for (index, rule) in rules.enumerated() {
                    guard let (wide, isSame) = cover(of: rule, at: index, among: rules) else { continue }
                    body(rule, wide, isSame)
                }
            }
        }
    }

    private func cover(
        of rule: PlacedRule,
        at index: Int,
        among rules: [PlacedRule]
    ) -> (wide: PlacedRule, isSame: Bool)? {
        for (other, candidate) in rules.enumerated() where other != index {
            guard covers(candidate, rule) else { continue }
            let isSame = covers(rule, candidate)
            // Of two that say the same, the later one is reported.
            if isSame, other > index { continue }
            return (candidate, isSame)
        }
        return nil
    }

    private func covers(_ wide: PlacedRule, _ narrow: PlacedRule) -> Bool {
        RuleCover.covers(wide.fields, narrow.fields) && wide.policy.provider == narrow.policy.provider
            && RuleCover.reaches(wide.policy, beyond: narrow.policy, rootNamespace: options.rootNamespace)
    }
}
