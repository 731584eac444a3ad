/// A graph as a page shows it: whole where there is room, and upright on a phone, where of a large one only the paths that
/// matter most can be told.
struct GraphView {
    let graph: ServiceGraph
    /// How it is laid out where there is room.
    var metrics = GraphLayout.Metrics()
    /// Whether nodes lead to what the record has of them.
    var hasLinks = true

    /// The nodes that fit the width of a phone, one or two beside each other.
    static let nodesOnPhone = 8
    /// The paths that a drawing of that size can tell apart.
    static let pathsOnPhone = 12
    /// How they are laid out there.
    static let metricsOnPhone = GraphLayout.Metrics(nodeWidth: 150, gap: 12, between: 44, perLayer: 2)

    /// Whether all of it fits a phone.
    var isSmall: Bool { graph.nodes.count <= Self.nodesOnPhone }

    /// Both drawings, of which the style sheet shows one.
    var html: HTML {
        let wide = GraphDrawing(graph, metrics: metrics, hasLinks: hasLinks).html
        let told = isSmall ? graph : graph.first(nodes: Self.nodesOnPhone, edges: Self.pathsOnPhone)
        let upright = GraphDrawing(told, direction: .down, metrics: Self.metricsOnPhone, hasLinks: hasLinks).html
        guard !isSmall else {
            return """
                <div class="draw fit wide-only">\(wide)</div><div class="draw fit narrow">\(upright)</div>
                """
        }
        return """
            <div class="draw wide-only" tabindex="0" role="region" aria-label="The drawing, which can be moved">\(wide)</div>
            <div class="draw fit narrow">\(upright)</div>
            <p class="note narrow">The \(told.edges.count) paths that matter most, of \(graph.edges.count); a wider window has them all.</p>
            """
    }
}
