package import ZeroTrust

/// Page one: what a security engineer wants to know in five seconds.
package struct Overview: Sendable {
    /// A fact about the installation, and whether it is as it should be.
    package struct Fact: Sendable {
        /// Whether it is as it should be.
        package enum State: String, Sendable { case ok, warn, bad, idle }

        /// What it is about.
        package let name: String
        /// The value.
        package let value: String
        /// What else there is to say.
        package let more: String
        /// Whether it is as it should be.
        package let state: State
        /// What the script knows the value by; empty for one that stays.
        package let key: String

        /// A fact.
        package init(_ name: String, _ value: String, _ more: String, _ state: State, key: String = "") {
            self.name = name
            self.value = value
            self.more = more
            self.state = state
            self.key = key
        }
    }

    /// Who used which model.
    package struct ModelUse: Sendable {
        /// Who.
        package let caller: String
        /// Which model.
        package let model: String
        /// How often.
        package let count: UInt64
        /// How often it was refused.
        package let refused: UInt64
        /// When it was seen first.
        package let first: Timestamp
        /// When it was seen last.
        package let last: Timestamp
        /// Whether it was never seen before the last day.
        package let isNew: Bool

        /// A use.
        package init(
            caller: String,
            model: String,
            count: UInt64,
            refused: UInt64,
            first: Timestamp,
            last: Timestamp,
            isNew: Bool
        ) {
            self.caller = caller
            self.model = model
            self.count = count
            self.refused = refused
            self.first = first
            self.last = last
            self.isNew = isNew
        }
    }

    /// Findings that ask for somebody, the worst first.
    package var findings: [FindingLine] = []
    /// Facts.
    package var facts: [Fact] = []
    /// Who calls whom.
    package var graph = ServiceGraph()
    /// What happened in each of the last minutes.
    package var minutes: [TrafficPicture.Minute] = []
    /// Uses of models.
    package var uses: [ModelUse] = []
    /// The newest requests, the newest first; nil for one who may not read records.
    package var rows: [RecordRow]?
    /// The newest entry that the page knows of.
    package var last: UInt64 = 0
    /// Of what the picture is made.
    package var source = ""

    static let findingsShown = 6
    static let usesShown = 10
    static let pathsShown = 10
    /// The nodes from which on namespaces are drawn, and not services.
    package static let nodesShown = 24

    /// Nothing.
    package init() {}

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        let facts = facts.map(tile)
        return frame.page(
            "Overview",
            tab: .overview,
            hasScript: rows != nil,
            """
            <h1 class="away">Overview</h1>
            <section class="tiles" aria-label="Posture">\(facts)</section>
            \(parts(frame))
            \(rowsCard(frame))
            """
        )
    }

    /// A graph of a few services stands beside the findings, a larger one has the whole width.
    private func parts(_ frame: Frame) -> HTML {
        let drawn = drawn
        return GraphView(graph: drawn).isSmall
            ? """
            <div class="cols lead">\(findingsCard(frame))\(graphCard(drawn))</div>
            <div class="cols">\(activityCard)\(usesCard(frame))</div>
            """
            : """
            <div class="cols">\(findingsCard(frame))\(activityCard)</div>\(graphCard(drawn))\(usesCard(frame))
            """
    }

    private var drawn: ServiceGraph {
        guard graph.nodes.count > Self.nodesShown else { return graph }
        return graph.byNamespace().first(nodes: GraphPage.nodesDrawn, edges: GraphPage.edgesDrawn)
    }

    private func tile(_ fact: Fact) -> HTML {
        let mark =
            switch fact.state {
            case .ok: "✓"
            case .warn: "!"
            case .bad: "✕"
            case .idle: "–"
            }
        let word =
            switch fact.state {
            case .ok: "well"
            case .warn: "look at it"
            case .bad: "not well"
            case .idle: "not known"
            }
        let id: HTML = fact.key.isEmpty ? "" : " id=\"n-\(fact.key)\""
        return """
            <div class="tile \(fact.state.rawValue)"><div class="k"><span class="mark" aria-hidden="true">\(mark)</span>\(fact.name)<span class="away">: \(word)</span></div><div class="v"\(id)>\(fact.value)</div><div class="s">\(fact.more)</div></div>
            """
    }

    private func findingsCard(_ frame: Frame) -> HTML {
        let open = findings.count
        let items = findings.prefix(Self.findingsShown).map { $0.item(now: frame.now) }
        let more: HTML =
            open > Self.findingsShown
            ? "<a href=\"\(ConsolePath.findings(all: false))\">all \(open)</a>"
            : "<a href=\"\(ConsolePath.findings(all: true))\">also those that are closed</a>"
        let list: HTML =
            items.isEmpty
            ? "<p class=\"empty\">No finding is open. The monitor reads each record a moment after it is made.</p>"
            : "<ul class=\"found\">\(items)</ul>"
        return """
            <section class="card" aria-labelledby="h-found"><div class="head"><h2 id="h-found">Open findings: <span id="n-findings">\(open)</span></h2><span class="note">\(more)</span></div>\(list)</section>
            """
    }

    private func graphCard(_ drawn: ServiceGraph) -> HTML {
        let isWhole = graph.nodes.count <= Self.nodesShown
        guard !drawn.nodes.isEmpty else {
            return """
                <section class="card" aria-labelledby="h-graph"><div class="head"><h2 id="h-graph">Who calls whom</h2></div><p class="empty">No policy lets anybody call, and nobody has called.</p></section>
                """
        }
        var view = GraphView(graph: drawn)
        if !view.isSmall { view.metrics = GraphLayout.Metrics(nodeWidth: 160, gap: 10, between: 76, perLayer: 14) }
        let note: HTML =
            isWhole
            ? "\(graph.nodes.count) services"
            : "\(graph.nodes.count) services, by namespace; whoever took an undeclared path by name"
        return """
            <section class="card" aria-labelledby="h-graph"><div class="head"><h2 id="h-graph">Who calls whom</h2><span class="note">\(note) · <a href="\(ConsolePath.graph)">every path</a></span></div>\(view.html)\(GraphDrawing.key)</section>
            """
    }

    private var activityCard: HTML {
        let charts = [
            BarChart(
                title: "Decisions",
                counts: minutes.map { $0.allowed + $0.denied },
                unit: "minute",
                tone: .plain
            ),
            BarChart(title: "Refused", counts: minutes.map(\.denied), unit: "minute", tone: .bad),
            BarChart(title: "Stopped by guardrails", counts: minutes.map(\.guarded), unit: "minute", tone: .warn),
        ].map(\.html)
        return """
            <section class="card time" aria-labelledby="h-time"><div class="head"><h2 id="h-time">The last \(minutes.count) minutes</h2><span class="note">now is to the right</span></div>\(charts)</section>
            """
    }

    private func usesCard(_ frame: Frame) -> HTML {
        var list = Listing(
            "Who used which model",
            [.init("Caller"), .init("Model"), .init("Requests", isNumber: true), .init("Last")],
            empty: "No request to a model was seen."
        )
        list.form = .pairs
        list.rows = uses.prefix(Self.usesShown).map { use in
            let new: HTML = use.isNew ? " <span class=\"tag warn\">new</span>" : ""
            let refused: HTML =
                use.refused > 0 ? " <span class=\"muted\">(\(Count.text(use.refused)) refused)</span>" : ""
            return [
                HTML.isolated(RecordRow.short(use.caller)), "<span class=\"code\">\(use.model)</span>\(new)",
                "\(Count.text(use.count))\(refused)",
                "<span class=\"nb\">\(TimeText.ago(use.last, now: frame.now))</span>",
            ]
        }
        let more: HTML =
            uses.count > Self.usesShown ? "\(Self.usesShown) of \(uses.count), the newest first" : ""
        return """
            <section class="card" aria-labelledby="h-uses"><div class="head"><h2 id="h-uses">Who used which model</h2><span class="note">\(more)</span></div>\(list.html)</section>
            """
    }

    private func rowsCard(_ frame: Frame) -> HTML {
        guard let rows else {
            return """
                <section class="card"><div class="head"><h2>Newest requests</h2></div><p class="empty">Your role may not read the record; <code>auditor</code> may.</p></section>
                """
        }
        let columns = RecordRow.columns.map { column -> HTML in "<th scope=\"col\">\(column.name)</th>" }
        let lines = rows.map { row -> HTML in
            let cells = zip(RecordRow.columns, row.cells(now: frame.now)).map { column, cell -> HTML in
                "<td data-c=\"\(column.name)\">\(cell)</td>"
            }
            return "<tr>\(cells)</tr>\n"
        }
        let empty: HTML =
            lines.isEmpty ? "<tr><td colspan=\"6\"><span class=\"empty\">Nobody has called yet.</span></td></tr>" : ""
        return """
            <section class="card" aria-labelledby="h-rows"><div class="head"><h2 id="h-rows">Newest requests</h2><span class="note"><span id="live-say" role="status"></span> <button id="pause" class="plain small" hidden>Pause</button> <a href="\(ConsolePath.audit(query: "", behind: nil))">search the record</a></span></div>
            <table class="rows"><caption class="away">Newest requests</caption><thead><tr>\(columns)</tr></thead><tbody id="live" data-after="\(last)">
            \(lines)\(empty)</tbody></table></section>
            <p class="note">\(source)</p>
            """
    }
}
