/// Who calls whom, whole: every service, and every path in words.
package struct GraphPage: Sendable {
    /// The graph.
    package let graph: ServiceGraph

    /// The paths that are told in words; the worst come first.
    static let pathsShown = 80
    /// The services, and the paths, up to which a drawing tells more than a list.
    static let nodesDrawn = 240
    static let edgesDrawn = 420

    /// A page of a graph.
    package init(_ graph: ServiceGraph) {
        self.graph = graph
    }

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        var list = Listing(
            "Paths",
            [.init("Caller"), .init("Called"), .init("Is"), .init("Requests", isNumber: true), .init("Last")],
            empty: "No policy lets anybody call, and nobody has called."
        )
        list.form = .paths
        list.rows = graph.edges.prefix(Self.pathsShown).map { edge in
            let last = edge.last.map { TimeText.ago($0, now: frame.now) } ?? ""
            let plain: HTML = edge.isPlaintext ? " <span class=\"tag warn\">plaintext</span>" : ""
            let standing: HTML =
                switch edge.standing {
                case .unused: "<span class=\"tag\">not seen</span>"
                case .used: "<span class=\"tag ok\">used</span>"
                case .undeclared: "<span class=\"tag bad\">undeclared</span>"
                }
            return [
                HTML.isolated(name(edge.from)), HTML.isolated(name(edge.to)), "\(standing)\(plain)",
                "\(Count.text(edge.count))",
                "<span class=\"nb\">\(last)</span>",
            ]
        }
        let isDrawn = graph.nodes.count <= Self.nodesDrawn && graph.edges.count <= Self.edgesDrawn
        let merged = isDrawn ? graph : graph.byNamespace()
        let drawn = merged.first(nodes: Self.nodesDrawn, edges: Self.edgesDrawn)
        let isCut = drawn.edges.count < merged.edges.count || drawn.nodes.count < merged.nodes.count
        let cut: HTML = isCut ? ", the first \(drawn.edges.count) paths" : ""
        let left = graph.edges.count - Self.pathsShown
        let more: HTML =
            left > 0
            ? "<p class=\"note\">\(left) further paths are not listed here; the worst come first.</p>"
            : ""
        let metrics = GraphLayout.Metrics(nodeWidth: 150, nodeHeight: 34, gap: 8, between: 70, perLayer: 28)
        let view = GraphView(graph: drawn, metrics: metrics, hasLinks: false)
        let how: HTML = isDrawn ? "" : ", drawn by namespace"
        return frame.page(
            "Who calls whom",
            tab: .overview,
            """
            <h1>Who calls whom</h1>
            <section class="card"><div class="head"><h2>Drawing</h2><span class="note">\(graph.nodes.count) services, \(graph.edges.count) paths\(how)\(cut)</span></div>
            \(view.html)\(GraphDrawing.key)</section>
            <section class="card"><div class="head"><h2>Paths</h2></div>\(list.html)\(more)</section>
            """
        )
    }

    private func name(_ id: String) -> String {
        guard let node = graph.node(id) else { return id }
        return id.hasPrefix("spiffe://") && node.kind == .workload ? RecordRow.short(id) : node.name
    }
}
