package import ZeroTrust

/// A finding in a list.
package struct FindingLine: Sendable {
    /// How much a finding matters, as its colour says.
    package enum Weight: Sendable { case bad, warn, plain }

    /// Its id.
    package let id: String
    /// Its severity in a word.
    package let severity: String
    /// How its severity is coloured.
    package let weight: Weight
    /// Its state in a word.
    package let state: String
    /// What happened.
    package let cause: String
    /// Who it is about.
    package let subject: String
    /// How many records bear it out.
    package let records: UInt64
    /// When its newest record was made.
    package let updated: Timestamp

    /// A finding.
    package init(
        id: String,
        severity: String,
        weight: Weight,
        state: String,
        cause: String,
        subject: String,
        records: UInt64,
        updated: Timestamp
    ) {
        self.id = id
        self.severity = severity
        self.weight = weight
        self.state = state
        self.cause = cause
        self.subject = subject
        self.records = records
        self.updated = updated
    }

    static func tag(_ word: String, _ weight: Weight) -> HTML {
        switch weight {
        case .bad: "<span class=\"tag bad\">\(word)</span>"
        case .warn: "<span class=\"tag warn\">\(word)</span>"
        case .plain: "<span class=\"tag\">\(word)</span>"
        }
    }

    /// The finding as an item of a list.
    func item(now: Timestamp) -> HTML {
        let mark: HTML = state == "open" ? "" : " · \(state)"
        return """
            <li>\(Self.tag(severity, weight)) <a href="\(ConsolePath.finding(id))">\(CauseText.html(cause, subject: subject))</a><span class="muted"><code>\(id)</code> · \(records) \(records == 1 ? "record" : "records") · \(TimeText.ago(updated, now: now))\(mark)</span></li>

            """
    }
}
