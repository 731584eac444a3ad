/// Who has which identity.
package struct IdentitiesPage: Sendable {
    /// An entry.
    package struct Row: Sendable {
        /// Its name.
        package let name: String
        /// The SPIFFE ID.
        package let id: String
        /// What a process has to be.
        package let selectors: [String]
        /// Where it comes from: a file and line, or `command`.
        package let source: String
        /// How long an SVID lives, in words; empty for the usual time.
        package let lifetime: String
        /// How the last certificate stands, in words.
        package let certificate: String
        /// Whether that is as it should be.
        package let state: Overview.Fact.State

        /// An entry.
        package init(
            name: String,
            id: String,
            selectors: [String],
            source: String,
            lifetime: String,
            certificate: String,
            state: Overview.Fact.State
        ) {
            self.name = name
            self.id = id
            self.selectors = selectors
            self.source = source
            self.lifetime = lifetime
            self.certificate = certificate
            self.state = state
        }
    }

    /// The entries.
    package var rows: [Row] = []
    /// How many of the entries stand on pages before.
    package var first = 0
    /// What is said of entries that are not shown, or could not be asked for.
    package var note = ""

    static let shown = 120

    /// No entries.
    package init() {}

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        var list = Listing(
            "Entries",
            [.init("Identity"), .init("Selectors"), .init("Certificate"), .init("From")],
            empty: "No entry gives anybody an identity."
        )
        let stretch = Stretch(from: first, of: rows.count, size: Self.shown)
        list.rows = stretch(rows).map { row in
            let selectors = row.selectors.map { selector -> HTML in "<code>\(selector)</code> " }
            let tag: HTML =
                switch row.state {
                case .ok: "<span class=\"tag ok\">\(row.certificate)</span>"
                case .warn: "<span class=\"tag warn\">\(row.certificate)</span>"
                case .bad: "<span class=\"tag bad\">\(row.certificate)</span>"
                case .idle: "<span class=\"muted\">\(row.certificate)</span>"
                }
            let life: HTML = row.lifetime.isEmpty ? "" : "<br><span class=\"muted\">lives \(row.lifetime)</span>"
            return [
                "<code>\(row.id)</code><br><span class=\"muted\">\(row.name)</span>", "\(selectors)", "\(tag)\(life)",
                "<span class=\"muted\">\(row.source)</span>",
            ]
        }
        let more = stretch.links(of: rows.count) { .identities(from: $0) }
        let said: HTML = note.isEmpty ? "" : "<p class=\"say warn\">\(note)</p>"
        return frame.page(
            "Identities",
            tab: .identities,
            """
            <h1>Identities</h1>\(said)<section class="card"><div class="head"><h2>\(rows.count) entries</h2><span class="note">a process that fits all selectors gets the identity</span></div>\(list.html)\(more)</section>
            """
        )
    }
}
