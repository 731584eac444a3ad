import Authorization
import Resources
import ZeroTrust

extension DecisionRecord.Policy {
    /// A rule as records name it.
    init(_ rule: RuleReference) {
        self.init(
            namespace: rule.namespace,
            name: rule.policy,
            rule: rule.rule,
            file: rule.location.file,
            line: rule.location.line
        )
    }
}
