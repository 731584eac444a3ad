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

/// A rule as it stands in its file.
package struct RuleText: Sendable, Hashable {
    /// The policy: `NAMESPACE/NAME`.
    package let policy: String
    /// The rule's number.
    package let rule: Int
    /// Where it stands: `policies.yaml:12`.
    package let place: String
    /// The number of the first line.
    package let first: Int
    /// The lines.
    package let lines: [String]

    static let shown = 80

    /// A rule.
    package init(policy: String, rule: Int, place: String, first: Int, lines: [String]) {
        self.policy = policy
        self.rule = rule
        self.place = place
        self.first = first
        self.lines = lines
    }

    /// The lines of a file that belong to what begins at a place: an item of a list, or a document.
    ///
    /// - Parameters:
    ///   - text: the file.
    ///   - line: the line at which it begins, from 1.
    /// - Returns: the lines, without those that are deeper than the first only by accident; none where there is no such line.
    package static func block(in text: String, from line: Int) -> [String] {
        let all = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard line >= 1, line <= all.count else { return [] }
        let indent = { (text: String) in text.prefix { $0 == " " }.count }
        let first = all[line - 1]
        let depth = indent(first)
        var block = [first]
        for next in all[line...].prefix(shown) {
            let isBlank = next.allSatisfy { $0 == " " }
            if !isBlank, indent(next) <= depth { break }
            if next.hasPrefix("---") { break }
            block.append(next)
        }
        while block.count > 1, block.last?.allSatisfy({ $0 == " " }) == true { block.removeLast() }
        return block
    }

    /// The rule with the numbers of its lines.
    var html: HTML {
        let width = String(first + lines.count).count
        let rows = lines.enumerated().map { place, line -> HTML in
            let number = String(first + place)
            return "<b>\(String(repeating: " ", count: width - number.count) + number)  </b>\(HTML.lines(line))\n"
        }
        return """
            <p>Rule \(rule) of <code>\(policy)</code>, at <code>\(place)</code></p><pre tabindex="0">\(rows)</pre>
            """
    }
}
