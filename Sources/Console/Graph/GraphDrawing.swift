/// A graph as SVG; how it is coloured is the style sheet's matter, and what it says stands in words beside it.
struct GraphDrawing {
    let graph: ServiceGraph
    let layout: GraphLayout
    let direction: GraphLayout.Direction
    /// Whether nodes lead to what the record has of them.
    let hasLinks: Bool

    init(
        _ graph: ServiceGraph,
        direction: GraphLayout.Direction = .right,
        metrics: GraphLayout.Metrics = .init(),
        hasLinks: Bool = true
    ) {
        self.graph = graph
        self.hasLinks = hasLinks
        self.direction = direction
        self.layout = GraphLayout(graph, direction: direction, metrics: metrics)
    }

    /// The drawing.
    var html: HTML {
        let nodes = graph.nodes.compactMap { node in layout.boxes[node.id].map { box in draw(node, box) } }
        return """
            <svg width="\(layout.width)" height="\(layout.height)" viewBox="0 0 \(layout.width) \(layout.height)" role="img" aria-label="Who calls whom; the paths stand in words as well">
            \(ways)\(nodes)</svg>
            """
    }

    /// The ways, those of a kind together, the worst on top.
    private var ways: [HTML] {
        var lines: [[String]: String] = [:]
        var tips: [String: String] = [:]
        for (edge, points) in zip(graph.edges, layout.ways) where points.count > 1 {
            let (line, tip) = way(points)
            lines[[edge.standing.rawValue, edge.isPlaintext ? " plain" : ""], default: ""] += line
            tips[edge.standing.rawValue, default: ""] += tip
        }
        return ServiceGraph.Standing.allCases.map(\.rawValue).flatMap { standing -> [HTML] in
            ["", " plain"].compactMap { dashes -> HTML? in
                lines[[standing, dashes]].map { line in "<path class=\"path \(standing)\(dashes)\" d=\"\(line)\"/>\n" }
            } + (tips[standing].map { tip in ["<path class=\"tip \(standing)\" d=\"\(tip)\"/>\n"] } ?? [])
        }
    }

    /// A line and its arrow.
    private func way(_ way: [GraphLayout.Point]) -> (line: String, tip: String) {
        var points = way
        let isRight = direction == .right
        let (first, last) = (way[0], way[way.count - 1])
        // The last point is the arrow's tip, which the line does not cover.
        let isBack = isRight ? last.x <= first.x : last.y <= first.y
        let length = isBack ? -7 : 7
        if isRight { points[points.count - 1].x -= length } else { points[points.count - 1].y -= length }
        var line = "M\(first.x) \(first.y)"
        for (one, next) in zip(points, points.dropFirst()) {
            if isRight, abs(one.x - next.x) <= 7 {
                let far = max(one.x, next.x) + GraphLayout.bow
                line += "C\(far) \(one.y) \(far) \(next.y) \(next.x) \(next.y)"
            } else if !isRight, abs(one.y - next.y) <= 7 {
                let far = max(one.y, next.y) + GraphLayout.bow
                line += "C\(one.x) \(far) \(next.x) \(far) \(next.x) \(next.y)"
            } else if isRight {
                let middle = (one.x + next.x) / 2
                line += "C\(middle) \(one.y) \(middle) \(next.y) \(next.x) \(next.y)"
            } else {
                let middle = (one.y + next.y) / 2
                line += "C\(one.x) \(middle) \(next.x) \(middle) \(next.x) \(next.y)"
            }
        }
        let (x, y) = (last.x, last.y)
        let tip =
            isRight
            ? "M\(x) \(y)L\(x - length) \(y - 4)V\(y + 4)z" : "M\(x) \(y)L\(x - 4) \(y - length)H\(x + 4)z"
        return (line, tip)
    }

    private func draw(_ node: ServiceGraph.Node, _ box: GraphLayout.Box) -> HTML {
        let isRed = graph.edges.contains { $0.standing == .undeclared && $0.from == node.id }
        let kind =
            switch node.kind {
            case .workload: ""
            case .group: " group"
            case .outside: " out"
            }
        let red = isRed ? " red" : ""
        let width = (box.width - 20) / 7
        let (x, y) = (box.x + 10, box.y + box.height / 2)
        let words: HTML =
            node.detail.isEmpty
            ? "<text x=\"\(x)\" y=\"\(y + 4)\">\(Self.short(node.name, width))</text>"
            : """
            <text x="\(x)" y="\(y - 2)">\(Self.short(node.name, width))</text><text class="sub" x="\(x)" y="\(y + 12)">\(Self.short(node.detail, width + 3))</text>
            """
        let shape: HTML = """
            <rect class="node\(kind)\(red)" x="\(box.x)" y="\(box.y)" width="\(box.width)" height="\(box.height)" rx="7"/>\(words)
            """
        guard hasLinks, node.id.hasPrefix("spiffe://"), !node.id.contains("*") else { return "\(shape)\n" }
        let place = ConsolePath.audit(query: "caller=" + node.id, behind: nil)
        return "<a href=\"\(place)\">\(shape)</a>\n"
    }

    /// A text of so many characters at most, the middle left out.
    static func short(_ text: String, _ length: Int) -> String {
        guard text.count > length, length > 4 else { return text }
        let half = (length - 1) / 2
        return text.prefix(length - 1 - half) + "…" + text.suffix(half)
    }

    /// What the colours mean.
    static let key: HTML = """
        <ul class="key">
        <li><svg viewBox="0 0 26 8" aria-hidden="true"><path class="path used" d="M0 4H26"/></svg>declared and used</li>
        <li><svg viewBox="0 0 26 8" aria-hidden="true"><path class="path unused" d="M0 4H26"/></svg>declared, not seen</li>
        <li><svg viewBox="0 0 26 8" aria-hidden="true"><path class="path undeclared" d="M0 4H26"/></svg>undeclared, refused</li>
        <li><svg viewBox="0 0 26 8" aria-hidden="true"><path class="path used plain" d="M0 4H26"/></svg>dashed: plaintext</li>
        </ul>
        """
}
