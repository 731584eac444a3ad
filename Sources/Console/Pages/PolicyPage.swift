/// One policy, rule by rule, as it stands in its file.
package struct PolicyPage: Sendable {
    /// The policy: `NAMESPACE/NAME`.
    package let policy: String
    /// What it does.
    package let action: String
    /// Where it stands.
    package let place: String
    /// The gateways that it holds for.
    package let gateways: [String]
    /// Its rules.
    package let rules: [RuleText]

    static let shown = 40

    /// A page of a policy.
    package init(policy: String, action: String, place: String, gateways: [String], rules: [RuleText]) {
        self.policy = policy
        self.action = action
        self.place = place
        self.gateways = gateways
        self.rules = rules
    }

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        let parts = rules.prefix(Self.shown).map { rule -> HTML in
            let seen = ConsolePath.audit(query: "rule=\(rule.policy):\(rule.rule)", behind: nil)
            return """
                <section class="card" id="r\(rule.rule)">\(rule.html)<p class="note"><a href="\(seen)">what it decided</a></p></section>
                """
        }
        let none: HTML =
            rules.isEmpty
            ? "<p class=\"empty\">It has no rules: an ALLOW allows nothing, a DENY denies nothing.</p>" : ""
        let left = rules.count - Self.shown
        let more: HTML = left > 0 ? "<p class=\"note\">and \(left) further rules</p>" : ""
        return frame.page(
            policy,
            tab: .policies,
            """
            <h1>\(policy)</h1><section class="card"><dl><dt>Does</dt><dd><span class="tag">\(action)</span></dd><dt>Holds for</dt><dd>\(gateways.isEmpty ? "no gateway here" : gateways.joined(separator: ", "))</dd><dt>Stands at</dt><dd><code>\(place)</code></dd></dl></section>\(parts)\(none)\(more)
            """
        )
    }
}
