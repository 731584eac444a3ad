/// Datasets, as estates declare them: what is not listed is denied.
package struct DatasetsPage: Sendable {
    /// A dataset.
    package struct Row: Sendable {
        /// Its name.
        package var name = ""
        /// How it is classified.
        package var classification = ""
        /// What it may be used for.
        package var purposes: [String] = []
        /// Who makes it.
        package var producer = ""
        /// Where it lies.
        package var stores: [String] = []
        /// Who may read it, and where that is enforced.
        package var readers: [String] = []
        /// Who may write it.
        package var writers: [String] = []
        /// Whether its producer signs it.
        package var isSigned = false
        /// Where it is declared.
        package var place = ""

        /// A dataset.
        package init() {}
    }

    /// An estate.
    package struct Section: Sendable {
        /// Its name.
        package let name: String
        /// Its datasets.
        package var rows: [Row] = []
        /// What must never happen, by id.
        package var invariants: [String] = []

        /// An estate without datasets.
        package init(name: String) {
            self.name = name
        }
    }

    /// The estates.
    package var estates: [Section] = []
    /// How many of each estate's datasets stand on pages before.
    package var first = 0

    static let shown = 80

    /// No estates.
    package init() {}

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        let parts = estates.map(section)
        let none: HTML =
            estates.isEmpty
            ? """
            <section class="card"><p class="empty">The configuration has no <code>Estate</code>, so that nothing is known of datasets here. An estate names components, datasets and purposes; <code>lapwing data plan</code> puts it in force.</p></section>
            """
            : ""
        return frame.page("Datasets", tab: .datasets, "<h1>Datasets</h1>\(parts)\(none)")
    }

    private func section(_ estate: Section) -> HTML {
        var list = Listing(
            "Datasets of \(estate.name)",
            [
                .init("Dataset"), .init("For"), .init("May read"), .init("May write"), .init("Lies in"),
                .init("Declared at"),
            ],
            empty: "It has no datasets."
        )
        let stretch = Stretch(from: first, of: estate.rows.count, size: Self.shown)
        list.rows = stretch(estate.rows).map { row in
            let signed: HTML = row.isSigned ? " <span class=\"tag ok\">signed</span>" : ""
            return [
                "<strong>\(row.name)</strong>\(signed)<br><span class=\"tag\">\(row.classification)</span>",
                lines(row.purposes), lines(row.readers), lines(row.writers), lines(row.stores),
                "<code>\(row.place)</code>",
            ]
        }
        let never = estate.invariants.map { id -> HTML in "<code>\(id)</code> " }
        let rules: HTML =
            never.isEmpty
            ? ""
            : "<p class=\"note\">What must never happen, and is proved by <code>lapwing data prove</code>: \(never)</p>"
        return """
            <section class="card"><div class="head"><h2>\(estate.name)</h2><span class="note">what is not listed is denied</span></div>\(list.html)\(stretch.links(of: estate.rows.count) { .datasets(from: $0) })\(rules)</section>
            """
    }

    private func lines(_ texts: [String]) -> HTML {
        let items = texts.prefix(12).map { text -> HTML in "\(HTML.isolated(text))<br>" }
        let left = texts.count - 12
        let more: HTML = left > 0 ? "<span class=\"muted\">and \(left) more</span>" : ""
        return texts.isEmpty ? "<span class=\"muted\">nobody</span>" : "\(items)\(more)"
    }
}
