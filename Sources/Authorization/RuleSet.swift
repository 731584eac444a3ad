/// The rules of an engine for one kind of connection, by what they do.
///
/// A class, so that a request that picks one copies a reference and not six indexes.
final class RuleSet: Sendable {
    let custom: RuleIndex
    let deny: RuleIndex
    let allow: RuleIndex
    let audit: RuleIndex
    let trialDeny: RuleIndex
    let trialAllow: RuleIndex

    /// Compiles the rules of policies.
    init(
        _ policies: [AuthorizationPolicy],
        _ options: PolicyEngine.Options,
        transport: Attributes.Transport
    ) {
        var rules: [CompiledRule] = []
        for policy in policies {
            for (index, rule) in policy.rules.enumerated() {
                if let rule = CompiledRule(rule, index: index, of: policy, options: options, transport: transport) {
                    rules.append(rule)
                }
            }
        }
        func index(_ action: AuthorizationPolicy.Action, isDryRun: Bool = false) -> RuleIndex {
            RuleIndex(
                rules.filter { $0.action == action && $0.isDryRun == isDryRun },
                reading: options.compatibility == .istio ? .istio : action == .allow ? .grants : .restricts
            )
        }
        self.custom = index(.custom)
        self.deny = index(.deny)
        self.allow = index(.allow)
        self.audit = index(.audit)
        self.trialDeny = index(.deny, isDryRun: true)
        self.trialAllow = index(.allow, isDryRun: true)
    }
}
