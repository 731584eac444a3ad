/// One finding: what happened, how that is known, and the records that bear it out, each with its proof and its rule.
package struct FindingPage: Sendable {
    /// The finding.
    package let line: FindingLine
    /// What is known of it: names and values.
    package var facts: [(name: String, value: String)] = []
    /// What belongs to it, such as the paths of a roll-out.
    package var members: [String] = []
    /// How many members are not named.
    package var furtherMembers = 0
    /// The records, as far as they are shown; nil for one who may not read records.
    package var records: [RecordRow]?
    /// What is said of records that are not shown.
    package var note = ""
    /// Whether the records could not be read; the note says why.
    package var isUnread = false
    /// Whether this viewer may say that somebody looks into it.
    package var canAcknowledge = false

    /// A page of a finding.
    package init(_ line: FindingLine) {
        self.line = line
    }

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        let terms = facts.map { fact -> HTML in "<dt>\(fact.name)</dt><dd>\(fact.value)</dd>" }
        let named = members.map { member -> HTML in "<li><code>\(member)</code></li>" }
        let further: HTML = furtherMembers > 0 ? "<p class=\"note\">and \(furtherMembers) more</p>" : ""
        let group: HTML = members.isEmpty ? "" : "<h3>What belongs to it</h3><ul>\(named)</ul>\(further)"
        let act: HTML =
            canAcknowledge
            ? """
            <form method="post" action="\(ConsolePath.acknowledge(line.id))"><input type="hidden" name="form" value="\(frame.formToken)"><button>Acknowledge: I look into it</button></form>
            """
            : ""
        return frame.page(
            line.id,
            tab: .findings,
            """
            <h1>\(CauseText.html(line.cause, subject: line.subject))</h1>
            <section class="card"><div class="head"><h2>\(FindingLine.tag(line.severity, line.weight)) <code>\(line.id)</code></h2><span class="note">\(line.state)</span></div><dl>\(terms)</dl>\(group)\(act)
            <p class="note">Accept or resolve it with <code>lapwing alert accept \(line.id) --reason …</code> or <code>lapwing alert resolve \(line.id)</code>.</p></section>
            <section class="card"><div class="head"><h2>The records that show it</h2><span class="note">each with a proof that it is in the log</span></div>\(table(frame))</section>
            """
        )
    }

    private func table(_ frame: Frame) -> HTML {
        guard let records else {
            return "<p class=\"empty\">Your role may not read the record; <code>auditor</code> may.</p>"
        }
        var list = Listing(
            "Records",
            RecordRow.columns + [.init("Proof")],
            empty: "None of the records is in this node's log."
        )
        if isUnread { list.empty = "The records could not be read." }
        list.form = .records
        list.rows = records.map { row in
            row.cells(now: frame.now) + ["<a href=\"\(ConsolePath.proof(row.entry))\" download>entry \(row.entry)</a>"]
        }
        return "\(list.html)<p class=\"note\">\(note)</p>"
    }
}
