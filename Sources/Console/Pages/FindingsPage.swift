/// Findings in a list.
package struct FindingsPage: Sendable {
    /// The findings, the worst first.
    package let findings: [FindingLine]
    /// Whether those that are over are among them.
    package let hasAll: Bool

    static let shown = 150

    /// A page of findings.
    package init(_ findings: [FindingLine], hasAll: Bool) {
        self.findings = findings
        self.hasAll = hasAll
    }

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        let items = findings.prefix(Self.shown).map { $0.item(now: frame.now) }
        let other: HTML =
            hasAll
            ? "<a href=\"\(ConsolePath.findings(all: false))\">only those that are open</a>"
            : "<a href=\"\(ConsolePath.findings(all: true))\">also those that are closed</a>"
        let list: HTML =
            items.isEmpty ? "<p class=\"empty\">Nothing was found.</p>" : "<ul class=\"found\">\(items)</ul>"
        let left = findings.count - Self.shown
        let more: HTML =
            left > 0 ? "<p class=\"note\">and \(left) more: <code>lapwing alert list</code> has all.</p>" : ""
        return frame.page(
            "Findings",
            tab: .findings,
            """
            <h1>Findings</h1><section class="card"><div class="head"><h2>\(findings.count) \(hasAll ? "in all" : "open")</h2><span class="note">\(other)</span></div>\(list)\(more)</section>
            """
        )
    }
}
