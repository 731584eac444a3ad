/// What is recorded under an id, with proofs, and the rule that decided.
package struct RecordPage: Sendable {
    /// An entry of the log.
    package struct Entry: Sendable {
        /// Its index.
        package let index: UInt64
        /// What kind of record it is.
        package let kind: String
        /// The record as JSON, set out for people.
        package let text: String
        /// Whether the signed tree holds it.
        package let isCovered: Bool

        /// An entry.
        package init(index: UInt64, kind: String, text: String, isCovered: Bool) {
            self.index = index
            self.kind = kind
            self.text = text
            self.isCovered = isCovered
        }
    }

    /// The id.
    package let id: String
    /// The entries.
    package var entries: [Entry] = []
    /// The request in one line, where there is a decision.
    package var line: RecordRow?
    /// Names and values of what matters most.
    package var facts: [(name: String, value: String)] = []
    /// The rule that decided.
    package var rule: RuleText?
    /// What the policies in force say of the same request, rule by rule; empty where nothing is to be said.
    package var explanation = ""
    /// What is said about the rule and the explanation: that the configuration has changed since, or why there is none.
    package var note = ""

    /// A page of an id.
    package init(id: String) {
        self.id = id
    }

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        let title: HTML =
            line.map { line in
                "<span class=\"tag \(line.outcome == "allow" ? "ok" : "bad")\">\(line.outcome)</span> \(HTML.isolated(line.asked))"
            } ?? "\(entries.first?.kind ?? "Record")"
        let terms = facts.map { fact -> HTML in "<dt>\(fact.name)</dt><dd>\(fact.value)</dd>" }
        let parts = entries.map { entry -> HTML in
            let covered: HTML =
                entry.isCovered
                ? "<a href=\"\(ConsolePath.proof(entry.index))\" download>download the proof</a>"
                : "durable, not in the signed tree yet: reload in a second"
            return """
                <section class="card"><div class="head"><h2>Entry \(entry.index): \(entry.kind)</h2><span class="note">\(covered)</span></div><pre tabindex="0">\(HTML.lines(entry.text))</pre></section>
                """
        }
        let explained: HTML =
            explanation.isEmpty ? "" : "<h3>Rule by rule</h3><pre tabindex=\"0\">\(HTML.lines(explanation))</pre>"
        let said: HTML = note.isEmpty ? "" : "<p class=\"say warn\">\(note)</p>"
        let why: HTML =
            rule == nil && explanation.isEmpty && note.isEmpty
            ? ""
            : """
            <section class="card"><div class="head"><h2>Why</h2></div>\(said)\(rule?.html)\(explained)</section>
            """
        return frame.page(
            "Record",
            tab: .audit,
            """
            <h1>\(title)</h1>
            <section class="card"><dl><dt>Id</dt><dd><code>\(id)</code></dd>\(terms)</dl></section>
            \(why)\(parts)
            <p class="note">Anybody can check a proof without us: <code>lapwing audit verify --proof FILE --key KEY</code>; the key is <code>log.vkey</code> in the state directory.</p>
            """
        )
    }
}
